"""Activations at the freeze boundary on an idle machine and on a busy one, three ways.

    python benchmarks/busy_machine.py [--shared FOLDER] [--texts 300] [--images 60]

Every way runs the same prefix on the same rows: PyTorch's own threads on one row after the other,
as it comes; the same with the turns that `headstart` lets OpenMP's threads wait awake
(GOMP_SPINCOUNT); and a row a core, each on one thread, which is what Headstart does. Each runs in a
process of its own, first with nothing beside it, then beside as many processes as there are cores
that do nothing but count. A way that takes longer than --limit seconds is stopped there.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from pathlib import Path

import torch
from boundary_cache import photographs, tweets

from headstart.backbones import load_encoder
from headstart.backbones.boundary import cut
from headstart.backbones.encoder import FrozenEncoder
from headstart.backbones.runtime import available_cores
from headstart.backbones.threads import beside_each_other
from headstart.cli import SPINS

TASKS = (("all-MiniLM-L6-v2", 4), ("efficientnet-lite0", 1))
WAYS = (
    ("PyTorch's threads", {}),
    (f"the same, GOMP_SPINCOUNT={SPINS}", {"GOMP_SPINCOUNT": SPINS}),
    ("a row a core", {}),
)


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--shared", type=Path, default=Path("../shared/data"))
    parser.add_argument("--texts", type=int, default=300)
    parser.add_argument("--images", type=int, default=60)
    parser.add_argument("--limit", type=float, default=300.0, help="seconds a way may take")
    parser.add_argument("--worker", nargs=2, metavar=("BACKBONE", "WAY"), help=argparse.SUPPRESS)
    said = parser.parse_args()
    if said.worker:
        print(seconds(said, said.worker[0], int(said.worker[1])))
        return 0
    print(f"{available_cores()} cores, torch {torch.__version__}")
    print("| network | way | idle, s | busy, s | a row a core is faster: idle | busy |")
    print("| --- | --- | ---: | ---: | ---: | ---: |")
    for name, _ in TASKS:
        idle = [measured(said, name, way) for way in range(len(WAYS))]
        counting = [
            subprocess.Popen([sys.executable, "-c", "while True: pass"])
            for _ in range(available_cores())
        ]
        try:
            busy = [measured(said, name, way) for way in range(len(WAYS))]
        finally:
            for one in counting:
                one.kill()
                one.wait()
        for (way, _), alone, beside in zip(WAYS, idle, busy, strict=True):
            ratios = f"{alone / idle[-1]:.1f}× | {beside / busy[-1]:.1f}×"
            print(f"| {name} | {way} | {alone:.1f} | {beside:.1f} | {ratios} |", flush=True)
    return 0


def measured(said: argparse.Namespace, name: str, way: int) -> float:
    """Seconds in a process of its own; the limit where it takes longer."""
    command = [sys.executable, __file__, "--shared", str(said.shared), "--texts", str(said.texts)]
    command += ["--images", str(said.images), "--worker", name, str(way)]
    inherited = {
        key: value for key, value in os.environ.items() if not key.startswith(("OMP_", "GOMP_"))
    }
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            check=True,
            timeout=said.limit,
            env={**inherited, **WAYS[way][1]},
        )
    except subprocess.TimeoutExpired:
        return float(said.limit)
    return float(done.stdout)


def seconds(said: argparse.Namespace, name: str, way: int) -> float:
    """The prefix on every row, after one that is not counted."""
    encoder = load_encoder(name)
    assert isinstance(encoder, FrozenEncoder)
    assert encoder.network is not None
    network = cut(encoder.network, top=dict(TASKS)[name])
    text = encoder.card.modality == "text"
    rows = (tweets(said.shared, said.texts) if text else photographs(said.shared, said.images))[0]

    def one(row: str) -> object:
        return network.activation(encoder.preprocessor([row]))

    one(rows[0])
    begun = time.perf_counter()
    found = list(beside_each_other(one, rows) if way == len(WAYS) - 1 else map(one, rows))
    assert len(found) == len(rows)
    return time.perf_counter() - begun


if __name__ == "__main__":
    raise SystemExit(main())
