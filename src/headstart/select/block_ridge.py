"""Ridge regression cross-validated exactly, for many folds and penalties at the cost of one fit.

For a held-out block S, the errors of the model that has not seen S follow from the model that has
seen everything: e_S = (I − H_SS)⁻¹ (y_S − ŷ_S) with the hat matrix H (the multivariate form of
the leave-one-out identity; Cook and Weisberg 1982). It holds because nothing else is fitted: no
scaling and no selection within a fold.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from headstart.types.data import Folds

RELATIVE_PENALTIES: tuple[float, ...] = tuple(np.logspace(-3, 3, 20).tolist())
"""Penalties in units of the rows' mean square distance from their mean."""
RANK_TOLERANCE = 1e-12
Matrix = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Decomposed:
    """The centred rows as U·diag(√values)·Vᵀ: `left` (n, rank), `values` (rank,)."""

    left: Matrix
    values: NDArray[np.float64]

    @property
    def spread(self) -> float:
        """Mean square distance of the rows from their mean."""
        return float(self.values.sum() / len(self.left)) if len(self.left) else 0.0

    @classmethod
    def of(cls, features: NDArray[np.floating]) -> Decomposed:
        """Of rows (n, width), through the smaller of the two Gram matrices."""
        rows = np.asarray(features, dtype=np.float64)
        rows = rows - rows.mean(axis=0)
        n, width = rows.shape
        if n <= width:
            values, left = np.linalg.eigh(rows @ rows.T)
            kept = values > RANK_TOLERANCE * max(float(values[-1]), 1e-300)
            return cls(np.ascontiguousarray(left[:, kept]), values[kept])
        values, right = np.linalg.eigh(rows.T @ rows)
        kept = values > RANK_TOLERANCE * max(float(values[-1]), 1e-300)
        return cls((rows @ right[:, kept]) / np.sqrt(values[kept]), values[kept])


def held_out(
    rows: Decomposed, targets: Matrix, folds: Folds, penalties: Sequence[float]
) -> Iterator[tuple[int, NDArray[np.int64], Matrix]]:
    """(repeat, rows of the fold, predictions (penalties, rows, targets)) of every fold: what ridge
    regression with a free intercept, fitted on the other rows alone, predicts.

    targets: (n, targets). penalties: of the squared weights, in the units of the features.
    """
    n = len(targets)
    whole = _Whole.of(rows, targets, penalties)
    for repeat in range(folds.repeats):
        for fold in range(folds.k):
            test = np.flatnonzero(folds.assignment[repeat] == fold)
            if len(test) > len(rows.values) + 1 or len(test) > n // 2:
                yield repeat, test, _refitted(rows, targets, test, penalties)
            else:
                yield repeat, test, whole.without(test)


@dataclass(frozen=True, slots=True)
class _Whole:
    """The model on all rows, for every penalty."""

    left: Matrix
    shrink: Matrix
    """(penalties, rank): value / (value + penalty)."""
    fitted: NDArray[np.float64]
    """(penalties, n, targets)"""
    targets: Matrix

    @classmethod
    def of(cls, rows: Decomposed, targets: Matrix, penalties: Sequence[float]) -> _Whole:
        shrink = rows.values / (rows.values + np.array(penalties)[:, None])
        mean = targets.mean(axis=0)
        turned = rows.left.T @ (targets - mean)
        fitted = np.stack([rows.left @ (own[:, None] * turned) for own in shrink]) + mean
        return cls(rows.left, shrink, fitted, targets)

    def without(self, test: NDArray[np.int64]) -> Matrix:
        left = self.left[test]
        hat = np.stack([(left * own) @ left.T for own in self.shrink]) + 1.0 / len(self.left)
        residual = self.targets[test] - self.fitted[:, test]
        return np.asarray(self.targets[test] - np.linalg.solve(np.eye(len(test)) - hat, residual))


def _refitted(
    rows: Decomposed, targets: Matrix, test: NDArray[np.int64], penalties: Sequence[float]
) -> Matrix:
    """The same for a block larger than the rank: fitted without it, in the features' space."""
    train = np.ones(len(targets), dtype=bool)
    train[test] = False
    scaled = rows.left * np.sqrt(rows.values)
    mean, middle = scaled[train].mean(axis=0), targets[train].mean(axis=0)
    inside = scaled[train] - mean
    values, vectors = np.linalg.eigh(inside.T @ inside)
    turned = vectors.T @ (inside.T @ (targets[train] - middle))
    outside = (scaled[test] - mean) @ vectors
    return np.stack(
        [outside @ (turned / (values + penalty)[:, None]) + middle for penalty in penalties]
    )
