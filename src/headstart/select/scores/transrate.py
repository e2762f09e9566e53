"""TransRate: coding rate of all rows less that within the classes."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from headstart.select.inputs import Matrix, class_codes, finite_matrix


def transrate(features: NDArray[Any], codes: NDArray[np.integer], eps: float = 1e-4) -> float:
    """R(Z) − Σ_c n_c/n R(Z_c) in nats, R(Z) = ½ log|I + ZᵀZ/(n eps)|, Z about its mean; at least 0.

    Huang, Huang, Rong, Yang, Wei 2022 (arXiv 2106.09362). The authors' code weighs classes alike,
    which is the same for balanced classes, and else can fall below 0. As in theirs, the rows of a
    class are about the common mean: two balanced classes of one spread score near 0, however far
    apart.

    features (n, d). codes (n,). eps: squared distortion, in the square of the features' unit: the
    score grows with their scale, so scale the features of two backbones alike. Translation and
    rotation change nothing, nor do duplicates of all rows; constant features give 0.

    Raises:
        ValueError: shapes that do not fit, a value that is not finite, fewer than two classes, or
            eps not above 0.
    """
    matrix = finite_matrix(features)
    own, counts = class_codes(codes, len(matrix))
    if not (np.isfinite(eps) and eps > 0):
        raise ValueError(f"eps must be finite and above 0, not {eps}")
    matrix -= matrix.mean(axis=0)
    within = sum(
        many / len(matrix) * _coding_rate(matrix[own == label], eps)
        for label, many in enumerate(counts.tolist())
    )
    return float(max(0.0, _coding_rate(matrix, eps) - within))


def _coding_rate(rows: Matrix, eps: float) -> float:
    """½ log|I + ZᵀZ/(n eps)|, from the smaller of ZᵀZ and ZZᵀ, which share it."""
    n, width = rows.shape
    gram = (rows @ rows.T if n < width else rows.T @ rows) / (n * eps)
    gram[np.diag_indices_from(gram)] += 1
    return float(0.5 * np.linalg.slogdet(gram)[1])
