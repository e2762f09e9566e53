"""Rows that are none of the classes, on the sealed hold-out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from headstart.evaluate.calibration import SURE
from headstart.evaluate.estimates import Answers
from headstart.evaluate.sealed import SealedHoldout
from headstart.metrics import auroc
from headstart.stats import wilson
from headstart.types.model import OutsideScore
from headstart.types.result import (
    Estimate,
    NotAvailable,
    OutsidePoint,
    OutsideReport,
    SelectiveCertificate,
)

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


def strangeness(
    outside: Outside | NotAvailable, values: Sequence[str]
) -> NDArray[np.floating] | None:
    """Scores of rows in scope (n,); None where nothing tells what lies out of scope."""
    if isinstance(outside, NotAvailable) or not len(values):
        return None
    return outside.outputs(values)[1]


def offered(
    said: Answers, own: NDArray[np.floating] | None, outside: Outside | NotAvailable
) -> Answers:
    """The answers as the bundle gives them: those to rows that it flags go to a person."""
    if own is None or isinstance(outside, NotAvailable):
        return said
    return replace(said, withheld=own > outside.score.threshold)


def outside_report(
    outside: Outside | NotAvailable,
    y: NDArray[np.int64],
    said: Answers,
    own: NDArray[np.floating] | None,
    judge: Callable[[NDArray[np.floating]], Answers],
    certified: SelectiveCertificate | NotAvailable,
    confidence: float,
) -> OutsideReport | NotAvailable:
    """What is flagged of the rows in scope (y, said, and their scores `own`) and of the others.

    Shares with Wilson's interval. The curve is of the rows that judge: no point of it is chosen.

    judge: what the model answers where it gives these probabilities.
    """
    if isinstance(outside, NotAvailable):
        return outside
    if not outside.sealed.n or own is None:
        return NO_ROWS
    opened = outside.sealed.open(REASON)
    proba, strange = outside.outputs(opened.values)
    limit = outside.score.threshold
    right = said.given == y
    missed = (strange <= limit) & (proba.max(axis=1) >= SURE)
    alone: Estimate | NotAvailable
    if isinstance(certified, NotAvailable):
        alone = certified
    else:
        sure = (strange <= limit) & (judge(proba).certainty >= certified.threshold)
        alone = wilson(int(sure.sum()), len(strange), confidence)
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
        alone=alone,
        bearable=_bearable(certified, alone),
    )


def _bearable(
    certified: SelectiveCertificate | NotAvailable, alone: Estimate | NotAvailable
) -> float | None:
    """The share s of cases out of scope at which, with what was measured, the limit L is reached:
    of all that is answered alone, c·(1 − s) in scope of which e are wrong and a·s that are not."""
    if isinstance(certified, NotAvailable) or isinstance(alone, NotAvailable) or not alone.value:
        return None
    left = certified.coverage * max(0.0, certified.limit - certified.error)
    odds = left / (alone.value * (1.0 - certified.limit))
    return odds / (1.0 + odds)
