"""H-score with a shrunk covariance."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from headstart.select.decompositions import ledoit_wolf_share, left_spectrum
from headstart.select.inputs import class_codes, class_means, finite_matrix


def h_score(features: NDArray[Any], codes: NDArray[np.integer]) -> float:
    """(1 − α) · tr(Σ_α⁻¹ Cov(E[f|y])), from 0 to classes − 1.

    Ibrahim, Ponomareva, Mazumder 2022 (arXiv 2110.06893); Σ_α is the covariance of Ledoit and Wolf,
    a product of matrices, not of their entries. In the basis of the singular vectors, where Σ_α is
    diagonal, so that d > n costs no d × d matrix. Directions without variance count for nothing,
    and constant features give 0.

    features (n, d). codes (n,). Translation, rotation and a common factor of the features change
    nothing; duplicate rows lower α, and so raise the score where α > 0.

    Raises:
        ValueError: shapes that do not fit, a value that is not finite, fewer than two classes.
    """
    matrix = finite_matrix(features)
    own, counts = class_codes(codes, len(matrix))
    spread = np.ptp(matrix, axis=0).max()
    if spread == 0:
        return 0.0
    matrix -= matrix.mean(axis=0)
    matrix /= spread
    n, width = matrix.shape
    left, squared = left_spectrum(matrix)
    variance = squared / n
    share = ledoit_wolf_share(matrix, float(np.square(variance).sum()))
    shrunk = (1 - share) * variance + share * variance.sum() / width
    means = class_means(left, own, counts) * np.sqrt(squared)
    between = counts @ np.square(means) / n
    return float((1 - share) * (between / shrunk).sum())
