"""Folds inside the training rows."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def inner_folds(
    y: NDArray[np.integer], groups: NDArray[np.integer] | None, folds: int, seed: int
) -> NDArray[np.int64]:
    """Fold of each row (n,): every group whole, each class as evenly spread as the groups allow.

    Groups of several rows are placed first, the largest first, each where its classes have the
    fewest rows; then single rows fill up their class.
    """
    random = np.random.default_rng(seed)
    n, classes = len(y), int(y.max()) + 1
    owner = np.arange(n) if groups is None else np.asarray(groups)
    _, member, size = np.unique(owner, return_inverse=True, return_counts=True)
    member = member.reshape(-1)
    fold = np.full(n, -1, dtype=np.int64)
    held = np.zeros((folds, classes), dtype=np.int64)
    several = np.flatnonzero(size > 1)
    rows_of = np.split(np.argsort(member, kind="stable"), np.cumsum(size)[:-1])
    for group in sorted(random.permutation(several), key=lambda g: -size[g]):
        rows = rows_of[group]
        counts = np.bincount(y[rows], minlength=classes)
        load = held @ counts
        chosen = int(np.lexsort((held.sum(axis=1), load))[0])
        fold[rows], held[chosen] = chosen, held[chosen] + counts
    turn = 0
    for code in range(classes):
        rows = random.permutation(np.flatnonzero((fold < 0) & (y == code)))
        places = _deal(held[:, code], len(rows), turn)
        fold[rows] = places
        turn = (turn + len(rows)) % folds
    return fold


def _deal(held: NDArray[np.int64], rows: int, turn: int) -> NDArray[np.int64]:
    """Fold of each of `rows` further rows, so that the counts end as even as they can."""
    folds = len(held)
    each = np.repeat(np.arange(folds), rows)
    height = np.concatenate([count + np.arange(rows) for count in held])
    order = np.lexsort(((each - turn) % folds, height))
    return each[order][:rows].astype(np.int64)
