"""Metrics with intervals on rows that no model has seen."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from headstart.metrics import score
from headstart.stats import stratified_bootstrap_bca, wilson
from headstart.types.result import Estimate, NotAvailable

Proba = NDArray[np.floating]
METRICS = ("accuracy", "macro_f1", "balanced_accuracy", "log_loss", "brier")
RESAMPLES = 1000


def metric_estimates(
    y: NDArray[np.int64], proba: Proba, confidence: float, seed: int
) -> dict[str, Estimate | NotAvailable]:
    """Accuracy with Wilson's interval; the others by stratified bootstrap (BCa, Efron 1987)."""
    if not len(y):
        return dict.fromkeys(METRICS, NotAvailable("no row is left that may decide"))
    classes = proba.shape[1]
    hits = int((proba.argmax(axis=1) == y).sum())
    found: dict[str, Estimate | NotAvailable] = {"accuracy": wilson(hits, len(y), confidence)}
    for name in METRICS[1:]:
        found[name] = stratified_bootstrap_bca(
            statistic(name, classes),
            y,
            proba,
            confidence=confidence,
            resamples=RESAMPLES,
            seed=seed,
        )
    return found


def statistic(name: str, classes: int) -> Callable[[NDArray[np.int64], Proba], float]:
    """A metric as a function of labels and probabilities."""
    return lambda y, proba: score(name, y, proba, classes)
