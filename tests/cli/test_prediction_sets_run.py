"""Prediction sets from the command line to the sets of new rows."""

from __future__ import annotations

import csv
import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

Run = Callable[..., subprocess.CompletedProcess[str]]


def test_sets_are_asked_for_measured_and_given(
    headstart: Run, tickets: Path, words: str, tmp_path: Path
) -> None:
    done = headstart(
        "run", tickets, "--backbone", words, "--sets", "0.8", "--out", "pilot", "--json"
    )
    assert done.returncode == 0, done.stderr
    pilot = tmp_path / "pilot"
    assert "sets = 0.8" in (pilot / "headstart.toml").read_text().splitlines()
    document = json.loads(done.stdout)["holdout"]
    found = document["prediction_sets"]
    assert found["level"] == 0.8
    assert found["coverage"]["n"] == document["n"]
    assert found["coverage"]["low"] < found["coverage"]["value"] <= 1.0
    rule = json.loads((pilot / "bundle" / "manifest.json").read_text())["sets"]
    assert rule == {"threshold": found["threshold"], "level": 0.8}
    said = re.sub(r"<[^>]+>", "", (pilot / "memo.html").read_text())
    assert "Which labels may it be?" in said
    assert "should hold the true one for 80% of the cases" in said

    with (pilot / "artifacts" / "holdout.csv").open(newline="") as stream:
        rows = [row for row in csv.DictReader(stream) if row["decides"] == "true"]
    held = [
        float(row[f"probability of {row['label']}"]) >= rule["threshold"] - 1e-6 for row in rows
    ]
    assert abs(sum(held) / len(rows) - found["coverage"]["value"]) < 1e-9

    out = tmp_path / "scored.csv"
    scored = headstart("predict", pilot / "bundle", tickets, "--out", out)
    assert scored.returncode == 0, scored.stderr
    with out.open(newline="") as stream:
        sets = [json.loads(row["prediction_set"]) for row in csv.DictReader(stream)]
    assert {label for one in sets for label in one} == set(
        json.loads((pilot / "bundle" / "manifest.json").read_text())["labels"]
    )

    again = headstart("run", pilot)
    assert again.returncode == 0, again.stderr


def test_sets_and_several_labels_a_row_do_not_go_together(headstart: Run, tickets: Path) -> None:
    done = headstart("run", tickets, "--sets", "0.9", "--separator", ";")
    assert done.returncode == 2
    assert "sets are for rows with one label each; leave out one of them" in done.stderr
    wrong = headstart("run", tickets, "--sets", "90")
    assert wrong.returncode == 2
    assert "sets" in wrong.stderr
