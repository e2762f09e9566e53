"""Rows that are none of the classes: from the brief to the flag of a new row."""

from __future__ import annotations

import csv
import json
import random
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

Run = Callable[..., subprocess.CompletedProcess[str]]
TOPICS = {"card": ("card", "visa"), "cash": ("cash", "notes"), "fee": ("fee", "charge")}
OTHER = "account arrive debit easter find friday has lost monday night noon since summer"
ELSE = OTHER.split()


def table(path: Path, n: int, seed: int, strange: int) -> Path:
    """n rows of three topics, and some that name none of them."""
    rng = random.Random(seed)
    rows = []
    for _ in range(n):
        topic = rng.choice(sorted(TOPICS))
        rows.append((rng.sample(ELSE, 4) + [rng.choice(TOPICS[topic]) for _ in "ab"], topic))
    rows += [(rng.sample(ELSE, 6), "oos") for _ in range(strange)]
    rng.shuffle(rows)
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(("message", "topic"))
        for words, label in rows:
            rng.shuffle(words)
            writer.writerow((" ".join(words), label))
    return path


def test_rows_out_of_scope_train_nothing_and_are_flagged(
    headstart: Run, words: str, tmp_path: Path
) -> None:
    data = table(tmp_path / "t.csv", 180, 1, strange=30)
    held = table(tmp_path / "h.csv", 120, 2, strange=60)
    done = headstart(
        "run", data, "--holdout", held, "--backbone", words, "--out-of-scope", "oos",
        "--out", "pilot", "--json",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    pilot = tmp_path / "pilot"
    document = json.loads(done.stdout)
    assert document["data"]["classes"] == 3
    assert document["holdout"]["n_all"] == 120

    manifest = json.loads((pilot / "bundle" / "manifest.json").read_text())
    assert manifest["labels"] == ["card", "cash", "fee"]
    assert manifest["outside"]["false_alarms"] == 0.05
    said = re.sub(r"<[^>]+>", "", (pilot / "memo.html").read_text())
    assert "Does it know what it does not know?" in said
    assert "hold-out rows labelled oos" in said

    out = tmp_path / "scored.csv"
    scored = headstart("predict", pilot / "bundle", held, "--out", out)
    assert scored.returncode == 0, scored.stderr
    with out.open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert {row["in_scope"] for row in rows} == {"true", "false"}
    assert all(row["review"] == "true" for row in rows if row["in_scope"] == "false")
    flagged = [row["topic"] == "oos" for row in rows if row["in_scope"] == "false"]
    strange = [row["in_scope"] == "false" for row in rows if row["topic"] == "oos"]
    assert sum(flagged) > 0.6 * len(flagged)
    assert sum(strange) > 0.5 * len(strange)
    recall = re.search(r"Of the \d+ hold-out rows labelled oos, ([\d.]+)%", said)
    assert recall is not None
    assert abs(float(recall[1]) / 100 - sum(strange) / len(strange)) < 0.01


def test_a_label_that_no_row_has_is_an_error(headstart: Run, words: str, tmp_path: Path) -> None:
    data = table(tmp_path / "t.csv", 60, 1, strange=5)
    done = headstart("run", data, "--backbone", words, "--out-of-scope", "none")
    assert done.returncode == 2
    assert "'none'" in done.stderr
    assert not list(tmp_path.glob("*-pilot"))
