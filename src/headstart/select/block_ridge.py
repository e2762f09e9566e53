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
SPARSE = 0.05
"""Share of entries that are not 0 below which a matrix is multiplied as a sparse one."""
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
        n, width = features.shape
        if n <= width:
            values, left = np.linalg.eigh(_centred_gram(features))
            kept = values > RANK_TOLERANCE * max(float(values[-1]), 1e-300)
            return cls(np.ascontiguousarray(left[:, kept]), values[kept])
        rows = np.asarray(features, dtype=np.float64)
        rows = rows - rows.mean(axis=0)
        values, right = np.linalg.eigh(rows.T @ rows)
        kept = values > RANK_TOLERANCE * max(float(values[-1]), 1e-300)
        return cls((rows @ right[:, kept]) / np.sqrt(values[kept]), values[kept])


def _centred_gram(features: NDArray[np.floating]) -> Matrix:
    """Products of the centred rows (n, n); mostly empty rows (word counts) as sparse ones."""
    from scipy.sparse import csr_array

    if np.count_nonzero(features) < SPARSE * features.size:
        thin = csr_array(features.astype(np.float64))
        gram = np.asarray((thin @ thin.T).todense())
    else:
        rows = np.asarray(features, dtype=np.float64)
        rows = rows - rows.mean(axis=0)
        gram = rows @ rows.T
    centred = gram - gram.mean(axis=0) - gram.mean(axis=1)[:, None] + gram.mean()
    return np.asarray((centred + centred.T) / 2)


def held_out(
    rows: Decomposed, targets: Matrix, folds: Folds, penalties: Sequence[float]
) -> Iterator[tuple[int, int, NDArray[np.int64], Matrix]]:
    """(penalty's index, repeat, rows of the fold, predictions (rows, targets)) of every fold and
    penalty: what ridge regression with a free intercept, fitted on the other rows alone, predicts.

    targets: (n, targets). penalties: of the squared weights, in the units of the features.
    """
    tests = [
        (repeat, np.flatnonzero(folds.assignment[repeat] == fold))
        for repeat in range(folds.repeats)
        for fold in range(folds.k)
    ]
    most = min(len(rows.values) + 1, len(targets) // 2)
    small = [one for one in tests if len(one[1]) <= most]
    for index, penalty in enumerate(penalties if small else ()):
        yield from _from_whole(rows, targets, small, index, penalty)
    for repeat, test in tests:
        if len(test) > most:
            for index, found in enumerate(_refitted(rows, targets, test, penalties)):
                yield index, repeat, test, found


def _from_whole(
    rows: Decomposed,
    targets: Matrix,
    tests: Sequence[tuple[int, NDArray[np.int64]]],
    index: int,
    penalty: float,
) -> Iterator[tuple[int, int, NDArray[np.int64], Matrix]]:
    """Every fold from the one model on all rows with this penalty: each fold's block is a part of
    its hat matrix. Only lower triangles are formed: I − H is symmetric and, for a penalty above 0,
    positive definite. The k blocks of a repeat are a k-th of it, so that the whole is formed where
    there are more repeats than folds in one."""
    from scipy.linalg.blas import dsyrk
    from scipy.linalg.lapack import dposv

    shrink = rows.values / (rows.values + penalty)
    mean = targets.mean(axis=0)
    fitted = rows.left @ (shrink[:, None] * (rows.left.T @ (targets - mean))) + mean
    residual = targets - fitted
    scaled = rows.left * np.sqrt(shrink)

    def remainder(chosen: Matrix) -> Matrix:
        found: Matrix = dsyrk(-1.0, chosen, lower=True)
        found -= 1.0 / len(targets)
        found[np.diag_indices(len(found))] += 1.0
        return found

    several = sum(len(test) ** 2 for _, test in tests) > len(targets) ** 2
    whole = remainder(scaled) if several else None
    for repeat, test in tests:
        block = remainder(scaled[test]) if whole is None else whole[test[:, None], test]
        _, errors, failed = dposv(block, residual[test], lower=True)
        if failed:
            raise FloatingPointError(f"a block of {len(test)} rows is singular at {penalty:g}")
        yield index, repeat, test, targets[test] - errors


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
