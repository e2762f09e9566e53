"""Labels with an order: how many steps the answers are off on the hold-out."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from headstart.metrics import QuadraticKappa, RowMean, positions
from headstart.stats import stratified_bootstrap_bca, wilson
from headstart.types.brief import Brief
from headstart.types.result import NotAvailable, OrdinalReport, StepsRow

NO_ORDER = NotAvailable("the brief names no order of the labels ([data] order)")
NO_ROWS = NotAvailable("no row is left that may decide")
NEEDS_HOLDOUT = NotAvailable("steps are counted on a hold-out, and there is none")
ONE_LABEL = NotAvailable("every label and every answer is the same one: kappa is not defined")
MOST_STEPS = 2
"""From here on steps are counted together."""


def ordinal_report(
    y: NDArray[np.int64], given: NDArray[np.int64], labels: Sequence[str], brief: Brief
) -> OrdinalReport | NotAvailable:
    """Mean absolute error and quadratic weighted kappa, stratified bootstrap (BCa) within the true
    labels, and how many answers are how far off, with Wilson's interval.

    y, given: codes of the rows that decide and of their answers (n,).
    """
    if not brief.data.order:
        return NO_ORDER
    if not len(y):
        return NO_ROWS
    confidence, seed = brief.requirement.confidence, brief.seed
    place = positions(labels, brief.data.order)
    both = np.column_stack([place[y], place[given]])
    off = np.abs(both[:, 0] - both[:, 1])
    rows = []
    for steps in range(MOST_STEPS + 1):
        hits = int((off >= steps).sum() if steps == MOST_STEPS else (off == steps).sum())
        rows.append(StepsRow(steps, steps == MOST_STEPS, hits, wilson(hits, len(y), confidence)))
    furthest = float(len(brief.data.order) - 1)
    return OrdinalReport(
        mean_absolute_error=stratified_bootstrap_bca(
            RowMean(), y, off[:, None], confidence=confidence, seed=seed, lower=0.0, upper=furthest
        ),
        kappa=ONE_LABEL
        if np.ptp(both) == 0.0
        else stratified_bootstrap_bca(
            QuadraticKappa(), y, both, confidence=confidence, seed=seed, lower=-1.0, upper=1.0
        ),
        steps=tuple(rows),
    )
