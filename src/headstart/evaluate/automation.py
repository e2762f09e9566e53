"""How much to answer without a person, by what answers and reviews cost."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from headstart.evaluate.estimates import Answers
from headstart.metrics import RowMean, automation_curve
from headstart.stats import stratified_bootstrap_bca, wilson
from headstart.types.brief import Brief
from headstart.types.result import AutomationPoint, AutomationReport, Estimate, NotAvailable

POINTS = 40
"""Thresholds of the curve."""
NO_REVIEW = NotAvailable("the brief names no cost of a review ([mistakes] review)")
NO_ROWS = NotAvailable("no row is left that may decide")
NO_HOLDOUT = NotAvailable("costs are measured on a hold-out, and there is none")


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Of the curve, the strictest first, and the one at which a case costs least."""

    curve: NDArray[np.float64]
    chosen: float


def thresholds_by_cost(
    out_of_fold: Answers, codes: NDArray[np.int64], brief: Brief
) -> Thresholds | None:
    """Chosen on the development rows; None where no cost of a review is named, or no row scored."""
    scored = np.isfinite(out_of_fold.proba).all(axis=1)
    if brief.review_cost is None or not scored.any():
        return None
    said, y = out_of_fold[scored], codes[scored]
    found = automation_curve(
        said.certainty, said.spent(y), review=brief.review_cost, value=brief.automated_value
    )
    chosen = min(float(found.thresholds[found.best]), 1.0)
    spread = np.quantile(said.certainty, np.linspace(1.0, 0.0, POINTS), method="lower")
    return Thresholds(np.unique(np.append(spread.astype(np.float64), [chosen, 0.0]))[::-1], chosen)


def automation_report(
    y: NDArray[np.int64], said: Answers, tried: Thresholds | None, brief: Brief
) -> AutomationReport | NotAvailable:
    """The curve on rows that chose nothing. Intervals: stratified bootstrap (BCa), Wilson.

    What is withheld is reviewed at every threshold.
    """
    if brief.review_cost is None:
        return NO_REVIEW
    if tried is None or not len(y):
        return NO_ROWS
    review, value = brief.review_cost, brief.automated_value
    spent = said.spent(y)
    curve = automation_curve(
        said.certainty, spent, review=review, value=value, thresholds=tried.curve
    )
    alone = said.certainty >= tried.chosen
    confidence, seed = brief.requirement.confidence, brief.seed

    def mean(column: NDArray[np.float64]) -> Estimate:
        return stratified_bootstrap_bca(
            RowMean(), y, column[:, None], confidence=confidence, seed=seed
        )

    return AutomationReport(
        points=tuple(
            AutomationPoint(float(at), float(share), float(cost))
            for at, share, cost in zip(curve.thresholds, curve.share, curve.cost, strict=True)
        ),
        chosen=tried.chosen,
        share=wilson(int(alone.sum()), len(y), confidence),
        cost=mean(np.where(alone, spent - value, review)),
        alone=mean(np.where(said.certainty >= 0.0, spent - value, review)),
        review=review,
    )
