"""Debiased linear CKA: how alike two sets of features of the same rows are."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from headstart.select.inputs import Matrix, finite_matrix

DEGENERATE = 1e-12
"""Of the squared norm of the Gram matrix: an HSIC below is rounding."""


def cka(a: NDArray[Any], b: NDArray[Any]) -> float:
    """HSIC₁(a, b) / √(HSIC₁(a, a) HSIC₁(b, b)) with linear kernels, from −1 to 1.

    HSIC₁ is the unbiased estimator of Song et al. 2012 (JMLR 13), as used by Nguyen, Raghu,
    Kornblith 2021 (arXiv 2010.15327): near 0 for independent features, where the biased form nears
    1 at d > n. 1 for features that differ by a translation, rotation and common factor. 0 where one
    side does not vary.

    a (n, d1), b (n, d2): row i of both from the same input; n ≥ 4. In feature space or on the n × n
    Gram matrices, whichever is smaller. Duplicate rows are taken for independent ones, and raise
    it.

    Raises:
        ValueError: not two finite matrices with the same number of rows, four or more.
    """
    left, right = finite_matrix(a, "a", least=4), finite_matrix(b, "b", least=4)
    if len(left) != len(right):
        raise ValueError(f"a has {len(left)} rows and b {len(right)}; they must be the same rows")
    if not (_scaled(left) and _scaled(right)):
        return 0.0
    n, widest = len(left), max(left.shape[1], right.shape[1])
    if n < widest:
        first, second = _gram(left), _gram(right)
        across, alone, other = (
            _unbiased(float((x * y).sum()), x.sum(axis=0), y.sum(axis=0))
            for x, y in ((first, second), (first, first), (second, second))
        )
        norms = float(np.square(first).sum()), float(np.square(second).sum())
    else:
        across, alone, other = (
            _hsic(x, y) for x, y in ((left, right), (left, left), (right, right))
        )
        norms = float(np.square(left.T @ left).sum()), float(np.square(right.T @ right).sum())
    if alone <= DEGENERATE * norms[0] or other <= DEGENERATE * norms[1]:
        return 0.0
    return float(np.clip(across / np.sqrt(alone * other), -1, 1))


def _scaled(matrix: Matrix) -> bool:
    """Whether the rows vary; they are centred and brought to a largest range of one, in place."""
    spread = float(np.ptp(matrix, axis=0).max())
    if spread == 0:
        return False
    matrix -= matrix.mean(axis=0)
    matrix /= spread
    return True


def _gram(matrix: Matrix) -> Matrix:
    gram = matrix @ matrix.T
    np.fill_diagonal(gram, 0)
    return np.asarray(gram)


def _hsic(x: Matrix, y: Matrix) -> float:
    """n(n − 3) HSIC₁ without a Gram matrix."""
    squares_x, squares_y = np.square(x).sum(axis=1), np.square(y).sum(axis=1)
    product = float(np.square(x.T @ y).sum()) - float(squares_x @ squares_y)
    rows_x = x @ x.sum(axis=0) - squares_x
    rows_y = y @ y.sum(axis=0) - squares_y
    return _unbiased(product, rows_x, rows_y)


def _unbiased(product: float, rows_x: Matrix, rows_y: Matrix) -> float:
    """n(n − 3) HSIC₁ from tr(KL) and the row sums of K and L, both with a diagonal of zeros."""
    n = len(rows_x)
    totals = float(rows_x.sum()) * float(rows_y.sum()) / ((n - 1) * (n - 2))
    return product + totals - 2 * float(rows_x @ rows_y) / (n - 2)
