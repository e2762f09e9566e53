"""Features on their principal axes: the same geometry, smaller and better conditioned."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
COLUMNS = 4096
"""Columns that are held in double precision at a time."""


@dataclass(frozen=True, slots=True)
class Rotation:
    """rows (n, rank) = (X − mean) @ axes / scale, with orthonormal axes.

    An L2-penalised linear model of `rows` is the one of (X − mean) / scale, exactly: the penalty
    does not change under a rotation, directions in which no row lies get no weight, and an
    unpenalised bias takes up the mean. No label takes part.
    """

    rows: Floats
    mean: Floats
    scale: float
    """Root mean square length of a centred row."""
    _axes: Floats | None
    _from_rows: Floats | None

    @classmethod
    def of(cls, X: NDArray[np.floating]) -> Rotation:
        """Principal axes from the smaller of the two Gram matrices, in double precision."""
        n, width = X.shape
        mean = X.mean(axis=0, dtype=np.float64)
        wide = width > n
        if wide:
            gram = np.zeros((n, n))
            for begin in range(0, width, COLUMNS):
                part = slice(begin, begin + COLUMNS)
                block = X[:, part] - mean[part]
                gram += block @ block.T
        else:
            block = X - mean
            gram = block.T @ block
        scale = float(np.sqrt(np.trace(gram) / n))
        if not scale > 0.0:
            return cls(np.zeros((n, 0)), mean, 1.0, np.zeros((width, 0)), None)
        sizes, vectors = np.linalg.eigh(gram)
        kept = sizes > max(n, width) * np.finfo(np.float64).eps * sizes[-1]
        lengths, vectors = np.sqrt(sizes[kept]), vectors[:, kept]
        if wide:
            return cls(vectors * (lengths / scale), mean, scale, None, vectors / lengths)
        return cls(block @ vectors / scale, mean, scale, vectors, None)

    def back(self, X: NDArray[np.floating], weights: Floats, bias: Floats) -> tuple[Floats, Floats]:
        """Weights (classes, width) and bias for X of weights (classes, rank) and bias for rows."""
        if self._axes is not None:
            own = weights @ self._axes.T
        else:
            assert self._from_rows is not None
            of_rows = weights @ self._from_rows.T
            own = np.empty((len(weights), X.shape[1]))
            # X is not centred here: a constant row of `of_rows` sums would shift by the mean.
            total = of_rows.sum(axis=1)[:, None]
            for begin in range(0, X.shape[1], COLUMNS):
                part = slice(begin, begin + COLUMNS)
                own[:, part] = of_rows @ X[:, part].astype(np.float64) - total * self.mean[part]
        own /= self.scale
        return own, bias - own @ self.mean
