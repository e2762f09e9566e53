"""Rows labelled so many of each class, and a brief that says how common the classes are."""

from __future__ import annotations

import csv
import json
import random
import re
import subprocess
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

Run = Callable[..., subprocess.CompletedProcess[str]]
Read = Callable[[Path], list[dict[str, str]]]
SCHEMA = Path(__file__).parents[2] / "src/headstart/decide/decision.schema.json"
ELSE = ["account", "arrive", "easter", "fee", "find", "friday", "monday", "night", "noon", "since"]
OWN = {"fraud": "lost", "other": "cash"}


def table(path: Path, fraud: int, other: int, seed: int) -> Path:
    """Messages of two topics, of which four in ten say the word of the other one."""
    rng = random.Random(seed)
    topics = ["fraud"] * fraud + ["other"] * other
    rng.shuffle(topics)
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(("message", "topic"))
        for topic in topics:
            said = topic if rng.random() < 0.6 else ("other" if topic == "fraud" else "fraud")
            words = [*rng.sample(ELSE, 5), OWN[said], OWN[said]]
            rng.shuffle(words)
            writer.writerow((" ".join(words), topic))
    return path


def test_probabilities_scores_and_holdout_are_those_of_use(
    headstart: Run, words: str, tmp_path: Path, read: Read
) -> None:
    data = table(tmp_path / "t.csv", 200, 200, 1)
    use = table(tmp_path / "new.csv", 100, 400, 2)  # as cases come
    documents, answers = {}, {}
    for name, more in (("plain", ()), ("shares", ("--prevalence", "fraud=0.2", "other=0.8"))):
        done = headstart("run", data, "--backbone", words, "--out", name, "--json", *more)
        assert done.returncode == 0, done.stderr
        documents[name] = json.loads(done.stdout)
        Draft202012Validator(json.loads(SCHEMA.read_text())).validate(documents[name])
        out = tmp_path / f"{name}.csv"
        scored = headstart("predict", tmp_path / name / "bundle", use, "--out", out)
        assert scored.returncode == 0, scored.stderr
        answers[name] = read(out)

    def right(name: str) -> float:
        hits = [row["predicted_label"] == row["topic"] for row in answers[name]]
        return sum(hits) / len(hits)

    # With an even mix 'lost' is answered as fraud; where one case in five is fraud, it is not.
    assert right("shares") > right("plain") + 0.05
    assert documents["shares"]["metric"]["name"] == "macro_f1"  # 80% of the cases are one class
    held = read(tmp_path / "shares" / "artifacts" / "holdout.csv")
    counted = Counter(row["label"] for row in held)
    assert counted["fraud"] / len(held) == pytest.approx(0.2, abs=0.01)
    plain = read(tmp_path / "plain" / "artifacts" / "holdout.csv")
    assert Counter(row["label"] for row in plain) == {"fraud": 40, "other": 40}

    memos = {
        name: re.sub(r"<[^>]+>", "", (tmp_path / name / "memo.html").read_text())
        for name in documents
    }
    assert "Every class has 200 rows, as if drawn by class" in memos["plain"]
    assert "Say how common each class is in use ([prevalence] in headstart.toml)." in memos["plain"]
    assert "as if drawn by class" not in memos["shares"]
    assert "cases come as the brief says: ‘other’ 80%, ‘fraud’ 20%." in memos["shares"]


def test_without_a_holdout_the_tables_are_of_rows_drawn_as_cases_come(
    headstart: Run, words: str, tmp_path: Path
) -> None:
    data = table(tmp_path / "t.csv", 50, 50, 1)
    done = headstart(
        "run", data, "--backbone", words, "--out", "p", "--json", "--metric", "accuracy",
        "--prevalence", "fraud=0.2", "other=0.8",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert document["holdout"]["basis"] == "cross-validation"
    assert document["holdout"]["majority"]["accuracy"]["value"] == pytest.approx(0.8, abs=0.02)


def test_shares_that_do_not_fit_are_refused_before_any_work(
    headstart: Run, words: str, tmp_path: Path
) -> None:
    data = table(tmp_path / "t.csv", 50, 50, 1)
    for said, why in (
        (("fraud=0.2", "other"), "'other' is not a label and its share; write LABEL=SHARE"),
        (("fraud=0.2", "other=x"), "'other=x' is not a label and its share"),
        (("fraud=0.2", "other=0.7"), "[prevalence] the shares add up to 0.9"),
        (("fraud=0.2", "other=-0.1", "b=0.9"), "[prevalence] other is -0.1"),
        (("fraud=0.2", "others=0.8"), "the shares lack 'other'; a share is named for 'others'"),
    ):
        done = headstart("run", data, "--backbone", words, "--out", "p", "--prevalence", *said)
        assert done.returncode == 2, done.stderr
        assert why in done.stderr
    several = headstart(
        "run", data, "--out", "q", "--separator", ";", "--prevalence", "fraud=0.2", "other=0.8"
    )
    assert several.returncode == 2
    assert "shares of labels are for rows with one label each" in several.stderr
