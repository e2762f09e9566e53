"""Singular vectors and shrunk covariances, right also where there are fewer rows than columns."""

from __future__ import annotations

import numpy as np

from headstart.heads.threads import threads_for
from headstart.select.inputs import Matrix


def left_spectrum(matrix: Matrix) -> tuple[Matrix, Matrix]:
    """(left singular vectors (n, k), squared singular values (k,)), k the numerical rank.

    From the smaller of the two Gram matrices, about ten times as fast as a singular value
    decomposition: squares below max(n, d) · machine precision · the largest count as zero.
    """
    squared, vectors = _gram_spectrum(matrix)
    if _is_wide(matrix):
        return vectors, squared
    return matrix @ (vectors / np.sqrt(squared)), squared


def right_vectors(matrix: Matrix) -> Matrix:
    """Right singular vectors (k, d), that of the largest singular value first, as above."""
    squared, vectors = _gram_spectrum(matrix)
    if _is_wide(matrix):
        return np.asarray((vectors / np.sqrt(squared)).T @ matrix)
    return np.asarray(vectors.T)


def _is_wide(matrix: Matrix) -> bool:
    n, width = matrix.shape
    return bool(n < width)


def _gram_spectrum(matrix: Matrix) -> tuple[Matrix, Matrix]:
    """Eigenvalues (k,) above rounding, largest first, and vectors of the smaller Gram matrix."""
    with threads_for(float(matrix.size) * min(matrix.shape)):
        gram = matrix @ matrix.T if _is_wide(matrix) else matrix.T @ matrix
        values, vectors = np.linalg.eigh(gram)
    least = max(matrix.shape) * np.finfo(np.float64).eps * float(values[-1])
    rank = int((values > max(least, 0.0)).sum())
    return values[::-1][:rank], vectors[:, ::-1][:, :rank]


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
