"""A run that is killed, and run again, ends in the same decision."""

from __future__ import annotations

import csv
import os
import random
import runpy
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
kill_resume: dict[str, Any] = runpy.run_path(str(ROOT / "benchmarks" / "kill_resume.py"))


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    """notes.csv: 200 short texts of two classes, one of them easy to tell by its words."""
    chance = random.Random(1)
    words = {
        "fruit": ["apple", "pear", "plum", "cherry", "grape", "melon"],
        "tool": ["hammer", "saw", "drill", "wrench", "chisel", "file"],
    }
    path = tmp_path / "notes.csv"
    with path.open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(("text", "label"))
        for number in range(200):
            label = ("fruit", "tool")[number % 2]
            other = ("fruit", "tool")[chance.random() < 0.5]
            text = " ".join([chance.choice(words[label]), "and", chance.choice(words[other])])
            writer.writerow((f"{text} number {number}", label))
    return path


def _check(notes: Path, tmp_path: Path, kills: int) -> None:
    found = kill_resume["trials"](notes, tmp_path, kills, seed=3)
    assert all(one.equal for one in found), found
    assert any(one.was_running for one in found)


def test_a_killed_run_ends_in_the_same_decision(notes: Path, tmp_path: Path) -> None:
    _check(notes, tmp_path, kills=2)


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_fifty_kills_fifty_equal_decisions(notes: Path, tmp_path: Path) -> None:
    _check(notes, tmp_path, kills=50)


@pytest.mark.alone
def test_ctrl_c_ends_within_two_seconds_and_says_how_to_go_on(
    notes: Path, tmp_path: Path, cache: Path
) -> None:
    """The best of three, each in a folder of its own: a busy machine adds seconds that are not the
    program's, or the run has ended before the signal comes."""
    environment = {**os.environ, "HEADSTART_CACHE": str(cache), "HF_HUB_OFFLINE": "1"}
    waited = []
    for attempt in range(3):
        pilot = tmp_path / f"p{attempt}"
        command = [sys.executable, "-m", "headstart", "run", str(notes), "--out", str(pilot)]
        command += ["--minutes", "1"]
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
        )
        assert process.stderr is not None
        for line in process.stderr:
            if "classical" in line:
                break
        begin = time.monotonic()
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=30)
        waited.append(time.monotonic() - begin)
        if waited[-1] < 2 and process.returncode == 3:
            break
        time.sleep(1)
    assert waited[-1] < 2, waited
    assert process.returncode == 3
    assert "interrupted" in said
    assert "Go on with: headstart run" in said
    assert "Traceback" not in said
    again = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert again.returncode == 0, again.stderr
    assert (pilot / "decision.json").is_file()
