"""The rules once more on what was measured, as a user types it."""

from __future__ import annotations

import json
import sqlite3
import subprocess
from collections.abc import Callable
from pathlib import Path

from jsonschema import Draft202012Validator

Run = Callable[..., subprocess.CompletedProcess[str]]
SCHEMA = Path(__file__).parents[2] / "src/headstart/decide/decision.schema.json"
CHANGED = "The required level was changed after the hold-out had been opened"


def stages(pilot: Path) -> list[str]:
    with sqlite3.connect(pilot / "headstart.db") as connection:
        return [name for (name,) in connection.execute("SELECT stage FROM stage_run ORDER BY id")]


def openings(pilot: Path) -> int:
    with sqlite3.connect(pilot / "headstart.db") as connection:
        (count,) = connection.execute("SELECT count(*) FROM opening").fetchone()
    return int(count)


def edit(pilot: Path, key: str, value: str) -> None:
    """The brief with another value of a key, as a line of its own."""
    brief = pilot / "headstart.toml"
    lines = [
        f"{key} = {value}" if line.lstrip("# ").startswith(f"{key} =") else line
        for line in brief.read_text(encoding="utf-8").splitlines()
    ]
    assert f"{key} = {value}" in lines
    brief.write_text("\n".join(lines) + "\n", encoding="utf-8")


def test_the_rules_are_applied_again(
    headstart: Run, tickets: Path, words: str, tmp_path: Path
) -> None:
    pilot = tmp_path / "pilot"
    early = headstart("decide", "pilot")
    assert (early.returncode, "there is no pilot here" in early.stderr) == (2, True)
    said = ("--backbone", words, "--level", "0.5")
    assert headstart("init", "pilot", tickets, *said).returncode == 0
    assert "this pilot has not run yet" in headstart("decide", "pilot").stderr
    first = headstart("run", "pilot", "--json")
    assert first.returncode == 0, first.stderr
    done, memo = stages(pilot), (pilot / "memo.html").read_bytes()

    # Nothing was changed: the same decision, and no row more.
    same = headstart("decide", "pilot", "--json")
    assert (same.returncode, same.stdout) == (0, first.stdout), same.stderr
    assert first.stderr.endswith(same.stderr)
    assert (stages(pilot), (pilot / "memo.html").read_bytes()) == (done, memo)

    # Fields that only the rules read: a new decision on the same evidence, nothing opened.
    edit(pilot, "failure_cost", '"high"')
    edit(pilot, "level", "0.99")
    again = headstart("decide", "pilot", "--json")
    assert again.returncode == 0, again.stderr
    before, after = json.loads(first.stdout), json.loads(again.stdout)
    Draft202012Validator(json.loads(SCHEMA.read_text())).validate(after)
    assert before["ship"] == "yes"
    assert after["rule"]["name"] in ("level-missed", "level-not-certain")
    assert any(CHANGED in risk for risk in after["risks"])
    assert not any(CHANGED in risk for risk in before["risks"])
    assert after["holdout"] == before["holdout"]
    assert after["chosen"] == before["chosen"]
    assert after["metric"]["required_level"] == 0.99
    assert sorted(set(stages(pilot)[len(done) :])) == ["brief", "decide", "finished"]
    assert openings(pilot) == 1
    assert "99.0%" in (pilot / "memo.html").read_text(encoding="utf-8")
    card = (pilot / "bundle" / "README.md").read_text(encoding="utf-8")
    assert f"ship: {after['ship']}" in card
    assert headstart("predict", "pilot/bundle", tickets, "--out", "o.csv").returncode == 0

    # The memo is that of the newest decision; taken back, the first one is the newest.
    memo = (pilot / "memo.html").read_bytes()
    assert headstart("memo", "pilot").returncode == 0
    assert (pilot / "memo.html").read_bytes() == memo
    edit(pilot, "failure_cost", '"medium"')
    edit(pilot, "level", "0.5")
    back = json.loads(headstart("decide", "pilot", "--json").stdout)
    measured = {"ledger", "timings"}  # row ids, and seconds of rules that were applied again
    assert {k: v for k, v in back.items() if k not in measured} == {
        k: v for k, v in before.items() if k not in measured
    }
    assert "ship yes" in headstart("status", "pilot").stdout

    # A run with another level opens nothing again, and says so too.
    edit(pilot, "level", "0.99")
    run = headstart("run", "pilot", "--json")
    assert run.returncode == 0, run.stderr
    assert openings(pilot) == 1
    assert any(CHANGED in risk for risk in json.loads(run.stdout)["risks"])

    # What the evidence depends on must be measured.
    edit(pilot, "margin", "0.02")
    refused = headstart("decide", "pilot")
    assert refused.returncode == 2
    assert "the evidence depends on (requirement.margin)" in refused.stderr
    assert "headstart run" in refused.stderr
    edit(pilot, "margin", '"much"')
    assert "margin" in headstart("decide", "pilot").stderr
