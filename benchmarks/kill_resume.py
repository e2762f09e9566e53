"""Kill a run at random moments, run it again, and compare the decisions.

    python benchmarks/kill_resume.py --kills 50

Each trial starts `headstart run` in a process group of its own, kills the group with SIGKILL after
a random time, runs the same command again to its end, and compares decision.json, but for timings
and ledger ids, and every arm's and rung's numbers in the ledger with those of an undisturbed run.
Every fifth trial starts with an empty cache. Data on which the frozen backbone leaves room has
its upper blocks thawed on the way (see --data).
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Trial:
    """One killed run: after how long, what was there by then, and whether the decision is equal."""

    killed_after: float
    was_running: bool
    left: tuple[str, ...]
    equal: bool


def start(data: Path, pilot: Path, cache: Path) -> subprocess.Popen[bytes]:
    """`headstart run` in a process group of its own."""
    return subprocess.Popen(
        [
            sys.executable,
            "-m",
            "headstart",
            "run",
            str(data),
            "--out",
            str(pilot),
            "--minutes",
            "1",
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        env={**os.environ, "HEADSTART_CACHE": str(cache), "HF_HUB_OFFLINE": "1"},
    )


def finish(data: Path, pilot: Path, cache: Path) -> tuple[dict[str, Any], float]:
    """Run to the end; (what is deterministic in decision.json, seconds)."""
    begin = time.monotonic()
    process = start(data, pilot, cache)
    if process.wait() != 0:
        raise RuntimeError(f"headstart run ended with {process.returncode}")
    document = json.loads((pilot / "decision.json").read_text(encoding="utf-8"))
    kept = {key: value for key, value in document.items() if key not in {"timings", "ledger"}}
    seconds = time.monotonic() - begin
    with sqlite3.connect(pilot / "headstart.db") as store:
        rows = store.execute("select pointer, value from ledger where pointer like '/adapt/%'")
        kept["adapt"] = sorted(set(rows))
    return kept, seconds


def trial(data: Path, work: Path, cache: Path, wanted: dict[str, Any], delay: float) -> Trial:
    """Kill one run after `delay` seconds, resume it, compare."""
    pilot = work / "pilot"
    shutil.rmtree(pilot, ignore_errors=True)
    process = start(data, pilot, cache)
    time.sleep(delay)
    was_running = process.poll() is None
    if was_running:
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    left = tuple(sorted(p.name for p in pilot.iterdir())) if pilot.is_dir() else ()
    found, _ = finish(data, pilot, cache)
    return Trial(delay, was_running, left, found == wanted)


def trials(data: Path, work: Path, kills: int, seed: int, cold_every: int = 5) -> list[Trial]:
    """`kills` trials against one undisturbed run."""
    warm = work / "cache"
    _, cold_seconds = finish(data, work / "cold", warm)
    wanted, seconds = finish(data, work / "undisturbed", warm)
    chance = random.Random(seed)
    found = []
    for number in range(kills):
        cold = cold_every > 0 and number % cold_every == cold_every - 1
        cache = work / "cold-cache" if cold else warm
        shutil.rmtree(work / "cold-cache", ignore_errors=True)
        delay = chance.uniform(0, cold_seconds if cold else seconds)
        found.append(trial(data, work, cache, wanted, delay))
    return found


def main() -> int:
    """Print a line a trial and the count of equal decisions."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--kills", type=int, default=50)
    arguments.add_argument("--seed", type=int, default=0)
    arguments.add_argument("--data", type=Path, help="default: the demonstration's texts")
    said = arguments.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        data = said.data
        if data is None:
            from headstart.workflow.demo import demo_texts

            data = demo_texts(work / "data")
        found = trials(data, work, said.kills, said.seed)
    for one in found:
        state = "killed" if one.was_running else "had ended"
        print(f"{one.killed_after:7.2f} s  {state}  equal={one.equal}  left: {', '.join(one.left)}")
    equal = sum(one.equal for one in found)
    killed = sum(one.was_running for one in found)
    print(f"{equal} of {len(found)} decisions equal; {killed} runs were killed before their end")
    return 0 if equal == len(found) else 1


if __name__ == "__main__":
    sys.exit(main())
