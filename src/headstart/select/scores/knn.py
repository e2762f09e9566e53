"""Accuracy of the vote of the nearest other rows."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from headstart.select.inputs import Codes, Matrix, class_codes, finite_matrix, row_codes

BLOCK = 512
EXCLUDED = -2.0
"""Below every cosine."""


def knn_accuracy(
    features: NDArray[Any],
    codes: NDArray[np.integer],
    groups: NDArray[np.integer] | None = None,
    k: int = 5,
) -> float:
    """Share of rows whose class wins the vote of their k nearest other rows by cosine, from 0 to 1.

    features (n, d). codes (n,). groups (n,): rows of a row's own group have no vote, so that copies
    do not vouch for each other. Equal votes go to the class with the larger sum of cosines. A row
    of zeros is equally far from all. Of neighbours equally far, which k vote is not specified. With
    fewer than k rows outside of a group, those there are vote. 512 rows at a time, in single
    precision: about 80 MB at n = 20,000.

    Raises:
        ValueError: shapes that do not fit, a value that is not finite, fewer than two classes or
            two groups, k < 1.
    """
    unit = _unit_rows(finite_matrix(features))
    own, _ = class_codes(codes, len(unit))
    if k < 1:
        raise ValueError(f"k must be at least 1, not {k}")
    group = None if groups is None else row_codes(groups, len(unit), "groups")
    if group is not None and (group == group[0]).all():
        raise ValueError("two groups are needed; every row is in the same")
    blocks = (np.arange(len(unit))[start:][:BLOCK] for start in range(0, len(unit), BLOCK))
    right = sum(int((_vote(unit, own, group, rows, k) == own[rows]).sum()) for rows in blocks)
    return right / len(unit)


def _unit_rows(matrix: Matrix) -> NDArray[np.float32]:
    matrix /= np.maximum(np.abs(matrix).max(axis=1, keepdims=True), np.finfo(np.float64).tiny)
    length = np.linalg.norm(matrix, axis=1, keepdims=True)
    matrix /= np.where(length > 0, length, 1)
    return matrix.astype(np.float32)


def _vote(
    unit: NDArray[np.float32], codes: Codes, groups: Codes | None, rows: Codes, k: int
) -> Codes:
    """The class that wins in each row of the block."""
    cosine = unit[rows] @ unit.T
    if groups is None:
        cosine[np.arange(len(rows)), rows] = EXCLUDED
    else:
        cosine[groups[rows][:, None] == groups[None, :]] = EXCLUDED
    k = min(k, len(unit) - 1)
    nearest = np.argpartition(cosine, -k, axis=1)[:, -k:]
    near = np.take_along_axis(cosine, nearest, axis=1).astype(np.float64)
    n_classes = int(codes.max()) + 1
    cell = np.arange(len(near))[:, None] * n_classes + codes[nearest]
    # a vote outweighs any difference of the sums of k cosines
    weight = np.where(near == EXCLUDED, 0.0, 2 * k + 1 + near)
    votes = np.bincount(cell.ravel(), weights=weight.ravel(), minlength=len(near) * n_classes)
    return np.asarray(votes.reshape(len(near), n_classes).argmax(axis=1), dtype=np.int64)
