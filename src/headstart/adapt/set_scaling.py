"""One temperature for the labels of rows that may have several, fitted out of fold."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from headstart.heads import (
    at_temperature,
    fit_temperature,
    label_questions,
    logits_of_labels,
    sigmoid,
    with_temperature,
)
from headstart.metrics import log_loss
from headstart.types.adapt import TemperatureReport
from headstart.types.data import Folds
from headstart.types.model import ArmResult, FittedModel
from headstart.types.result import NotAvailable


def find_set_temperature(
    chosen: ArmResult, codes: NDArray[np.int64], folds: Folds
) -> TemperatureReport | NotAvailable:
    """As `find_temperature`: every label of every row is one question with two answers. The log
    losses are means over the labels of a row.

    Args:
        chosen: out-of-fold probabilities (n, labels); rows that were not scored are NaN.
        codes: 1 where a label applies (n, labels).
    """
    if chosen.family == "majority":
        return NotAvailable("shares of classes are not scaled")
    scored = np.isfinite(chosen.out_of_fold).all(axis=1)
    if not scored.any():
        return NotAvailable("no row was answered out of fold")
    y, logits = codes[scored], logits_of_labels(chosen.out_of_fold[scored])
    fold = folds.assignment[0][scored]
    crossed = np.zeros((*logits.shape, 2))
    for part in np.unique(fold):
        rest = fold != part
        if not rest.any():
            return NotAvailable("all rows that were answered lie in one fold")
        heat = fit_temperature(y[rest].ravel(), label_questions(logits[rest]))
        scaled = at_temperature(label_questions(logits[~rest]), heat)
        crossed[~rest] = scaled.reshape(-1, y.shape[1], 2)
    truth = y.ravel()
    before = log_loss(truth, at_temperature(label_questions(logits), 1.0))
    after = log_loss(truth, crossed.reshape(-1, 2))
    used = after < before
    return TemperatureReport(
        temperature=fit_temperature(truth, label_questions(logits)) if used else 1.0,
        log_loss_as_it_is=before,
        log_loss_scaled=after,
        n=len(y),
        used=used,
    )


def scale_sets(
    model: FittedModel, chosen: ArmResult, found: TemperatureReport | NotAvailable
) -> tuple[FittedModel, ArmResult]:
    """The model, and its out-of-fold answers, at the temperature that was found."""
    if isinstance(found, NotAvailable) or not found.used:
        return model, chosen
    proba = sigmoid(logits_of_labels(chosen.out_of_fold) / found.temperature)
    return (
        with_temperature(model, found.temperature),
        replace(chosen, out_of_fold=proba.astype(np.float32)),
    )
