"""LogME: evidence of a Bayesian linear model of every class."""

from __future__ import annotations

from math import log, pi
from typing import Any

import numpy as np
from numpy.typing import NDArray

from headstart.select.decompositions import left_spectrum
from headstart.select.inputs import Matrix, class_codes, codes_within, finite_matrix

RATIOS = np.geomspace(1e-10, 1e6, 33)
"""Starts and bounds of alpha / beta, in units of the largest squared singular value."""
STEPS = 300
CLOSE = 1e-9
LEAST_NOISE = 1e-12


def logme(features: NDArray[Any], codes: NDArray[np.integer], n_classes: int) -> float:
    """Mean over classes of the largest log evidence a row, in nats.

    You, Liu, Wang, Long 2021 (arXiv 2102.11005): each class against the rest is a target 0/1, with
    weights ~ N(0, I/alpha) and noise ~ N(0, 1/beta); no bias, so centring the features changes the
    score. alpha and beta by the fixed point alpha = γ/‖m‖², beta = (n − γ)/‖Fm − y‖², from the best
    of 33 starts. Unlike the default path of thuml/LogME, right where d > n.

    features (n, d). codes (n,): 0 … n_classes − 1; classes without a row are left out. A rotation
    or a common factor of the features changes nothing. The evidence grows without bound where
    d < n columns fit a target exactly; so the squared error a row, with the prior's part, is at
    least 1e-12 of the target's mean square. Duplicate rows count as independent evidence.

    Raises:
        ValueError: shapes that do not fit, a value that is not finite, fewer than two classes.
    """
    matrix = finite_matrix(features)
    codes_within(codes, len(matrix), n_classes)
    own, counts = class_codes(codes, len(matrix))
    matrix /= max(float(np.abs(matrix).max()), np.finfo(np.float64).tiny)
    left, squared = left_spectrum(matrix)
    total = 0.0
    for label in range(len(counts)):
        along = np.square(left.T @ (own == label).astype(np.float64))
        total += _largest_evidence(squared, along, float(counts[label]), len(matrix))
    return total / len(counts) / len(matrix)


def log_evidence(features: NDArray[Any], target: NDArray[Any], alpha: float, beta: float) -> float:
    """log p(target | features, alpha, beta) in nats: the target is N(0, I/beta + F Fᵀ/alpha).

    features (n, d). target (n,). alpha: precision of the weights; beta: of the noise.

    log|A| = Σ_{i≤k} log(alpha + beta σ_i²) + (d − k) log alpha; its last term leaves k/2 log alpha
    of the prior's d/2 log alpha.

    Raises:
        ValueError: shapes that do not fit, a value that is not finite, alpha or beta not above 0.
    """
    matrix = finite_matrix(features, least=1)
    y = finite_matrix(np.asarray(target).reshape(-1, 1), "target", least=1)[:, 0]
    if len(y) != len(matrix) or np.ndim(target) != 1:
        raise ValueError(f"target of shape {np.shape(target)} does not fit {len(matrix)} rows")
    if not (np.isfinite([alpha, beta]).all() and alpha > 0 and beta > 0):
        raise ValueError(f"alpha and beta must be finite and above 0, not {alpha} and {beta}")
    left, squared = left_spectrum(matrix)
    along = np.square(left.T @ y)
    determinant = np.log1p(beta / alpha * squared).sum()
    error = _error(squared, along, float(y @ y), np.array([alpha / beta]))[0]
    return float(0.5 * (len(y) * log(beta / (2 * pi)) - determinant - beta * error))


def _error(squared: Matrix, along: Matrix, length: float, ratio: Matrix) -> Matrix:
    """‖Fm − y‖² + ratio ‖m‖² at the best weights m, for every ratio = alpha / beta."""
    rest = max(0.0, length - float(along.sum()))
    kept = (along * ratio[:, None] / (ratio[:, None] + squared)).sum(axis=1)
    return np.asarray(rest + kept)


def _evidence(squared: Matrix, along: Matrix, length: float, n: int, ratio: Matrix) -> Matrix:
    """Log evidence at every ratio, beta at its best, which is n / error."""
    error = np.maximum(_error(squared, along, length, ratio), LEAST_NOISE * length)
    determinant = np.log1p(squared / ratio[:, None]).sum(axis=1)
    return np.asarray(0.5 * (n * np.log(n / (2 * pi * error)) - n - determinant))


def _largest_evidence(squared: Matrix, along: Matrix, length: float, n: int) -> float:
    """Log evidence at the fixed point; length is ‖y‖², along the squares of y's coordinates."""
    if not len(squared):
        return float(_evidence(squared, along, length, n, np.ones(1))[0])
    bounds = RATIOS * squared.max()
    starts = _evidence(squared, along, length, n, bounds)
    ratio = float(bounds[starts.argmax()])
    rest = max(0.0, length - float(along.sum()))
    for _ in range(STEPS):
        shrunk = squared / (ratio + squared)
        used = float(shrunk.sum())
        norm = float((along * shrunk / (ratio + squared)).sum())
        residual = rest + float((along * np.square(1 - shrunk)).sum())
        upper = used * residual
        lower = (n - used) * norm
        following = bounds[-1] if lower <= upper / bounds[-1] else upper / lower
        following = max(float(following), float(bounds[0]))
        done = abs(following - ratio) <= CLOSE * ratio
        ratio = following
        if done:
            break
    reached = float(_evidence(squared, along, length, n, np.array([ratio]))[0])
    return max(reached, float(starts.max()))
