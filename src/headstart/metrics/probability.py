"""Metrics of predicted probabilities: smaller is better."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Codes = NDArray[np.integer]
Floats = NDArray[np.float64]


def check_proba(y: Codes, proba: NDArray[np.floating]) -> None:
    """Raises:
    ValueError: no rows, or shapes and codes that do not belong together.
    """
    if proba.ndim != 2 or y.shape != proba.shape[:1]:
        raise ValueError(f"labels {y.shape} do not belong to probabilities {proba.shape}")
    if not y.size:
        raise ValueError("a metric needs at least one row")
    if y.min() < -1 or y.max() >= proba.shape[1]:
        raise ValueError(f"labels must be codes from -1 to {proba.shape[1] - 1}")


def row_log_loss(y: Codes, proba: NDArray[np.floating]) -> Floats:
    """−log of the probability of the true class of each row; 0 where the label is −1."""
    check_proba(y, proba)
    kind = proba.dtype if proba.dtype.kind == "f" else np.dtype(np.float64)
    smallest = float(np.finfo(kind).eps)
    true = proba[np.arange(len(y)), np.maximum(y, 0)].astype(np.float64)
    loss: Floats = np.where(y < 0, 0.0, -np.log(np.clip(true, smallest, 1.0 - smallest)))
    return loss


def log_loss(y: Codes, proba: NDArray[np.floating]) -> float:
    """Mean −log probability of the true class, clipped as in `sklearn.metrics.log_loss`.

    Rows whose label is −1 are left out: the model gives their label no probability at all, and the
    mean would be infinite.

    Raises:
        ValueError: no row has a label that the model knows.

    >>> round(log_loss(np.array([0, -1]), np.array([[0.5, 0.5], [0.5, 0.5]])), 4)
    0.6931
    """
    losses, known = row_log_loss(y, proba), y >= 0
    if not known.any():
        raise ValueError("log loss needs at least one row whose label the model knows")
    return float(losses[known].mean())


def row_brier(y: Codes, proba: NDArray[np.floating]) -> Floats:
    """Squared distance of each row's probabilities from the truth; 0 to 2."""
    check_proba(y, proba)
    wide = proba.astype(np.float64)
    true = np.where(y < 0, 0.0, wide[np.arange(len(y)), np.maximum(y, 0)])
    distance: Floats = np.einsum("ij,ij->i", wide, wide) - 2.0 * true + 1.0
    return np.maximum(distance, 0.0)


def brier(y: Codes, proba: NDArray[np.floating]) -> float:
    """Multi-class Brier score: mean Σ_c (p_c − [y = c])², from 0 to 2 (Brier 1950).

    For a row whose label is −1 the truth lies outside of all classes: Σ_c p_c² + 1.

    >>> brier(np.array([0, 1]), np.array([[1.0, 0.0], [1.0, 0.0]]))
    1.0
    """
    return float(row_brier(y, proba).mean())
