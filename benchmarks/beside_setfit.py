"""Seconds to a decision beside SetFit's training, on the same rows, each with the whole machine.

    python benchmarks/beside_setfit.py --shared ../shared/data [--only emotion]

The text cells of `ladder_real.py` (first seed), and where `ladder_real.py` counts seconds of
processor of processes that keep to one thread, here is the time that a person waits: `headstart
run` as it is by default, from an empty cache to the memo, hold-out and bundle included, then
SetFit's fine-tuning of the same encoder (20 iterations, batches of 16, one epoch) without any
evaluation. Past --setfit-seconds SetFit is stopped, scored as it is, and its time extrapolated from
the steps that it made.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from ladder_real import Cell, planned, text_sources
from time_to_decision import headstart, setfit, write


def compared(cell: Cell, limit: float) -> str:
    """A row of the table."""
    train, test = (list(zip(*rows, strict=True)) for rows in cell.rows())
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        files = write(train, work / "train.csv"), write(test, work / "test.csv")
        own = headstart(*files, work, "pilot")
        peer = setfit(*files, limit)
    steps = "all" if peer["done"] else f"{peer['steps']:,}"
    return (
        f"| {cell.source.name} | {cell.size} | {len(train):,} | {own['approach']} "
        f"| {100 * own['accuracy']:.1f} | {own['seconds']:.0f} | {100 * peer['accuracy']:.1f} "
        f"| {steps} of {peer['total']:,} | {peer['seconds']:,.0f} "
        f"| {peer['seconds'] / own['seconds']:.1f}× |"
    )


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--shared", type=Path, default=Path("../shared/data"))
    arguments.add_argument("--setfit-seconds", type=float, default=120.0)
    arguments.add_argument("--only", default="", help="part of a cell's name")
    said = arguments.parse_args()
    cells = [one for one in planned(text_sources(said.shared)) if one.seed == 0 and one.size]
    print("| task | rows a class | rows | Headstart ships | right, % | seconds | SetFit, % "
          "| steps trained | seconds | SetFit / Headstart |\n| --- | ---: | ---: | --- "
          + "| ---: " * 6 + "|", flush=True)  # fmt: skip
    for cell in cells:
        if said.only in cell.name:
            print(compared(cell, said.setfit_seconds), flush=True)


if __name__ == "__main__":
    main()
