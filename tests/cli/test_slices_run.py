"""Parts of the hold-out by time and by what the audit finds, as a run tests them."""

from __future__ import annotations

import csv
import json
import random
import sqlite3
import subprocess
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

Run = Callable[..., subprocess.CompletedProcess[str]]
TOPICS = {"card": ("card", "visa", "plastic"), "cash": ("cash", "notes", "coins", "atm")}
OTHER = """
a account arrive debit does easter fee find friday has have i is it lost mine monday my night noon
not on since summer sunday the took tuesday was what when where who why you your
"""
ELSE = OTHER.split()


def table(path: Path, n: int) -> Path:
    """One row a day, of which the last 30 have the other label; one in five names an address."""
    rng = random.Random(1)
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(("message", "topic", "day"))
        for number in range(n):
            topic = rng.choice(sorted(TOPICS))
            words = [*rng.sample(ELSE, 12), *rng.sample(TOPICS[topic], 2)]
            rng.shuffle(words)
            if number % 3 == 0:
                words.append(f"ann{number}@example.org")
            label = topic if number < n - 30 else {"card": "cash", "cash": "card"}[topic]
            day = date(2026, 1, 1) + timedelta(days=number)
            writer.writerow((" ".join(words), label, day.strftime("%d.%m.%Y")))
    return path


def test_the_latest_third_is_worse(headstart: Run, words: str, tmp_path: Path) -> None:
    data = table(tmp_path / "t.csv", 450)
    done = headstart(
        "run", data, "--label", "topic", "--time", "day", "--backbone", words,
        "--max-stage", "frozen", "--out", "pilot",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    with sqlite3.connect(tmp_path / "pilot" / "headstart.db") as connection:
        rows = {
            pointer: json.loads(value)
            for pointer, value in connection.execute("SELECT pointer, value FROM ledger")
            if pointer.startswith("/evaluate/slices/rows/")
        }
    names = {value: key.rsplit("/", 1)[0] for key, value in rows.items() if key.endswith("/name")}
    # The hold-out is the latest fifth, 90 days, and its last third has the other label.
    last = (date(2026, 1, 1) + timedelta(days=450 - 31)).strftime("%d.%m.%Y")
    worst = names[f"day after {last}"]
    assert rows[f"{worst}/worse"] is True
    assert rows[f"{worst}/kind"] == "time"
    assert rows[f"{worst}/error"]["n"] == 30
    personal = names["texts with personal data"]
    assert rows[f"{personal}/kind"] == "finding"
    assert (rows[f"{personal}/error"]["n"], rows[f"{personal}/worse"]) == (30, False)
    assert f"day after {last}" in (tmp_path / "pilot" / "memo.html").read_text(encoding="utf-8")
