"""A slope and a shift for every class, where one temperature for all is too few."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from headstart.heads.head import LinearHead
from headstart.heads.softmax import softmax_and_loss
from headstart.heads.temperature import logits_of

STEPS = 50
TOLERANCE = 1e-9
SMALLEST_SLOPE = 0.01
Floats = NDArray[np.float64]
Vector = tuple[Floats, Floats]
"""(slope, shift), each (classes,)."""


def centred(logits: NDArray[np.floating]) -> Floats:
    """Logits (n, classes) whose mean over the classes is 0: the same probabilities, written so
    that a slope for each class means the same whatever constant was added to a row."""
    wide = logits.astype(np.float64)
    return np.asarray(wide - wide.mean(axis=1, keepdims=True))


def fit_vector(
    y: NDArray[np.integer], logits: NDArray[np.floating], temperature: float
) -> Vector | None:
    """The slope and shift at which softmax(slope · centred logits + shift) has the least log-loss.

    Fit it on logits of rows that the model was not trained on. A standard normal prior on
    slope · temperature − 1 and on the shift keeps both near what the temperature says where a class
    has few rows, and finite where every answer is right. By Newton's method.
    Source: Guo et al. (2017), "On calibration of modern neural networks", section 4.2.

    Args:
        y: codes (n,), 0 … classes − 1. logits: (n, classes), finite.
        temperature: of the same rows (`fit_temperature`).

    Returns:
        None where a slope would be 0 or less: the more a model says for a class, the less it would
        count.

    Raises:
        ValueError: no rows, shapes that do not fit, or a temperature that is not positive.
    """
    if logits.ndim != 2 or y.shape != logits.shape[:1] or not len(y):
        raise ValueError(f"labels {y.shape} do not belong to logits {logits.shape}")
    if not temperature > 0.0:
        raise ValueError(f"a temperature is positive, not {temperature}")
    z, codes = centred(logits) / temperature, y.astype(np.int64)
    classes = z.shape[1]
    hot = np.zeros_like(z)
    hot[np.arange(len(z)), codes] = 1.0
    found = np.zeros(2 * classes)
    proba, value = _value(z, codes, found)
    for _ in range(STEPS):
        gap = proba - hot
        gradient = np.concatenate([(z * gap).sum(axis=0), gap.sum(axis=0)]) + found
        step = np.linalg.solve(_hessian(z, proba), gradient)
        promised = float(gradient @ step)
        if promised < TOLERANCE:
            break
        length = 1.0
        while True:
            trial = found - length * step
            proba, reached = _value(z, codes, trial)
            if reached <= value - 1e-4 * length * promised or length < 1e-8:
                break
            length /= 2.0
        found, value = trial, reached
    slope, shift = (1.0 + found[:classes]) / temperature, found[classes:]
    return None if slope.min() < SMALLEST_SLOPE else (slope, shift)


def _value(z: Floats, codes: NDArray[np.int64], at: Floats) -> tuple[Floats, float]:
    """Probabilities, and the log-loss with the prior's part."""
    classes = z.shape[1]
    proba, loss = softmax_and_loss(z * (1.0 + at[:classes]) + at[classes:], codes)
    return proba, loss + 0.5 * float(at @ at)


def _hessian(z: Floats, proba: Floats) -> Floats:
    classes = z.shape[1]
    weighed = z * proba
    found = np.eye(2 * classes)
    found[:classes, :classes] += np.diag((z * weighed).sum(axis=0)) - weighed.T @ weighed
    found[classes:, classes:] += np.diag(proba.sum(axis=0)) - proba.T @ proba
    mixed = np.diag(weighed.sum(axis=0)) - weighed.T @ proba
    found[:classes, classes:] += mixed
    found[classes:, :classes] += mixed.T
    return found


def at_vector(logits: NDArray[np.floating], vector: Vector) -> Floats:
    """softmax(slope · centred logits + shift), (n, classes)."""
    slope, shift = vector
    scaled = centred(logits) * slope + shift
    scaled -= scaled.max(axis=1, keepdims=True)
    np.exp(scaled, out=scaled)
    return np.asarray(scaled / scaled.sum(axis=1, keepdims=True))


def before_vector(proba: NDArray[np.floating], vector: Vector) -> Floats:
    """What `at_vector` was given: probabilities (n, classes) before slope and shift."""
    slope, shift = vector
    found = (logits_of(proba) - shift) / slope
    found -= (found.sum(axis=1, keepdims=True) / (1.0 / slope).sum()) / slope
    found -= found.max(axis=1, keepdims=True)
    np.exp(found, out=found)
    return np.asarray(found / found.sum(axis=1, keepdims=True))


def with_vector(head: LinearHead, vector: Vector) -> LinearHead:
    """The head whose centred logits get the slope and the shift: a linear head again."""
    slope, shift = vector
    weights, bias = head.weights.astype(np.float64), head.bias.astype(np.float64)
    return replace(
        head,
        weights=((weights - weights.mean(axis=0)) * slope[:, None]).astype(np.float32),
        bias=((bias - bias.mean()) * slope + shift).astype(np.float32),
    )
