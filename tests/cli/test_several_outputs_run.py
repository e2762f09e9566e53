"""Several label columns: one run, one memo, one bundle that answers all of them in one pass."""

from __future__ import annotations

import csv
import json
import random
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., subprocess.CompletedProcess[str]]
SCHEMA = Path(__file__).parents[2] / "src/headstart/decide/decision.schema.json"
TOPICS = {"card": ("card", "visa", "plastic"), "cash": ("cash", "notes", "coins", "atm")}
WHEN = {"high": ("lost", "friday", "night"), "low": ("easter", "summer", "since")}
ELSE = ("account", "arrive", "debit", "fee", "find", "has", "monday", "noon")


def table(path: Path, n: int, seed: int) -> Path:
    """n rows with a topic and an urgency, both told by words; one in six has no urgency."""
    rng = random.Random(seed)
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(("message", "topic", "urgency"))
        for number in range(n):
            topic, urgency = rng.choice(sorted(TOPICS)), rng.choice(sorted(WHEN))
            words = [*rng.sample(ELSE, 4), *rng.sample(TOPICS[topic], 2)]
            words += rng.sample(WHEN[urgency], 2)
            rng.shuffle(words)
            writer.writerow((" ".join(words), topic, urgency if number % 6 else ""))
    return path


@pytest.fixture
def ran(headstart: Run, words: str, tmp_path: Path) -> tuple[Path, dict[str, Any]]:
    """The pilot folder and decision.json of a run about topic and urgency."""
    data, held = table(tmp_path / "t.csv", 160, 1), table(tmp_path / "h.csv", 150, 2)
    done = headstart(
        "run", data, "--holdout", held, "--label", "topic", "--also", "urgency",
        "--backbone", words, "--level", "0.6", "--out", "pilot", "--json",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return tmp_path / "pilot", json.loads(done.stdout)


def test_one_run_decides_about_every_column(
    ran: tuple[Path, dict[str, Any]], headstart: Run
) -> None:
    pilot, document = ran
    assert document
