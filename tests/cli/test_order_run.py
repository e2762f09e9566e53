"""Labels with an order and a column of today's answers, as a user runs them."""

from __future__ import annotations

import csv
import json
import random
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

from jsonschema import Draft202012Validator

from headstart.bundles import load

Run = Callable[..., subprocess.CompletedProcess[str]]
SCHEMA = Path(__file__).parents[2] / "src/headstart/decide/decision.schema.json"
OTHER = "account arrive debit easter fee find friday has monday night noon since"
ELSE = OTHER.split()
ORDER = ("low", "medium", "high")
SURE = {"low": "cash", "medium": "card", "high": "atm"}


def table(path: Path, n: int, seed: int, agent: float) -> Path:
    """Messages of three levels; 'lost' alone is low or high, seldom medium, so that the median of
    its labels is the one that is least probable. agent: how often today's process is right."""
    rng = random.Random(seed)
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(("message", "severity", "agent"))
        for _ in range(n):
            unclear = rng.random() < 0.5
            label = rng.choices(ORDER, (0.4, 0.2, 0.4))[0] if unclear else rng.choice(ORDER)
            own = "lost" if unclear else SURE[label]
            words = [*rng.sample(ELSE, 4), own, own]
            rng.shuffle(words)
            said = label if rng.random() < agent else rng.choice(ORDER)
            writer.writerow((" ".join(words), label, "" if rng.random() < 0.1 else said))
    return path


def test_ordered_labels_are_answered_by_their_median(
    headstart: Run, words: str, tmp_path: Path
) -> None:
    data, held = table(tmp_path / "t.csv", 240, 1, 0.5), table(tmp_path / "h.csv", 160, 2, 0.5)
    options = ("--label", "severity", "--holdout", held, "--backbone", words, "--out", "pilot")
    options = (*options, "--current", "agent")
    done = headstart("run", data, *options, "--order", *ORDER, "--json", "--max-stage", "frozen")
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    Draft202012Validator(json.loads(SCHEMA.read_text())).validate(document)
    assert document["metric"]["name"] == "cost"
    found = document["holdout"]["ordinal"]
    error = found["mean_absolute_error"]["value"]
    assert error == document["holdout"]["metrics"]["cost"]["value"]
    assert sum(row["n"] for row in found["steps"]) == document["holdout"]["n"]

    pilot = tmp_path / "pilot"
    manifest = json.loads((pilot / "bundle" / "manifest.json").read_text())
    assert manifest["labels"] == ["high", "low", "medium"]
    assert manifest["costs"] == [[0.0, 2.0, 1.0], [2.0, 0.0, 1.0], [1.0, 1.0, 0.0]]
    said = re.sub(r"<[^>]+>", "", (pilot / "memo.html").read_text())
    assert "How far off are the answers?" in said
    assert "low &lt; medium &lt; high" in said
    assert "ean absolute error" in said
    assert "unit of the costs" not in said
    assert "cost of a case" not in said

    out = tmp_path / "scored.csv"
    scored = headstart("predict", pilot / "bundle", held, "--out", out)
    assert scored.returncode == 0, scored.stderr
    with out.open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    model = load(pilot / "bundle")
    proba = model.predict_proba([row["message"] for row in rows]).astype(float)
    in_order = proba[:, [model.manifest.labels.index(label) for label in ORDER]]
    medians = [ORDER[place] for place in (in_order.cumsum(axis=1) < 0.5).sum(axis=1)]
    assert [row["predicted_label"] for row in rows] == medians
    assert medians != [ORDER[place] for place in in_order.argmax(axis=1)]


def test_a_model_that_is_worse_than_today_does_not_ship(
    headstart: Run, words: str, tmp_path: Path
) -> None:
    data, held = table(tmp_path / "t.csv", 160, 1, 0.97), table(tmp_path / "h.csv", 120, 2, 0.97)
    options = ("--label", "severity", "--holdout", held, "--backbone", words, "--out", "pilot")
    done = headstart("run", data, *options, "--current", "agent", "--json", "--max-stage", "frozen")
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    Draft202012Validator(json.loads(SCHEMA.read_text())).validate(document)
    assert (document["ship"], document["rule"]) == (
        "no",
        {"name": "worse-than-today", "version": "3"},
    )
    today = document["holdout"]["today"]
    assert today["accuracy"]["value"] > 0.9
    assert 0.8 < today["answered"]["value"] < 1.0
    assert today["difference"]["high"] < 0.0
    memo = (tmp_path / "pilot" / "memo.md").read_text()
    assert "today's process is credibly better" in memo
    assert "agent" not in (tmp_path / "pilot" / "bundle" / "manifest.json").read_text()
    rows = (tmp_path / "pilot" / "artifacts" / "out_of_fold.csv").read_text()
    assert "agent" not in rows.splitlines()[0]


def test_a_wrong_order_is_found_before_any_work(headstart: Run, words: str, tmp_path: Path) -> None:
    data = table(tmp_path / "t.csv", 60, 1, 0.5)
    options = ("--label", "severity", "--backbone", words, "--out", "pilot")
    done = headstart("run", data, *options, "--order", "low", "high")
    assert done.returncode == 2
    assert "lacks 'medium'" in done.stderr
    assert "high, low, medium" in done.stderr
    assert not (tmp_path / "pilot" / "memo.html").exists()


def test_few_rows_are_counted_by_folds(headstart: Run, words: str, tmp_path: Path) -> None:
    """Without a hold-out today's process, the steps and the costs are known all the same."""
    data = table(tmp_path / "t.csv", 140, 1, 0.5)
    options = ("--label", "severity", "--backbone", words, "--out", "pilot", "--current", "agent")
    done = headstart("run", data, *options, "--order", *ORDER, "--json", "--max-stage", "frozen")
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    Draft202012Validator(json.loads(SCHEMA.read_text())).validate(document)
    found = document["holdout"]
    assert found["basis"] == "cross-validation"
    assert sum(row["n"] for row in found["ordinal"]["steps"]) == 140
    today = found["today"]
    with data.open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    has = [row for row in rows if row["agent"]]
    assert today["difference"]["n"] == len(has)
    right = sum(row["agent"] == row["severity"] for row in has) / len(has)
    assert abs(today["accuracy"]["value"] - right) < 0.01  # of folds that are nearly as large
    memo = (tmp_path / "pilot" / "memo.md").read_text()
    assert "By cross-validation the answers are off by" in memo
    assert "kappa takes more rows than a fold has" in memo
    assert "| by cross-validation | today (agent)" in memo
