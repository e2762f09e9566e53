"""What the labels of a row's neighbours say, on frozen features and without training."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

BLOCK = 1024


def neighbours(
    unit: NDArray[np.float32], k: int, *, groups: NDArray[np.int64] | None = None
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Index and cosine (n, k) of the k nearest other rows of unit rows (n, d), exact.

    Rows of the same group do not count: a copy with the same wrong label would vouch for it. Where
    fewer than k rows are left, the cosine is −1.
    """
    n = len(unit)
    k = min(k, n - 1)
    index = np.zeros((n, max(k, 0)), dtype=np.int64)
    cosine = np.full((n, max(k, 0)), -1, dtype=np.float32)
    if k < 1:
        return index, cosine
    for start in range(0, n, BLOCK):
        rows = np.arange(start, min(n, start + BLOCK))
        product = unit[rows] @ unit.T
        product[rows - start, rows] = -1
        if groups is not None:
            product[groups[rows][:, None] == groups[None, :]] = -1
        best = np.argpartition(-product, k - 1, axis=1)[:, :k]
        index[rows] = best
        cosine[rows] = np.take_along_axis(product, best, axis=1)
    return index, cosine


def neighbour_vote(
    unit: NDArray[np.float32],
    codes: NDArray[np.int64],
    n_classes: int,
    *,
    k: int = 20,
    groups: NDArray[np.int64] | None = None,
) -> NDArray[np.float64]:
    """Share of each class among a row's neighbours (n, classes), the nearer counting more.

    SimiFeat's vote (Zhu, Dong, Liu 2022, arXiv 2110.06283) with weights cosine⁸, smoothed towards
    the class shares by two rows.
    """
    n = len(codes)
    index, cosine = neighbours(unit, k, groups=groups)
    weight = np.clip(cosine, 0, None).astype(np.float64) ** 8
    total = weight.sum(axis=1, keepdims=True)
    vote = np.zeros((n, n_classes))
    for column in range(index.shape[1]):
        np.add.at(vote, (np.arange(n), codes[index[:, column]]), weight[:, column])
    vote = np.divide(vote, total, out=np.zeros_like(vote), where=total > 0)
    found = (weight > 0).sum(axis=1, keepdims=True)
    prior = np.bincount(codes, minlength=n_classes) / n
    return np.asarray((vote * found + 2 * prior) / (found + 2))
