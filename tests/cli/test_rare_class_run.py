"""Rows of which most are of one class: answers follow macro-F1, in the memo as in the bundle."""

from __future__ import annotations

import csv
import json
import random
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from sklearn.metrics import f1_score

Run = Callable[..., subprocess.CompletedProcess[str]]
Read = Callable[[Path], list[dict[str, str]]]
SCHEMA = Path(__file__).parents[2] / "src/headstart/decide/decision.schema.json"
ELSE = ["account", "arrive", "easter", "fee", "find", "friday", "monday", "night", "noon", "since"]


def table(path: Path, n: int, seed: int, lost: float, fraud: float = 0.4) -> Path:
    """Messages of two topics; so many say 'lost', of which so many are fraud, and few others."""
    rng = random.Random(seed)
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(("message", "topic"))
        for _ in range(n):
            unclear = rng.random() < lost
            topic = "fraud" if rng.random() < (fraud if unclear else 0.01) else "other"
            words = [*rng.sample(ELSE, 5), *(["lost", "cash"] if unclear else ["card"])]
            rng.shuffle(words)
            writer.writerow((" ".join(words), topic))
    return path


def test_a_rare_class_is_answered_from_a_lower_probability_on(
    headstart: Run, words: str, tmp_path: Path, read: Read
) -> None:
    data = table(tmp_path / "t.csv", 400, 1, 0.25)
    held = table(tmp_path / "h.csv", 400, 2, 0.25)
    done = headstart(
        "run", data, "--holdout", held, "--backbone", words, "--out", "pilot", "--json"
    )
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    Draft202012Validator(json.loads(SCHEMA.read_text())).validate(document)
    assert document["metric"]["name"] == "macro_f1"
    weights = document["metric"]["miss_weights"]
    assert weights["other"] == 1.0
    assert weights["fraud"] > 1.5

    pilot = tmp_path / "pilot"
    manifest = json.loads((pilot / "bundle" / "manifest.json").read_text())
    assert manifest["labels"] == ["fraud", "other"]
    assert manifest["costs"] == [[0.0, weights["fraud"]], [1.0, 0.0]]

    every = read(pilot / "artifacts" / "holdout.csv")
    opened = [row for row in every if row["decides"] == "true"]
    threshold = 1.0 / (1.0 + weights["fraud"])
    for row in opened:
        likely = float(row["probability of fraud"])
        if abs(likely - threshold) > 1e-5:
            assert row["predicted"] == ("fraud" if likely > threshold else "other")
    true = [row["label"] for row in opened]
    most = ["fraud" if float(row["probability of fraud"]) > 0.5 else "other" for row in opened]
    given = [row["predicted"] for row in opened]
    found = document["holdout"]["metrics"]
    assert found["macro_f1"]["value"] == pytest.approx(f1_score(true, given, average="macro"))
    assert found["macro_f1"]["value"] > f1_score(true, most, average="macro") + 0.05
    hits = sum(a == b for a, b in zip(true, given, strict=True))
    assert found["accuracy"]["value"] == pytest.approx(hits / len(true))

    out = tmp_path / "scored.csv"
    scored = headstart("predict", pilot / "bundle", held, "--out", out)
    assert scored.returncode == 0, scored.stderr
    assert [row["predicted_label"] for row in read(out)] == [row["predicted"] for row in every]

    memo = re.sub(r"<[^>]+>", "", (pilot / "memo.html").read_text())
    assert f"Answers follow macro-F1: to miss ‘fraud’ counts {weights['fraud']:g} times" in memo


def test_accuracy_answers_with_the_most_probable_label(
    headstart: Run, words: str, tmp_path: Path
) -> None:
    data = table(tmp_path / "t.csv", 300, 1, 0.8, 0.6)
    done = headstart("run", data, "--backbone", words, "--out", "pilot", "--json")
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert document["metric"]["name"] == "accuracy"
    assert document["metric"]["miss_weights"] == {}
    manifest = json.loads((tmp_path / "pilot" / "bundle" / "manifest.json").read_text())
    assert manifest["costs"] == []
    assert "Answers follow" not in (tmp_path / "pilot" / "memo.md").read_text()
