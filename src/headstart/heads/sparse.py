"""Features that are mostly zeros, kept so: many rows of counted words and few classes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
DENSE, SPARSE, AXES = 3e10, 1e9, 2e10
"""Multiplications a second and core, about: of dense products, of sparse ones (and of the more that
it takes where axes were not turned), of principal axes. Their ratios count."""
PRODUCTS = 300
"""Products with the rows that a search of the penalty and its solution take, about."""


@dataclass(frozen=True, slots=True)
class SparseRows:
    """rows (n, width) = X / scale in compressed form, neither centred nor turned.

    With an unpenalised bias that changes no solution: the bias takes up the mean.
    """

    rows: Any
    """scipy.sparse.csr_array, float64."""
    scale: float
    """Root mean square length of a row about the mean."""

    @classmethod
    def of(cls, X: NDArray[np.floating]) -> SparseRows:
        from scipy.sparse import csr_array

        rows = csr_array(X).astype(np.float64)
        mean = rows.mean(axis=0)
        squares = float(rows.power(2).sum()) / len(X) - float(mean @ mean)
        scale = float(np.sqrt(max(squares, 0.0)))
        return cls(rows / scale, scale) if scale > 0.0 else cls(rows, 1.0)

    def back(self, X: NDArray[np.floating], weights: Floats, bias: Floats) -> tuple[Floats, Floats]:
        """Weights (classes, width) and bias for X of weights and bias for rows."""
        return weights / self.scale, bias


def worth_it(X: NDArray[np.floating], classes: int) -> bool:
    """Whether solving without principal axes is expected to take less time than with them.

    >>> few, many = np.zeros((300, 9000)), np.zeros((3000, 9000))
    >>> few[:, ::90] = many[:, ::90] = 1.0
    >>> worth_it(few, 20), worth_it(many, 20), worth_it(many + 1.0, 20)
    (False, True, False)
    """
    n, width = X.shape
    rank = min(n, width)
    filled = float(np.count_nonzero(X))
    if not filled:
        return False
    dense = 2.0 * n * rank * classes * PRODUCTS / DENSE + 9.0 * rank**3 / AXES
    dense += float(n) * width * rank / DENSE
    return bool(2.0 * filled * classes * PRODUCTS / SPARSE < dense)
