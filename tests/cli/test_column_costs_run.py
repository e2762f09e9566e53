"""Costs of mistakes in a further label column, from the brief to its answers."""

from __future__ import annotations

import csv
import json
import random
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np

Run = Callable[..., subprocess.CompletedProcess[str]]
TOPICS = {"card": ("card", "visa", "plastic"), "cash": ("cash", "notes", "coins", "atm")}
WHEN = {"high": ("lost", "friday", "night"), "low": ("easter", "summer", "since")}
ELSE = ("account", "arrive", "debit", "fee", "find", "has", "monday", "noon")


def table(path: Path, n: int, seed: int) -> Path:
    """n rows with a topic, and an urgency that is the other one for every fourth."""
    rng = random.Random(seed)
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(("message", "topic", "urgency"))
        for number in range(n):
            topic, urgency = rng.choice(sorted(TOPICS)), rng.choice(sorted(WHEN))
            words = [*rng.sample(ELSE, 4), *rng.sample(TOPICS[topic], 2)]
            words += rng.sample(WHEN[urgency], 2)
            rng.shuffle(words)
            said = urgency if number % 4 else {"high": "low", "low": "high"}[urgency]
            writer.writerow((" ".join(words), topic, said))
    return path


def test_cost_decides_the_columns_answers(headstart: Run, words: str, tmp_path: Path) -> None:
    data, held = table(tmp_path / "t.csv", 200, 1), table(tmp_path / "h.csv", 150, 2)
    said = ("--holdout", held, "--label", "topic", "--also", "urgency", "--backbone", words)
    assert headstart("init", "pilot", data, *said).returncode == 0
    brief = tmp_path / "pilot" / "headstart.toml"
    plain = brief.read_text(encoding="utf-8")
    brief.write_text(plain + "\n[columns.urgency.costs]\nhihg = 20.0\n", encoding="utf-8")
    refused = headstart("run", "pilot")
    assert refused.returncode == 2
    assert "costs are named for labels that there are not: hihg" in refused.stderr
    assert "[columns.urgency] in the brief" in refused.stderr
    brief.write_text(plain + "\n[columns.urgency.costs]\nhigh = 20.0\n", encoding="utf-8")
    done = headstart("run", "pilot", "--json")
    assert done.returncode == 0, done.stderr
    topic, urgency = json.loads(done.stdout)["outputs"]
    assert (topic["metric"], urgency["metric"]) == ("accuracy", "cost")
    manifest = json.loads((tmp_path / "pilot" / "bundle" / "manifest.json").read_text())
    (further,) = manifest["further"]
    assert (manifest["costs"], further["costs"]) == ([], [[0.0, 20.0], [1.0, 0.0]])

    # The bundle's answers are those with the least expected cost, and so is what was measured.
    out = tmp_path / "scored.csv"
    assert headstart("predict", "pilot/bundle", held, "--out", out).returncode == 0
    with out.open(newline="", encoding="utf-8") as stream:
        answered = [row["predicted_urgency"] for row in csv.DictReader(stream)]
    kept = tmp_path / "pilot" / "artifacts" / "holdout_2_urgency.csv"
    with kept.open(newline="", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    assert [row["predicted"] for row in rows] == answered
    spent = {("high", "low"): 20.0, ("low", "high"): 1.0}
    decide = [row for row in rows if row["decides"] == "true"]
    paid = np.mean([spent.get((row["label"], row["predicted"]), 0.0) for row in decide])
    assert urgency["value"]["n"] == len(decide) > 100
    assert abs(urgency["value"]["value"] - paid) < 1e-9
    assert answered.count("high") > 0.9 * len(answered)
