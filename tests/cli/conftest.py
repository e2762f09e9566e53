"""Running the command as a user does."""

from __future__ import annotations

import csv
import os
import random
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

Run = Callable[..., subprocess.CompletedProcess[str]]

WORDS = {
    "card": ("card", "bank card", "debit card", "plastic", "visa"),
    "transfer": ("transfer", "payment", "wire", "remittance", "standing order"),
    "cash": ("cash", "machine", "withdrawal", "notes", "atm"),
}
FRAMES = (
    "where is my {}",
    "the {} did not work on {day}",
    "please help me with the {} i ordered",
    "why was i charged for the {} in {place}",
    "i want to cancel my {} before {day}",
    "is there a fee for a {} in {place}",
    "my {} from {place} is still missing",
    "{day} i lost my {}",
)


@pytest.fixture
def headstart(cache: Path, tmp_path: Path) -> Run:
    """Run `headstart` in a process of its own."""

    def run(
        *arguments: object, timeout: float = 200, typed: str | None = None
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "headstart", *map(str, arguments)],
            capture_output=True,
            text=True,
            timeout=timeout,
            input=typed,
            cwd=tmp_path,
            env={**os.environ, "HEADSTART_CACHE": str(cache), "HF_HUB_OFFLINE": "1"},
        )

    return run


@pytest.fixture
def tickets(tmp_path: Path) -> Path:
    """tickets.csv: 240 short messages of three topics."""
    rng = random.Random(0)
    rows: list[tuple[str, str]] = []
    for label, nouns in WORDS.items():
        seen: set[str] = set()
        while len(seen) < 80:
            seen.add(
                rng.choice(FRAMES)
                .replace("{}", rng.choice(nouns))
                .replace("{day}", rng.choice(("monday", "tuesday", "friday", "sunday")))
                .replace("{place}", rng.choice(("rome", "oslo", "lima", "kyoto", "quebec")))
                + rng.choice(("", " please", " thanks", " urgently", " today"))
            )
        rows += [(text, label) for text in sorted(seen)]
    path = tmp_path / "tickets.csv"
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(("message", "topic"))
        writer.writerows(rows)
    return path
