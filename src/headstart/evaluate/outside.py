"""Rows that are none of the classes, on the sealed hold-out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from headstart.evaluate.calibration import SURE
from headstart.evaluate.estimates import Answers
from headstart.evaluate.sealed import SealedHoldout
from headstart.metrics import auroc
from headstart.stats import wilson
from headstart.types.model import OutsideScore
from headstart.types.result import NotAvailable, OutsidePoint, OutsideReport

POINTS = 40
"""Of the curve."""
NO_LABEL = NotAvailable("the brief names no label of rows out of scope (out_of_scope)")
NO_ROWS = NotAvailable("the hold-out has no row out of scope")
NO_HOLDOUT = NotAvailable("there is no hold-out to seal rows out of scope with")
REASON = "the decision: what the chosen model says of rows out of scope"


@dataclass(frozen=True, slots=True)
class Outside:
    """The score that was chosen on other rows, and the sealed rows that are none of the classes.

    outputs: raw values to (probabilities (n, classes), scores (n,)).
    """

    score: OutsideScore
    outputs: Callable[[Sequence[str]], tuple[NDArray[np.floating], NDArray[np.floating]]]
    sealed: SealedHoldout


def outside_report(
    outside: Outside | NotAvailable,
    y: NDArray[np.int64],
    said: Answers,
    values: Sequence[str],
    confidence: float,
) -> OutsideReport | NotAvailable:
    """What is flagged of the rows in scope (y, said, values) and of those that are not.

    Shares with Wilson's interval. The curve is of the rows that judge: no point of it is chosen.
    """
    if isinstance(outside, NotAvailable):
        return outside
    if not outside.sealed.n or not len(y):
        return NO_ROWS
    opened = outside.sealed.open(REASON)
    _, own = outside.outputs(values)
    proba, strange = outside.outputs(opened.values)
    limit = outside.score.threshold
    right = said.given == y
    missed = (strange <= limit) & (proba.max(axis=1) >= SURE)
    edges = np.quantile(np.concatenate([own, strange]), np.linspace(1.0, 0.0, POINTS))
    return OutsideReport(
        score=outside.score.name,
        n=len(y),
        n_outside=len(strange),
        recall=wilson(int((strange > limit).sum()), len(strange), confidence),
        false_alarms=wilson(int((own > limit).sum()), len(y), confidence),
        accuracy=wilson(int((right & (own <= limit)).sum()), len(y), confidence),
        auroc=auroc(own, strange),
        confident=wilson(int(missed.sum()), len(strange), confidence),
        points=tuple(
            OutsidePoint(
                float(edge),
                float((right & (own <= edge)).mean()),
                float((strange > edge).mean()),
            )
            for edge in np.unique(edges)[::-1]
        ),
    )
