"""Metrics with intervals on rows that no model has seen."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from headstart.metrics import RANGES, ScoreStatistic
from headstart.stats import stratified_bootstrap_bca, wilson
from headstart.types.result import Estimate, NotAvailable

Proba = NDArray[np.floating]
RESAMPLES = 1000


def metric_estimates(
    y: NDArray[np.int64], proba: Proba, confidence: float, seed: int
) -> dict[str, Estimate | NotAvailable]:
    """Accuracy with Wilson's interval; the others by stratified bootstrap (BCa, Efron 1987)."""
    if not len(y):
        return dict.fromkeys(RANGES, NotAvailable("no row is left that may decide"))
    hits = int((proba.argmax(axis=1) == y).sum())
    found: dict[str, Estimate | NotAvailable] = {"accuracy": wilson(hits, len(y), confidence)}
    for name, (lower, upper) in RANGES.items():
        if name not in found:
            found[name] = stratified_bootstrap_bca(
                ScoreStatistic(name, proba.shape[1]),
                y,
                proba,
                confidence=confidence,
                resamples=RESAMPLES,
                seed=seed,
                lower=lower,
                upper=upper,
            )
    return found
