"""What the answers cost on the hold-out, with intervals."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from headstart.evaluate.costs import cheapest_answers, cost_matrix, cost_per_row
from headstart.evaluate.estimates import Proba
from headstart.stats import stratified_bootstrap_bca, wilson
from headstart.types.brief import Brief
from headstart.types.result import CostReport, Estimate, NotAvailable

Floats = NDArray[np.float64]
NO_COSTS = NotAvailable("the brief names no costs of mistakes")
NO_ROWS = NotAvailable("no row is left that may decide")
NEEDS_HOLDOUT = NotAvailable("costs are measured on a hold-out, and there is none")


def names_costs(brief: Brief) -> bool:
    """Whether the brief says what a mistake costs."""
    return bool(brief.mistake_costs or brief.cost_matrix)


class _Mean:
    """Mean of the only column, for any weights of the rows."""

    def __call__(self, y: NDArray[np.integer], column: NDArray[np.floating]) -> float:
        return float(column.mean())

    def weighted(
        self, y: NDArray[np.integer], column: NDArray[np.floating]
    ) -> Callable[[Floats], Floats]:
        return lambda weights: (weights @ column[:, 0]) / weights.sum(axis=1)


def cost_report(
    y: NDArray[np.int64],
    proba: Proba,
    labels: tuple[str, ...],
    majority: Proba,
    brief: Brief,
) -> CostReport | NotAvailable:
    """Cost of a case: mean over the rows, stratified bootstrap (BCa) within the true classes.

    Args:
        y: codes of the rows that decide (n,), into `labels`.
        proba: (n, labels), zero for labels that were never trained on.
        labels: those of the model first.
        majority: shares of the model's labels among the development rows (model's labels,).
    """
    if not names_costs(brief):
        return NO_COSTS
    if not len(y):
        return NO_ROWS
    try:
        costs = cost_matrix(labels, misses=brief.mistake_costs, matrix=brief.cost_matrix)
    except ValueError as error:
        return NotAvailable(str(error))
    known = len(majority)
    own = costs[:known, :known]
    cheapest = cheapest_answers(proba[:, :known], own)
    constant = np.full(len(y), cheapest_answers(majority[None, :], own)[0])
    plain, least = (cost_per_row(y, answers, costs) for answers in (proba.argmax(axis=1), cheapest))

    def mean(column: Floats) -> Estimate:
        return stratified_bootstrap_bca(
            _Mean(),
            y,
            column[:, None],
            confidence=brief.requirement.confidence,
            seed=brief.seed,
        )

    return CostReport(
        answers=mean(plain),
        cheapest=mean(least),
        difference=mean(least - plain),
        constant=mean(cost_per_row(y, constant, costs)),
        accuracy_of_cheapest=wilson(
            int((cheapest == y).sum()), len(y), brief.requirement.confidence
        ),
    )
