"""`headstart run` as a user meets it."""

from __future__ import annotations

import csv
import json
import sqlite3
import subprocess
from collections.abc import Callable
from pathlib import Path

from jsonschema import Draft202012Validator

Run = Callable[..., subprocess.CompletedProcess[str]]
SCHEMA = Path(__file__).parents[2] / "src/headstart/decide/decision.schema.json"


def test_from_a_table_to_a_decision(
    headstart: Run, tickets: Path, tmp_path: Path, leaders_words: Callable[[str], int]
) -> None:
    done = headstart("run", tickets, "--out", "pilot", "--minutes", "1", "--json")
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    Draft202012Validator(json.loads(SCHEMA.read_text())).validate(document)
    pilot = tmp_path / "pilot"
    assert document == json.loads((pilot / "decision.json").read_text())
    for name in ("memo.html", "memo.md", "headstart.db", "headstart.toml", "bundle/manifest.json"):
        assert (pilot / name).is_file(), name
    assert "memo.html" in done.stderr
    # Read aloud in two minutes, at 150 words a minute.
    assert leaders_words((pilot / "memo.html").read_text(encoding="utf-8")) <= 300
    assert not (pilot / ".staging").exists()

    # The memo renders again to the same bytes, from the ledger alone.
    before = (pilot / "memo.html").read_bytes()
    (pilot / "memo.html").unlink()
    assert headstart("memo", pilot).returncode == 0
    assert (pilot / "memo.html").read_bytes() == before

    # Running again computes nothing and says the same.
    stages = _stages(pilot)
    again = headstart("run", pilot, "--json")
    assert again.returncode == 0, again.stderr
    assert json.loads(again.stdout) == document
    assert _stages(pilot) == stages

    shown = headstart("status", pilot)
    assert f"approach {document['approach']}" in shown.stdout

    scored = headstart("predict", pilot / "bundle", tickets, "--out", "scored.csv")
    assert scored.returncode == 0, scored.stderr
    with (tmp_path / "scored.csv").open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert len(rows) == 240
    assert {"message", "topic"} <= set(rows[0])

    # Every number of decision.json that has a ledger id stands in that row of the database.
    connection = sqlite3.connect(pilot / "headstart.db")
    ids = {row[0] for row in connection.execute("SELECT id FROM ledger")}
    connection.close()
    assert document["ledger"]
    named = document["ledger"].values()
    assert {one for some in named for one in (some if isinstance(some, list) else [some])} <= ids


def test_another_seed_is_another_pilot(headstart: Run, tickets: Path) -> None:
    assert headstart("init", "pilot", tickets, "--seed", "1").returncode == 0
    done = headstart("run", tickets, "--out", "pilot", "--seed", "2")
    assert done.returncode == 2
    assert "seed" in done.stderr
    assert "--out" in done.stderr


def test_the_brief_can_be_edited_in_between(headstart: Run, tickets: Path, tmp_path: Path) -> None:
    assert headstart("init", "pilot", tickets).returncode == 0
    brief = tmp_path / "pilot" / "headstart.toml"
    brief.write_text(brief.read_text() + "\nfoldz = 3\n")
    done = headstart("run", "pilot")
    assert done.returncode == 2
    assert "foldz" in done.stderr
    assert "folds" in done.stderr
    assert not (tmp_path / "pilot" / "headstart.db").exists()


def test_missing_file(headstart: Run, tmp_path: Path) -> None:
    done = headstart("run", "nowhere.csv")
    assert done.returncode == 2
    assert "nowhere.csv" in done.stderr
    assert "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_unknown_column_suggests_the_near_one(headstart: Run, tickets: Path) -> None:
    done = headstart("run", tickets, "--label", "topik", "--out", "pilot")
    assert done.returncode == 2
    assert "topik" in done.stderr
    assert "topic" in done.stderr


def test_unknown_backbone(headstart: Run, tickets: Path) -> None:
    done = headstart("run", tickets, "--backbone", "pkg:all-MiniLM-L6", "--out", "pilot")
    assert done.returncode == 2
    assert "all-MiniLM-L6-v2" in done.stderr


def test_a_hub_reference_without_network(headstart: Run, tickets: Path) -> None:
    done = headstart("run", tickets, "--backbone", "hf:nobody/nothing", "--out", "pilot")
    assert done.returncode == 2
    assert "nobody/nothing" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_pilot_of_a_newer_version(headstart: Run, tickets: Path, tmp_path: Path) -> None:
    assert headstart("init", "pilot", tickets).returncode == 0
    connection = sqlite3.connect(tmp_path / "pilot" / "headstart.db")
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    done = headstart("run", "pilot")
    assert done.returncode == 2
    assert "newer Headstart" in done.stderr


def test_catalogue_and_doctor(headstart: Run) -> None:
    assert "all-MiniLM-L6-v2" in headstart("catalogue").stdout
    shown = headstart("catalogue", "show", "pkg:all-MiniLM-L6-v2")
    assert "Apache-2.0" in shown.stdout
    assert headstart("catalogue", "show", "pkg:nothing").returncode == 2
    report = headstart("doctor")
    assert report.returncode == 0
    assert "onnxruntime" in report.stdout


def _stages(pilot: Path) -> int:
    connection = sqlite3.connect(pilot / "headstart.db")
    (count,) = connection.execute("SELECT count(*) FROM stage_run").fetchone()
    connection.close()
    return int(count)
