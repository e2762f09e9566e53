"""LoRA and pairs beside the frozen backbone, the top four blocks and SetFit, on emotion tweets.

    python benchmarks/rungs.py --shared ../shared/data [--seeds 1]

64 and 16 training rows a class; every method answers the same 1,000 test rows after it saw the same
training rows, with the same encoder. Each runs in a process of its own on one thread; its seconds
are that process's of processor, from import to answer: the network exported once before, features
and activations of all rows computed anew. SetFit (20 iterations, batches of 16, one epoch) stands
beside them at 16 a class; past --setfit-seconds it is stopped, scored as it is, and its time
extrapolated from its steps.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from ladder_real import Cell, Source, named, run_cell

SIZES = (64, 16)
METHODS = ("frozen", "top-4", "lora", "pairs", "pairs-4", "setfit")
PEER_UP_TO = 16


def row(cell: Cell, method: str, found: dict[str, Any]) -> str:
    name = method if found.get("done", True) else f"{method}, stopped"
    return (
        f"| {cell.size} | {cell.seed} | {name} | {100 * found['accuracy']:.1f}% "
        f"| {found['seconds']:.0f} |"
    )


def main() -> None:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--shared", type=Path, default=Path("../shared/data"))
    arguments.add_argument("--cache", type=Path, default=Path("ladder_cache"))
    arguments.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    arguments.add_argument("--seeds", type=int, default=1)
    arguments.add_argument("--setfit-seconds", type=float, default=600.0)
    said = arguments.parse_args()
    said.minutes = 0.0  # of Headstart's whole run, which has no part here
    said.cache.mkdir(parents=True, exist_ok=True)
    tweets = said.shared / "tweets_emotion"
    source = Source("emotion", "text", named(tweets, "train"), named(tweets, "test"))
    warm = Cell(source, 2, 0)
    run_cell(warm, "frozen", said)  # exports the network
    print("| rows a class | seed | method | accuracy | seconds |")
    print("| ---: | ---: | --- | ---: | ---: |")
    for size in said.sizes:
        for seed in range(said.seeds):
            cell = Cell(source, size, seed)
            for method in METHODS:
                if method == "setfit" and size > PEER_UP_TO:
                    continue
                print(row(cell, method, run_cell(cell, method, said)), flush=True)


if __name__ == "__main__":
    main()
