"""One number that makes a model's probabilities say how often it is right."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from headstart.types.model import FittedModel

LARGEST = 3.0
"""The temperature lies between e⁻³ and e³."""
GRID = 13
REFINED = 30
SMALLEST = 1e-30


def logits_of(proba: NDArray[np.floating]) -> NDArray[np.float64]:
    """Logits (n, classes) whose softmax is `proba`; a probability of 0 counts as 1e-30."""
    return np.log(np.maximum(proba.astype(np.float64), SMALLEST))


def logits_of_labels(proba: NDArray[np.floating]) -> NDArray[np.float64]:
    """Logits (n, labels) whose logistic function is `proba`, each label by itself.

    >>> logits_of_labels(np.array([[0.5, 1.0]])).round(1).tolist()
    [[0.0, 69.1]]
    """
    wide = proba.astype(np.float64)
    return np.log(np.maximum(wide, SMALLEST)) - np.log(np.maximum(1.0 - wide, SMALLEST))


def label_questions(logits: NDArray[np.floating]) -> NDArray[np.float64]:
    """Logits (n · labels, 2) of "does not apply" and "applies", from those of labels (n, labels).

    >>> label_questions(np.array([[1.0, 2.0]])).tolist()
    [[0.0, 1.0], [0.0, 2.0]]
    """
    flat = logits.ravel().astype(np.float64)
    return np.column_stack([np.zeros(len(flat)), flat])


def fit_temperature(y: NDArray[np.integer], logits: NDArray[np.floating]) -> float:
    """The temperature T > 0 at which softmax(logits / T) has the least log-loss.

    Fit it on logits of rows that the model was not trained on, such as pooled out-of-fold ones. A
    standard normal prior on log T, worth half a nat in all, keeps it finite where every answer is
    right; on more than a few rows it changes nothing that can be seen.
    Source: Guo et al. (2017), "On calibration of modern neural networks", section 4.2.

    Args:
        y: codes (n,), 0 … classes − 1.
        logits: (n, classes), finite.

    Raises:
        ValueError: no rows, shapes that do not fit, or a logit that is not finite.

    >>> y = np.array([0] * 800 + [1] * 200)
    >>> round(fit_temperature(y, np.tile([2.0 * np.log(4.0), 0.0], (1000, 1))), 2)
    2.0
    """
    if logits.ndim != 2 or y.shape != logits.shape[:1] or not len(y):
        raise ValueError(f"labels {y.shape} do not belong to logits {logits.shape}")
    if not np.isfinite(logits).all():
        raise ValueError("the logits hold a value that is not finite")
    wide = logits.astype(np.float64)
    wide -= wide[np.arange(len(y)), y.astype(np.int64), None]
    top = wide.max(axis=1)
    wide -= top[:, None]

    def loss(u: float) -> float:
        # A row's loss is the logarithm of the sum of exp(logit less that of its label).
        cold = np.exp(-u)
        lost = np.log(np.exp(wide * cold).sum(axis=1)) + top * cold
        return float(lost.sum()) + 0.5 * u * u

    grid = np.linspace(-LARGEST, LARGEST, GRID)
    best = int(np.argmin([loss(float(u)) for u in grid]))
    low, high = float(grid[max(best - 1, 0)]), float(grid[min(best + 1, GRID - 1)])
    golden = (5.0**0.5 - 1.0) / 2.0
    a, b = high - golden * (high - low), low + golden * (high - low)
    at_a, at_b = loss(a), loss(b)
    for _ in range(REFINED):
        if at_a <= at_b:
            high, b, at_b = b, a, at_a
            a = high - golden * (high - low)
            at_a = loss(a)
        else:
            low, a, at_a = a, b, at_b
            b = low + golden * (high - low)
            at_b = loss(b)
    return float(np.exp((low + high) / 2.0))


def at_temperature(logits: NDArray[np.floating], temperature: float) -> NDArray[np.float64]:
    """softmax(logits / temperature), (n, classes)."""
    scaled = logits.astype(np.float64) / temperature
    scaled -= scaled.max(axis=1, keepdims=True)
    np.exp(scaled, out=scaled)
    return np.asarray(scaled / scaled.sum(axis=1, keepdims=True))


def with_temperature(model: FittedModel, temperature: float) -> FittedModel:
    """The model whose logits are divided by the temperature: the same answers, other probabilities.

    Raises:
        ValueError: the temperature is not positive.
    """
    if not temperature > 0.0:
        raise ValueError(f"a temperature is positive, not {temperature}")
    return replace(
        model,
        weights=(model.weights / temperature).astype(np.float32),
        bias=(model.bias / temperature).astype(np.float32),
        settings={**model.settings, "temperature": round(temperature, 6)},
    )
