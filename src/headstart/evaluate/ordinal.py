"""Labels with an order: how many steps the answers are off."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from headstart.evaluate.held_rows import HeldRows
from headstart.metrics import positions
from headstart.types.brief import Brief
from headstart.types.result import NotAvailable, OrdinalReport, StepsRow

NO_ORDER = NotAvailable("the brief names no order of the labels ([data] order)")
NO_ROWS = NotAvailable("no row is left that may decide")
ONE_LABEL = NotAvailable("every label and every answer is the same one: kappa is not defined")
MOST_STEPS = 2
"""From here on steps are counted together."""


def ordinal_report(
    rows: HeldRows, given: NDArray[np.int64], labels: Sequence[str], brief: Brief
) -> OrdinalReport | NotAvailable:
    """Mean absolute error, quadratic weighted kappa, and how many answers are how far off.

    rows: those that decide (n); given: codes of their answers (n,).
    """
    if not brief.data.order:
        return NO_ORDER
    y = rows.codes
    if not len(y):
        return NO_ROWS
    place = positions(labels, brief.data.order)
    both = np.column_stack([place[y], place[given]])
    off = np.abs(both[:, 0] - both[:, 1])
    counted = []
    for steps in range(MOST_STEPS + 1):
        hit = off >= steps if steps == MOST_STEPS else off == steps
        share = rows.share(hit)
        counted.append(StepsRow(steps, steps == MOST_STEPS, int(hit.sum()), share))
    furthest = float(len(brief.data.order) - 1)
    return OrdinalReport(
        mean_absolute_error=rows.mean(off, 0.0, furthest),
        kappa=ONE_LABEL if np.ptp(both) == 0.0 else rows.kappa(both),
        steps=tuple(counted),
    )
