"""Prediction sets: a threshold from the development rows, its coverage from the hold-out.

The threshold is the split conformal one, of out-of-fold probabilities. As the model that ships is
fitted on all of these rows, the coverage that it aims at is not guaranteed. What is guaranteed is
what the sealed rows say: threshold and model were fixed before they were opened, so that the exact
interval of the coverage there holds for the sets that ship, whatever the data and the model.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from headstart.evaluate.estimates import Answers
from headstart.metrics import RowMean
from headstart.stats import (
    clopper_pearson,
    prediction_sets,
    set_threshold,
    stratified_bootstrap_bca,
    wilson,
)
from headstart.types.brief import Brief
from headstart.types.result import NotAvailable, PredictionSetReport, SetSizeRow

LARGEST = 5
"""Sets of so many labels or more stand in one row."""
NOT_ASKED = NotAvailable("the brief asks for no prediction sets ([requirement] sets)")
NO_HOLDOUT = NotAvailable(
    "there is no hold-out to measure their coverage on, so that the bundle gives none"
)
NO_ROWS = NotAvailable("no row is left that may decide")
NOT_SCORED = NotAvailable("no development row has an out-of-fold answer")


@dataclass(frozen=True, slots=True)
class SetRule:
    """The probability from which on a label is in the set, taken from n rows."""

    threshold: float
    n: int


def set_rule(
    out_of_fold: Answers, codes: NDArray[np.int64], brief: Brief
) -> SetRule | NotAvailable:
    """Chosen on the development rows; not available where no sets are asked for, or where no row
    was scored."""
    level = brief.requirement.sets
    if level is None:
        return NOT_ASKED
    scored = np.isfinite(out_of_fold.proba).all(axis=1)
    if not scored.any():
        return NOT_SCORED
    rows = np.flatnonzero(scored)
    return SetRule(set_threshold(out_of_fold.proba[rows, codes[rows]], level), len(rows))


def prediction_set_report(
    y: NDArray[np.int64], said: Answers, known: int, rule: SetRule | NotAvailable, brief: Brief
) -> PredictionSetReport | NotAvailable:
    """The sets on rows that chose nothing. A set that holds any label holds the answer too, which
    is not always the most probable label.

    known: classes that were trained on; the columns after them are in no set.
    """
    level = brief.requirement.sets
    if level is None or isinstance(rule, NotAvailable):
        return rule if isinstance(rule, NotAvailable) else NOT_ASKED
    if not len(y):
        return NO_ROWS
    given = prediction_sets(said.proba, rule.threshold)
    given[:, known:] = False
    given[np.arange(len(y)), said.given] |= given.any(axis=1)
    held, sizes = given[np.arange(len(y)), y], given.sum(axis=1)
    confidence = brief.requirement.confidence
    return PredictionSetReport(
        level=level,
        threshold=rule.threshold,
        n_reference=rule.n,
        coverage=clopper_pearson(int(held.sum()), len(y), confidence),
        size=stratified_bootstrap_bca(
            RowMean(), y, sizes[:, None].astype(np.float64), confidence=confidence, seed=brief.seed
        ),
        single=wilson(int((sizes == 1).sum()), len(y), confidence),
        empty=wilson(int((sizes == 0).sum()), len(y), confidence),
        sizes=_by_size(sizes, held),
    )


def _by_size(sizes: NDArray[np.int64], held: NDArray[np.bool_]) -> tuple[SetSizeRow, ...]:
    capped = np.minimum(sizes, LARGEST)
    return tuple(
        SetSizeRow(size, size == LARGEST, int(rows.sum()), int(held[rows].sum()))
        for size in range(LARGEST + 1)
        if (rows := capped == size).any()
    )
