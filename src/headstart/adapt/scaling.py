"""Probabilities that say how often the model is right: one temperature, fitted out of fold."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from headstart.heads import at_temperature, fit_temperature, logits_of, with_temperature
from headstart.metrics import log_loss
from headstart.types.adapt import TemperatureReport
from headstart.types.data import Folds
from headstart.types.model import ArmResult, FittedModel
from headstart.types.result import NotAvailable


def find_temperature(
    chosen: ArmResult, codes: NDArray[np.int64], folds: Folds
) -> TemperatureReport | NotAvailable:
    """The temperature of the chosen arm, and what it does to rows that it was not fitted on.

    Its log-loss is measured by cross-fitting: each fold is scaled by the temperature of the others.
    Where that is no better than the probabilities as they are, they stay as they are.
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
    crossed = np.zeros_like(logits)
    for part in np.unique(fold):
        rest = fold != part
        if not rest.any():
            return NotAvailable("all rows that were answered lie in one fold")
        crossed[~rest] = at_temperature(logits[~rest], fit_temperature(y[rest], logits[rest]))
    before, after = log_loss(y, at_temperature(logits, 1.0)), log_loss(y, crossed)
    used = after < before
    return TemperatureReport(
        temperature=fit_temperature(y, logits) if used else 1.0,
        log_loss_as_it_is=before,
        log_loss_scaled=after,
        n=len(y),
        used=used,
    )


def scale(
    model: FittedModel, chosen: ArmResult, found: TemperatureReport | NotAvailable
) -> tuple[FittedModel, ArmResult]:
    """The model, and its out-of-fold answers, at the temperature that was found."""
    if isinstance(found, NotAvailable) or not found.used:
        return model, chosen
    proba = at_temperature(logits_of(chosen.out_of_fold), found.temperature)
    proba[~np.isfinite(chosen.out_of_fold).all(axis=1)] = np.nan
    return (
        with_temperature(model, found.temperature),
        replace(chosen, out_of_fold=proba.astype(np.float32)),
    )
