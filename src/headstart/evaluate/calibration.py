"""Whether stated probabilities come true."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from headstart.evaluate.estimates import RESAMPLES, Answers, Proba
from headstart.metrics import (
    RANGES,
    ScoreStatistic,
    brier_decomposition,
    calibration_error_of,
    reliability_of,
)
from headstart.stats import stratified_bootstrap_bca, wilson
from headstart.types.result import CalibrationReport, NotAvailable

SURE = 0.9
"""A wrong answer given with at least this probability is one that nobody expects."""
NOT_SCALED = NotAvailable("the probabilities are as the head gives them")


def calibration_report(
    y: NDArray[np.int64],
    said: Answers,
    *,
    before: Proba | None = None,
    confidence: float = 0.95,
    seed: int = 0,
) -> CalibrationReport | NotAvailable:
    """How far the probability of the answer that is given lies from how often it is right.

    Args:
        y: codes (n,).
        before: the probabilities (n, classes) before they were scaled; None: they were not.
    """
    if not len(y):
        return NotAvailable("no row is left that may decide")
    stated, right = said.certainty.astype(np.float64), said.given == y
    sure = stated >= SURE
    return CalibrationReport(
        error=calibration_error_of(stated, right, confidence=confidence),
        reliability=reliability_of(stated, right, confidence=confidence),
        brier=brier_decomposition(y, said.proba),
        log_loss_as_it_is=NOT_SCALED
        if before is None
        else stratified_bootstrap_bca(
            ScoreStatistic("log_loss", said.proba.shape[1]),
            y,
            before,
            confidence=confidence,
            resamples=RESAMPLES,
            seed=seed,
            lower=RANGES["log_loss"][0],
            upper=RANGES["log_loss"][1],
        ),
        sure=wilson(int(sure.sum()), len(y), confidence),
        sure_wrong=wilson(int((sure & ~right).sum()), int(sure.sum()), confidence)
        if sure.any()
        else NotAvailable(f"no answer was given with a probability of {SURE:g} or more"),
        sure_from=SURE,
    )
