"""Maximum mean discrepancy of two samples, with a permutation test."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from headstart.select.inputs import Matrix
from headstart.select.relatedness.sides import some_rows, two_sides

MOST = 500
"""Rows of each side that are compared."""
ROUNDING = 1e-12


@dataclass(frozen=True, slots=True)
class MMD:
    """value: unbiased MMD², from below 0 (by chance) to 2. p_value: of "one distribution".
    bandwidth: σ of the kernel exp(−‖x − y‖²/(2σ²)), in the features' unit."""

    value: float
    p_value: float
    bandwidth: float


def mmd(a: NDArray[Any], b: NDArray[Any], *, permutations: int = 500, seed: int) -> MMD:
    """Unbiased MMD² (Gretton et al. 2012, JMLR 13, equation 3) with a Gaussian kernel.

    a (n, d), b (m, d); at most 500 rows of each are drawn. The bandwidth is the median distance of
    two different rows (the mean of those above 0, where the median is 0; 1 where all are alike).
    The p-value is (1 + permutations as large) / (1 + permutations): rows must be exchangeable under
    the null, so no duplicates or groups across rows.

    Raises:
        ValueError: not two finite matrices of equal width with two rows each, or no permutation.
    """
    if permutations < 1:
        raise ValueError(f"at least one permutation is needed, not {permutations}")
    left, right = two_sides(a, b)
    random = np.random.default_rng([seed, 12])
    left, right = some_rows(left, MOST, random), some_rows(right, MOST, random)
    both = np.concatenate([left, right])
    squared = _squared_distances(both)
    bandwidth = _bandwidth(squared)
    kernel = np.exp(squared / (-2 * bandwidth**2))
    np.fill_diagonal(kernel, 0)
    sides = np.zeros((len(both), permutations + 1))
    sides[: len(left), 0] = 1
    for column in range(1, permutations + 1):
        sides[random.permutation(len(both))[: len(left)], column] = 1
    values = _mmd_squared(kernel, sides, len(left), len(right))
    as_large = int((values[1:] >= values[0] - ROUNDING).sum())
    return MMD(float(values[0]), (1 + as_large) / (1 + permutations), bandwidth)


def _squared_distances(rows: Matrix) -> Matrix:
    centred = rows - rows.mean(axis=0)
    length = np.square(centred).sum(axis=1)
    squared = length[:, None] + length - 2 * centred @ centred.T
    squared[squared < 1e-13 * length.max(initial=0.0)] = 0
    return np.asarray(squared)


def _bandwidth(squared: Matrix) -> float:
    distance = np.sqrt(squared[np.triu_indices(len(squared), k=1)])
    median = float(np.median(distance))
    if median > 0:
        return median
    return float(distance[distance > 0].mean()) if (distance > 0).any() else 1.0


def _mmd_squared(kernel: Matrix, sides: Matrix, n: int, m: int) -> Matrix:
    """MMD² of every split; kernel without its diagonal, sides (n + m, splits) 1 for the first."""
    product = kernel @ sides
    first = (sides * product).sum(axis=0)
    across = product.sum(axis=0) - first
    second = kernel.sum() - first - 2 * across
    unbiased = first / (n * (n - 1)) + second / (m * (m - 1)) - 2 * across / (n * m)
    return np.asarray(unbiased)
