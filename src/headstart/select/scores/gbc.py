"""GBC: overlap of the classes, each a Gaussian."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from headstart.select.inputs import Codes, Matrix, class_codes, class_means, finite_matrix

LEAST_VARIANCE = 1e-6
"""Of the mean variance of all rows."""


def gbc(
    features: NDArray[Any],
    codes: NDArray[np.integer],
    covariance: Literal["diagonal", "spherical"] = "diagonal",
) -> float:
    """Minus the sum over ordered pairs of classes of exp(−Bhattacharyya distance).

    Pándy, Agostinelli, Uijlings, Ferrari, Mensink 2022 (arXiv 2111.12780). 0 where no classes
    overlap, −C(C − 1) where all are alike, as with constant features. The spherical distance is
    ‖μ_i − μ_j‖²/(8σ²) + d/2 log(σ²/(σ_i σ_j)), σ² the mean of σ_i² and σ_j², with the factor d.

    features (n, d): distances add up over columns, so bring features to one width first
    (`projected`, at most 64). codes (n,). Variances have the divisor n and are at least 1e-6 of the
    mean variance of all rows; a class of one row has the mean variance within the other classes (of
    all rows, if no class has two). Duplicates of all rows change nothing where every class has at
    least two; a rotation changes only the diagonal form.

    Raises:
        ValueError: shapes that do not fit, a value that is not finite, fewer than two classes, or
            an unknown form of covariance.
    """
    if covariance not in ("diagonal", "spherical"):
        raise ValueError(f"covariance must be 'diagonal' or 'spherical', not {covariance!r}")
    matrix = finite_matrix(features)
    own, counts = class_codes(codes, len(matrix))
    most = len(counts) * (len(counts) - 1)
    spread = np.ptp(matrix, axis=0).max()
    if spread == 0:
        return -float(most)
    matrix -= matrix.mean(axis=0)
    matrix /= spread
    means = class_means(matrix, own, counts)
    variances = _variances(matrix, own, counts, means)
    if covariance == "spherical":
        variances = np.repeat(variances.mean(axis=1, keepdims=True), matrix.shape[1], axis=1)
    variances = np.maximum(variances, LEAST_VARIANCE * matrix.var(axis=0).mean())
    total = 0.0
    for label in range(len(counts) - 1):
        later = slice(label + 1, None)
        distance = _distance(means[label], variances[label], means[later], variances[later])
        total += 2 * float(np.exp(-distance).sum())
    return -min(total, float(most))


def _variances(matrix: Matrix, codes: Codes, counts: Codes, means: Matrix) -> Matrix:
    """Variance of every column in every class (classes, d)."""
    variances = class_means(np.square(matrix - means[codes]), codes, counts)
    if (counts == 1).any():
        several = counts > 1
        many = counts[several]
        pooled = many @ variances[several] / many.sum() if several.any() else matrix.var(axis=0)
        variances[~several] = pooled
    return variances


def _distance(mean: Matrix, variance: Matrix, means: Matrix, variances: Matrix) -> Matrix:
    """Bhattacharyya distances (m,) of one diagonal Gaussian (d,) to others (m, d)."""
    middle = (variance + variances) / 2
    apart = np.square(mean - means) / middle / 8
    spread = np.log(middle) - (np.log(variance) + np.log(variances)) / 2
    return np.asarray(np.maximum(0.0, (apart + spread / 2).sum(axis=1)))
