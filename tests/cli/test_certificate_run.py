"""From max_error in the brief to the rows that a person should look at."""

from __future__ import annotations

import csv
import json
import random
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

Run = Callable[..., subprocess.CompletedProcess[str]]
SCHEMA = Path(__file__).parents[2] / "src/headstart/decide/decision.schema.json"
TOPICS = {"card": ("card", "visa", "plastic"), "cash": ("cash", "notes", "coins", "atm")}
OTHER = """
account arrive debit easter fee find friday has lost monday night noon since summer
"""
ELSE = OTHER.split()


def table(path: Path, n: int, seed: int) -> Path:
    """n rows of two topics, of which one in fifty has the other's label."""
    rng = random.Random(seed)
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(("message", "topic"))
        for _ in range(n):
            topic = rng.choice(sorted(TOPICS))
            words = [*rng.sample(ELSE, 5), rng.choice(TOPICS[topic]), rng.choice(TOPICS[topic])]
            rng.shuffle(words)
            said = topic if rng.random() > 0.02 else {"card": "cash", "cash": "card"}[topic]
            writer.writerow((" ".join(words), said))
    return path


def limited(pilot: Path, line: str) -> None:
    """The brief with a line in place of that of max_error."""
    brief = (pilot / "headstart.toml").read_text()
    lines = [line if "max_error =" in old else old for old in brief.splitlines()]
    assert line in lines
    (pilot / "headstart.toml").write_text("\n".join(lines) + "\n")


def test_a_limit_is_certified_or_refused(headstart: Run, words: str, tmp_path: Path) -> None:
    data, held = table(tmp_path / "t.csv", 160, 1), table(tmp_path / "h.csv", 150, 2)
    done = headstart("init", "pilot", data, "--holdout", held, "--backbone", words)
    assert done.returncode == 0, done.stderr
    pilot = tmp_path / "pilot"

    limited(pilot, "max_error = 0.12")
    document, rule = decided(headstart, pilot)
    found = document["holdout"]["certificate"]
    assert found["limit"] == rule["max_error"] == 0.12
    assert found["upper"] <= 0.12
    assert rule["below"] == found["threshold"]
    assert (document["ship"], document["rule"]["name"]) == ("yes", "certified")
    assert any("may answer alone" in reason for reason in document["reasons"])
    assert {row["review"] for row in labelled(headstart, pilot, held, rule["below"])} <= {
        "true",
        "false",
    }

    # The same model, a stricter limit: the hold-out is opened again, the bundle has a new rule.
    limited(pilot, "max_error = 0.005")
    document, rule = decided(headstart, pilot)
    assert "cannot be certified" in document["holdout"]["certificate"]["unavailable"]
    assert document["holdout"]["openings"] == 2
    accuracy = document["holdout"]["metrics"]["accuracy"]
    assert accuracy["confidence"] == 0.975
    assert accuracy["method"].endswith("α divided by the 2 openings of the hold-out")
    memo = (pilot / "memo.html").read_bytes()
    assert b"to hold for all looks at once" in memo
    assert rule == {"below": None, "max_error": 0.005, "confidence": 0.95}
    assert (document["ship"], document["rule"]["name"]) == ("with-review", "limit-not-certified")
    assert {row["review"] for row in labelled(headstart, pilot, held, 2.0)} == {"true"}

    # The same decision again is no further look, and the memo is the same to the byte.
    document, _ = decided(headstart, pilot)
    assert document["holdout"]["openings"] == 2
    assert (pilot / "memo.html").read_bytes() == memo
    (pilot / "memo.html").unlink()
    assert headstart("memo", "pilot").returncode == 0
    assert (pilot / "memo.html").read_bytes() == memo


def decided(headstart: Run, pilot: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """decision.json, and the rule in the bundle's manifest."""
    done = headstart("run", "pilot", "--json")
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    Draft202012Validator(json.loads(SCHEMA.read_text())).validate(document)
    assert "May it answer alone?" in (pilot / "memo.html").read_text()
    return document, json.loads((pilot / "bundle" / "manifest.json").read_text())["review"]


def labelled(headstart: Run, pilot: Path, held: Path, below: float) -> list[dict[str, str]]:
    """The rows that the bundle labelled; each says for itself whether a person should look."""
    out = pilot.parent / "scored.csv"
    scored = headstart("predict", pilot / "bundle", held, "--out", out)
    assert scored.returncode == 0, scored.stderr
    assert "for review by a person" in scored.stdout + scored.stderr
    with out.open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    for row in rows:
        if abs(float(row["probability"]) - below) > 1e-5:
            assert row["review"] == str(float(row["probability"]) < below).lower()
    return rows
