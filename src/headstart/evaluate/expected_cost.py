"""What the answers cost, with intervals."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from headstart.evaluate.estimates import Proba
from headstart.evaluate.held_rows import HeldRows
from headstart.metrics import cheapest_answers, cost_per_row
from headstart.types.brief import Brief
from headstart.types.result import CostReport, NotAvailable

Floats = NDArray[np.float64]
NO_COSTS = NotAvailable("the brief names no costs of mistakes")
NO_ROWS = NotAvailable("no row is left that may decide")


def cost_report(
    rows: HeldRows,
    proba: Proba,
    costs: Floats | None,
    majority: Proba,
    brief: Brief,
) -> CostReport | NotAvailable:
    """Cost of a case: mean over the rows.

    Args:
        rows: those that decide (n).
        proba: (n, labels), zero for labels that were never trained on; the model's labels first.
        costs: (labels, labels), where the brief names some (`costs_named`).
        majority: shares of the model's labels among the development rows (model's labels,).
    """
    if costs is None:
        return NO_COSTS
    y = rows.codes
    if not len(y):
        return NO_ROWS
    known = len(majority)
    own = costs[:known, :known]
    cheapest = cheapest_answers(proba[:, :known], own)
    constant = np.full(len(y), cheapest_answers(majority[None, :], own)[0])
    plain, least = (cost_per_row(y, answers, costs) for answers in (proba.argmax(axis=1), cheapest))

    return CostReport(
        answers=rows.mean(plain),
        cheapest=rows.mean(least),
        difference=rows.mean(least - plain),
        constant=rows.mean(cost_per_row(y, constant, costs)),
        accuracy_of_answers=rows.share(proba.argmax(axis=1) == y),
        accuracy_of_cheapest=rows.share(cheapest == y),
    )
