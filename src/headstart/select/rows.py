"""The order in which rows enter the race."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def nested_order(
    codes: NDArray[np.int64], groups: NDArray[np.int64], seed: int
) -> NDArray[np.int64]:
    """All rows, so ordered that every beginning holds the classes in nearly their proportions and
    whole groups, but for the last.

    codes, groups: (n,).

    >>> order = nested_order(np.array([0, 0, 0, 0, 1, 1]), np.arange(6), 0)
    >>> sorted(np.array([0, 0, 0, 0, 1, 1])[order[:3]].tolist())
    [0, 0, 1]
    """
    random = np.random.default_rng([seed, 11])
    names, member = np.unique(groups, return_inverse=True)
    shuffled = random.permutation(len(names))[member]
    rank = np.empty(len(codes))
    for code in np.unique(codes):
        rows = np.flatnonzero(codes == code)
        order = rows[np.argsort(shuffled[rows], kind="stable")]
        # Halves, so that a class of one row stands in the middle and large classes begin.
        rank[order] = (np.arange(len(order)) + 0.5) / len(order)
    first = np.full(len(names), np.inf)
    np.minimum.at(first, shuffled, rank)
    return np.lexsort((rank, shuffled, first[shuffled])).astype(np.int64)


def sizes(n: int, classes: int, most: int) -> list[int]:
    """Rows of each round: doubling, from a few of each class up to `most` or all.

    >>> sizes(3000, 6, 2000)
    [120, 240, 480, 960, 1920]
    >>> sizes(100, 2, 2000)
    [100]
    """
    top = min(n, most)
    found = [min(top, max(120, 3 * classes))]
    while 2 * found[-1] <= top:
        found.append(2 * found[-1])
    if n <= most and found[-1] < n:
        # A last round of hardly more rows would decide nothing new: the rest joins it.
        found[-1 if found[-1] > 0.7 * n and len(found) > 1 else len(found) :] = [n]
    return found
