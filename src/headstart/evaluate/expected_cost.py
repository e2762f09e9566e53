"""What the answers cost on the hold-out, with intervals."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from headstart.evaluate.estimates import Proba
from headstart.metrics import RowMean, cheapest_answers, cost_per_row
from headstart.stats import stratified_bootstrap_bca, wilson
from headstart.types.brief import Brief
from headstart.types.result import CostReport, Estimate, NotAvailable

Floats = NDArray[np.float64]
NO_COSTS = NotAvailable("the brief names no costs of mistakes")
NO_ROWS = NotAvailable("no row is left that may decide")
NEEDS_HOLDOUT = NotAvailable("costs are measured on a hold-out, and there is none")


def cost_report(
    y: NDArray[np.int64],
    proba: Proba,
    costs: Floats | None,
    majority: Proba,
    brief: Brief,
) -> CostReport | NotAvailable:
    """Cost of a case: mean over the rows, stratified bootstrap (BCa) within the true classes.

    Args:
        y: codes of the rows that decide (n,).
        proba: (n, labels), zero for labels that were never trained on; the model's labels first.
        costs: (labels, labels), where the brief names some (`costs_named`).
        majority: shares of the model's labels among the development rows (model's labels,).
    """
    if costs is None:
        return NO_COSTS
    if not len(y):
        return NO_ROWS
    known = len(majority)
    own = costs[:known, :known]
    cheapest = cheapest_answers(proba[:, :known], own)
    constant = np.full(len(y), cheapest_answers(majority[None, :], own)[0])
    plain, least = (cost_per_row(y, answers, costs) for answers in (proba.argmax(axis=1), cheapest))

    def mean(column: Floats) -> Estimate:
        return stratified_bootstrap_bca(
            RowMean(),
            y,
            column[:, None],
            confidence=brief.requirement.confidence,
            seed=brief.seed,
        )

    def right(answers: NDArray[np.int64]) -> Estimate:
        return wilson(int((answers == y).sum()), len(y), brief.requirement.confidence)

    return CostReport(
        answers=mean(plain),
        cheapest=mean(least),
        difference=mean(least - plain),
        constant=mean(cost_per_row(y, constant, costs)),
        accuracy_of_answers=right(proba.argmax(axis=1)),
        accuracy_of_cheapest=right(cheapest),
    )
