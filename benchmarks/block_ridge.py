"""Exact block cross-validation against refitting every fold, same folds and penalties.

    python benchmarks/block_ridge.py [--rows 500] [--width 768]

Ten repeats of five folds over twenty penalties, on one thread each. Refitting is done well: one
eigendecomposition of the training rows' Gram matrix a fold serves all penalties.
"""

from __future__ import annotations

import argparse
import time

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import Ridge

from headstart.data import make_folds
from headstart.heads.threads import threads_for
from headstart.select.block_ridge import RELATIVE_PENALTIES, Decomposed, held_out
from headstart.types.data import Folds

Matrix = NDArray[np.float64]


def refitted(x: Matrix, y: Matrix, folds: Folds, penalties: list[float]) -> list[Matrix]:
    """Predictions (penalties, rows of the fold, targets) of every fold, each fitted anew."""
    found = []
    for train, test in folds:
        mean, middle = x[train].mean(axis=0), y[train].mean(axis=0)
        rows = x[train] - mean
        values, vectors = np.linalg.eigh(rows @ rows.T)
        turned = vectors.T @ (y[train] - middle)
        across = ((x[test] - mean) @ rows.T) @ vectors
        found.append(
            np.stack([across @ (turned / (values + p)[:, None]) + middle for p in penalties])
        )
    return found


def plain(x: Matrix, y: Matrix, folds: Folds, penalties: list[float]) -> float:
    """Seconds of scikit-learn's Ridge fitted for every fold and penalty."""
    begin = time.perf_counter()
    for train, test in folds:
        for penalty in penalties:
            Ridge(alpha=penalty).fit(x[train], y[train]).predict(x[test])
    return time.perf_counter() - begin


def numbered(folds: Folds) -> list[tuple[int, NDArray[np.int64]]]:
    """(repeat, test rows) of every fold."""
    return [(i // folds.k, test) for i, (_, test) in enumerate(folds)]


def main() -> int:
    """Seconds of both, their ratio, and the largest difference."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--rows", type=int, default=500)
    arguments.add_argument("--width", type=int, default=768)
    said = arguments.parse_args()
    random = np.random.default_rng(0)
    x = random.normal(size=(said.rows, said.width))
    codes = (np.arange(said.rows) % 10).astype(np.int64)
    y = np.eye(10)[codes]
    folds = make_folds(codes, np.arange(said.rows), 5, 10, 0)
    with threads_for(0.0):
        penalties = [p * Decomposed.of(x).spread for p in RELATIVE_PENALTIES]
        ours, theirs = [], []
        for _ in range(3):
            begin = time.perf_counter()
            blocks = list(held_out(Decomposed.of(x), y, folds, penalties))
            ours.append(time.perf_counter() - begin)
            begin = time.perf_counter()
            refits = refitted(x, y, folds, penalties)
            theirs.append(time.perf_counter() - begin)
        peer = plain(x, y, folds, penalties)
    tests = [(repeat, tuple(test)) for repeat, test in numbered(folds)]
    place = {one: i for i, one in enumerate(tests)}
    largest = max(
        float(np.abs(part - refits[place[repeat, tuple(test)]][index]).max())
        for index, repeat, test, part in blocks
    )
    print(
        f"{said.rows} rows x {said.width}: blocks {min(ours):.2f} s; refitting, one "
        f"eigendecomposition a fold {min(theirs):.2f} s ({min(theirs) / min(ours):.1f} times as "
        f"long); scikit-learn's Ridge for every fold and penalty {peer:.1f} s "
        f"({peer / min(ours):.0f} times); largest difference {largest:.1e}"
    )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
