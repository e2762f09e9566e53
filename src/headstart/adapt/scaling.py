"""Probabilities that say how often the model is right: scaled by what is fitted out of fold."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from headstart.heads import (
    LinearHead,
    Vector,
    at_temperature,
    at_vector,
    before_vector,
    fit_temperature,
    fit_vector,
    logits_of,
    with_temperature,
    with_vector,
)
from headstart.metrics import accuracy, log_loss, macro_f1
from headstart.types.adapt import TemperatureReport, VectorScaling
from headstart.types.data import Folds
from headstart.types.model import ArmResult, FittedModel
from headstart.types.result import NotAvailable

LEAST_ROWS = 20
"""Rows of each class from which on a slope and a shift of its own are tried."""
Found = TemperatureReport | NotAvailable
Floats = NDArray[np.float64]
Codes = NDArray[np.int64]


def find_temperature(chosen: ArmResult, codes: Codes, folds: Folds) -> Found:
    """The temperature of the chosen arm, or a slope and shift of each class, and what they do to
    rows that they were not fitted on.

    Log-losses are measured by cross-fitting: each fold is scaled by what the others say. Where a
    temperature is no better than the probabilities as they are, they stay as they are. Slopes and
    shifts (vector scaling) are used where their log-loss is lower than both by more than a standard
    error of the mean difference, and neither accuracy nor macro-F1 falls: they may change answers.
    Source: Guo et al. (2017), section 4.2.

    Args:
        chosen: out-of-fold probabilities (n, classes); rows that were not scored are NaN.
        codes: labels of the rows (n,).
    """
    if chosen.family == "majority":
        return NotAvailable("shares of classes are not scaled")
    scored = np.isfinite(chosen.out_of_fold).all(axis=1)
    if not scored.any():
        return NotAvailable("no row was answered out of fold")
    y, logits = codes[scored], logits_of(chosen.out_of_fold[scored])
    fold = folds.assignment[0][scored]
    if len(np.unique(fold)) < 2:
        return NotAvailable("all rows that were answered lie in one fold")
    plain = at_temperature(logits, 1.0)
    crossed = _crossed(y, logits, fold, _heated)
    assert crossed is not None
    before, after = log_loss(y, plain), log_loss(y, crossed)
    best = crossed if after < before else plain
    heat = fit_temperature(y, logits)
    vector = _vector(y, logits, fold, heat, best)
    used = after < before and (isinstance(vector, NotAvailable) or not vector.used)
    return TemperatureReport(
        temperature=heat if used else 1.0,
        log_loss_as_it_is=before,
        log_loss_scaled=after,
        n=len(y),
        used=used,
        vector=vector,
    )


def _vector(
    y: Codes, logits: Floats, fold: NDArray[np.integer], heat: float, best: Floats
) -> VectorScaling | NotAvailable:
    """Slopes and shifts, cross-fitted against the better of no scaling and a temperature."""
    classes = logits.shape[1]
    least = int(np.bincount(y, minlength=classes).min())
    if least < LEAST_ROWS:
        return NotAvailable(
            f"a class has {least} rows, fewer than the {LEAST_ROWS} that a slope and a shift of "
            "its own take"
        )
    crossed, whole = _crossed(y, logits, fold, _sloped), fit_vector(y, logits, heat)
    if crossed is None or whole is None:
        return NotAvailable("a class would get a slope of 0 or less")
    rows = np.arange(len(y))
    gains = np.log(np.maximum(crossed[rows, y], 1e-30) / np.maximum(best[rows, y], 1e-30))
    gain, error = float(gains.mean()), float(gains.std(ddof=1) / np.sqrt(len(y)))
    said, known = crossed.argmax(axis=1), best.argmax(axis=1)
    right = accuracy(y, said) >= accuracy(y, known)
    kept = right and macro_f1(y, said, classes) >= macro_f1(y, known, classes)
    return VectorScaling(
        slope=tuple(whole[0].tolist()),
        shift=tuple(whole[1].tolist()),
        log_loss=log_loss(y, crossed),
        gain=gain,
        error=error,
        used=gain > error and kept,
    )


def _heated(y: Codes, logits: Floats, others: Floats) -> Floats:
    return at_temperature(others, fit_temperature(y, logits))


def _sloped(y: Codes, logits: Floats, others: Floats) -> Floats | None:
    found = fit_vector(y, logits, fit_temperature(y, logits))
    return None if found is None else at_vector(others, found)


def _crossed(
    y: Codes,
    logits: Floats,
    fold: NDArray[np.integer],
    scaled: Callable[[Codes, Floats, Floats], Floats | None],
) -> Floats | None:
    """Each fold's probabilities, scaled by what the others say."""
    found = np.zeros_like(logits)
    for part in np.unique(fold):
        rest = fold != part
        one = scaled(y[rest], logits[rest], logits[~rest])
        if one is None:
            return None
        found[~rest] = one
    return found


def vector_of(found: Found) -> Vector | None:
    """Slope and shift where they are used."""
    if isinstance(found, NotAvailable) or isinstance(found.vector, NotAvailable):
        return None
    one = found.vector
    return (np.array(one.slope), np.array(one.shift)) if one.used else None


def scale(
    model: FittedModel, chosen: ArmResult, found: Found, codes: Codes, folds: Folds
) -> tuple[FittedModel, ArmResult]:
    """The model, and its out-of-fold answers, as they were found to be scaled best.

    Slopes and shifts are so many that the answers are cross-fitted.
    """
    if isinstance(found, NotAvailable):
        return model, chosen
    if (vector := vector_of(found)) is not None:
        head = with_vector(LinearHead(model.weights, model.bias), vector)
        settings = {**model.settings, "scaling": "vector"}
        model = replace(model, weights=head.weights, bias=head.bias, settings=settings)
        scored = np.isfinite(chosen.out_of_fold).all(axis=1)
        y, logits = codes[scored], logits_of(chosen.out_of_fold[scored])
        crossed = _crossed(y, logits, folds.assignment[0][scored], _sloped)
        proba = np.full(chosen.out_of_fold.shape, np.nan)
        proba[scored] = at_vector(logits, vector) if crossed is None else crossed
    elif found.used:
        model = with_temperature(model, found.temperature)
        proba = at_temperature(logits_of(chosen.out_of_fold), found.temperature)
        proba[~np.isfinite(chosen.out_of_fold).all(axis=1)] = np.nan
    else:
        return model, chosen
    return model, replace(chosen, out_of_fold=proba.astype(np.float32))


def scaled_head(head: LinearHead, found: Found) -> LinearHead:
    """A head of the same kind, scaled as the model is."""
    if (vector := vector_of(found)) is not None:
        return with_vector(head, vector)
    heat = np.float32(1.0 if isinstance(found, NotAvailable) else found.temperature)
    return replace(head, weights=head.weights / heat, bias=head.bias / heat)


def unscaled(proba: NDArray[np.floating], found: Found) -> NDArray[np.floating] | None:
    """Probabilities (n, classes or more) as they were before; None where nothing was done.

    Columns beyond the classes that were trained on hold 0, and stay so.
    """
    vector = vector_of(found)
    if vector is None:
        if isinstance(found, NotAvailable) or not found.used:
            return None
        return at_temperature(logits_of(proba), 1.0 / found.temperature).astype(proba.dtype)
    classes = len(vector[0])
    before = np.zeros_like(proba)
    before[:, :classes] = before_vector(proba[:, :classes], vector)
    return before
