"""Singular values and shrunk covariances, right also where there are fewer rows than columns."""

from __future__ import annotations

import numpy as np

from headstart.select.inputs import Matrix


def left_spectrum(matrix: Matrix) -> tuple[Matrix, Matrix]:
    """(left singular vectors (n, k), squared singular values (k,)), k the numerical rank.

    Singular values below max(n, d) · machine precision · the largest count as zero.
    """
    left, singular, _ = _thin_svd(matrix)
    return left, np.square(singular)


def principal_axes(centred: Matrix) -> tuple[Matrix, Matrix]:
    """(singular values (k,), right singular vectors (k, d)), k the numerical rank."""
    _, singular, right = _thin_svd(centred)
    return singular, right


def _thin_svd(matrix: Matrix) -> tuple[Matrix, Matrix, Matrix]:
    left, singular, right = np.linalg.svd(matrix, full_matrices=False)
    largest = float(singular.max(initial=0.0))
    rank = int((singular > max(matrix.shape) * np.finfo(np.float64).eps * largest).sum())
    return left[:, :rank], singular[:rank], right[:rank]


def ledoit_wolf_share(centred: Matrix, squared_norm: float) -> float:
    """Weight of the spherical target in the covariance of Ledoit and Wolf (2004, JMVA).

    centred (n, d): rows about their mean. squared_norm: of the empirical covariance (divisor n),
    the sum of its squared entries. 0 where the covariance is spherical as it stands.
    """
    n, width = centred.shape
    squares = np.square(centred).sum(axis=1)
    trace = float(squares.sum()) / n
    distance = squared_norm - trace**2 / width
    noise = (float(np.square(squares).sum()) / n - squared_norm) / n
    if noise <= 0 or distance <= 1e-14 * trace**2 / width:
        return 0.0
    return float(min(1.0, noise / distance))


def shrunk_moments(matrix: Matrix) -> tuple[Matrix, Matrix]:
    """Mean (d,) and covariance (d, d), shrunk towards a multiple of the identity (Ledoit–Wolf)."""
    mean = matrix.mean(axis=0)
    centred = matrix - mean
    covariance = centred.T @ centred / len(matrix)
    share = ledoit_wolf_share(centred, float(np.square(covariance).sum()))
    width = len(covariance)
    spherical = share * np.trace(covariance) / width
    return mean, (1 - share) * covariance + spherical * np.eye(width)
