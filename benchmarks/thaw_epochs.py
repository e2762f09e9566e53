"""How many epochs the last stage of the top four blocks takes, beside how many it has.

    python benchmarks/thaw_epochs.py --shared ../shared/data [--cells emotion-200-0 …]

One training of `top-4` on all rows of a cell of `ladder_real.py` with 7, 4 and 3 epochs in its last
stage; the plan has seven, or fewer down to four that make 120 steps. Right on at most 1,000 test
rows, as they are and with every class weighing the same, and the seconds of processor of the
training, on one thread.
"""

from __future__ import annotations

import argparse
import os
from dataclasses import replace
from pathlib import Path
from time import process_time

import numpy as np
from ladder_real import BACKBONES, Cell, planned, sources

from headstart.adapt.answers import features
from headstart.adapt.plans import find_plan
from headstart.adapt.thaw import ThawRows, thaw
from headstart.adapt.thaw_rows import boundary_rows
from headstart.backbones import load_encoder
from headstart.backbones.encoder import FrozenEncoder
from headstart.data import file_key, text_key
from headstart.heads import LinearHead, fit_linear
from headstart.types.thaw import AdaptationPlan, TunedNetwork

CELLS = (
    "emotion-200-0", "emotion-200-1", "emotion-200-2", "emotion-200-3", "emotion-128-0",
    "emotion-32-0", "emotion-32-1", "emotion-32-2", "clinc-domains-32-0", "offensive-128-0",
    "cifar10-32-0", "cifar10-100-0",
)  # fmt: skip
EPOCHS = (7, 4, 3)


def with_epochs(plan: AdaptationPlan, epochs: int) -> AdaptationPlan:
    """The plan with so many epochs in its last stage."""
    *first, last = plan.stages
    return replace(plan, stages=(*first, replace(last, epochs=epochs, enough_steps=None)))


def scores(head: LinearHead, matrix: np.ndarray, truth: np.ndarray) -> str:
    """Right answers of all rows, and of the classes on average."""
    right = head.predict_proba(matrix).argmax(1) == truth
    balanced = np.mean([right[truth == code].mean() for code in np.unique(truth)])
    return f"{100 * right.mean():.1f}, {100 * balanced:.1f}"


def row(cell: Cell) -> list[str]:
    """What the frozen head and each number of epochs score, with the seconds of each training."""
    (values, labels), (checks, truth) = cell.rows()
    names = sorted(set(labels))
    every = [*values, *checks]
    codes = np.array([names.index(label) for label in (*labels, *truth)], dtype=np.int64)
    key = text_key if cell.source.modality == "text" else (lambda value: file_key(Path(value)))
    keys = [key(value) for value in every]
    encoder = load_encoder(BACKBONES[cell.source.modality])
    assert isinstance(encoder, FrozenEncoder)
    train, groups = np.arange(len(values)), np.arange(len(every))
    test = groups[len(values) :]
    matrix = encoder.encode(every, keys)
    head = fit_linear(matrix[train], codes[train], len(names), groups=train, seed=cell.seed)
    found = [scores(head, matrix[test], codes[test])]
    for epochs in EPOCHS:
        plan = with_epochs(find_plan("top-4"), epochs)
        rows = boundary_rows(encoder, plan, every, keys)
        features(rows, groups)  # computes and keeps all activations
        begin = process_time()
        run = thaw(plan, ThawRows(rows, codes, groups, train, len(names)), seed=cell.seed)
        seconds = process_time() - begin
        assert isinstance(run.result, TunedNetwork), run.result
        tuned = LinearHead(run.result.weights, run.result.bias)
        said = scores(tuned, features(rows, test, tuned=run.result), codes[test])
        found.append(f"{said} ({seconds:.0f} s)")
    return found


def main() -> None:
    """The table."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--shared", type=Path, default=Path("../shared/data"))
    arguments.add_argument("--cache", type=Path, default=Path("ladder_cache"))
    arguments.add_argument("--cells", nargs="+", default=CELLS)
    said = arguments.parse_args()
    said.cache.mkdir(parents=True, exist_ok=True)
    os.environ.setdefault("HEADSTART_CACHE", str(said.cache / "warm"))
    found = sources(said.shared, said.cache)
    cells = {cell.name: cell for cell in planned(found)}
    pictures = next(one for one in found if one.name == "cifar10")
    cells["cifar10-100-0"] = Cell(pictures, 100, 0)
    columns = " | ".join(f"{epochs} epochs" for epochs in EPOCHS)
    print(f"| cell | rows | planned | frozen | {columns} |")
    print(f"| --- | ---: | ---: | ---: |{' ---: |' * len(EPOCHS)}")
    for name in said.cells:
        cell = cells[name]
        rows = len(cell.rows()[0][0])
        plan = find_plan("top-4")
        fitted = round((1 - plan.inner_share) * rows)
        had = plan.epochs(plan.stages[-1], fitted)
        print(f"| {name} | {rows} | {had} | {' | '.join(row(cell))} |", flush=True)


if __name__ == "__main__":
    main()
