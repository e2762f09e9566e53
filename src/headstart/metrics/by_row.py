"""What each row has part in a metric."""

from __future__ import annotations

import numpy as np

from headstart.metrics.costs import cost_of_answers, given_answers
from headstart.metrics.probability import row_brier, row_log_loss
from headstart.metrics.sets import SetStatistic, judged_by, set_row_values
from headstart.metrics.weighted import Codes, Floats, Proba, Weighted, weighted_score

CELLS = 2_000_000
"""Row weights that are held at a time."""


def row_values(
    name: str,
    y: Codes,
    proba: Proba,
    weights: Floats | None = None,
    costs: Floats | None = None,
    by: Floats | None = None,
) -> Floats:
    """Pseudo-values of the jackknife (n,): n·θ − (n − 1)·θ without the row (Tukey 1958).

    Of a mean over rows they are the rows' own values. Their variance over n is the jackknife's
    variance of the metric; that of the differences between two models' pseudo-values of the same
    rows, over n, is the variance of the difference of their metrics.

    Args:
        y: codes (n,), none of them −1; of rows that may have several labels 1 where one applies
            (n, labels).
        weights: how much each row counts for (n,); None: one as much as the other.
        proba, costs, by: those of `score`.

    >>> y, proba = np.array([0, 1, 1]), np.array([[0.9, 0.1], [0.8, 0.2], [0.3, 0.7]])
    >>> row_values("accuracy", y, proba).tolist()
    [1.0, 0.0, 1.0]
    >>> row_values("balanced_accuracy", y, proba).round(2).tolist()
    [1.25, 0.25, 1.25]
    """
    n = len(y)
    counted = np.ones(n) if weights is None else np.asarray(weights, dtype=np.float64)
    own = _own(name, y, proba, costs, by)
    if own is not None:
        if n < 2:
            return own
        total, summed = counted.sum(), counted @ own
        whole, without = summed / total, (summed - counted * own) / (total - counted)
    else:
        of, kinds = _of_all(name, y, proba, counted, by)
        if n < 2:
            return of(counted[None])
        whole, without = float(of(counted[None])[0]), _without_each(of, kinds, counted)
    values: Floats = n * whole - (n - 1) * without
    return values


def _own(
    name: str, y: Codes, proba: Proba, costs: Floats | None, by: Floats | None
) -> Floats | None:
    """Of a metric that is a mean over rows, each row's value."""
    if y.ndim == 2:
        return set_row_values(name, y, proba, costs, by)
    if name == "accuracy":
        return np.asarray(given_answers(proba, by) == y, dtype=np.float64)
    if name == "cost":
        return cost_of_answers(y, proba, costs)
    if name == "log_loss":
        return row_log_loss(y, proba)
    return row_brier(y, proba) if name == "brier" else None


def _of_all(
    name: str, y: Codes, proba: Proba, counted: Floats, by: Floats | None
) -> tuple[Weighted, Floats]:
    """(a metric of all rows together, of their weights; what its part in it hangs on, a row
    each)."""
    if y.ndim == 2:
        judged = judged_by(name, proba, by)
        columns = np.hstack([y, judged])
        of = SetStatistic(name, y.shape[1]).weighted(np.zeros(len(y), dtype=np.int64), columns)
        return of, np.column_stack([columns, counted])
    of = weighted_score(name, y, proba, None, by)
    return of, np.column_stack([y, given_answers(proba, by), counted])


def _without_each(of: Weighted, kinds: Floats, counted: Floats) -> Floats:
    """The metric without each row (n,); rows of one kind are worth the same."""
    _, first, alike = np.unique(kinds, axis=0, return_index=True, return_inverse=True)
    parts = []
    for rows in np.array_split(first, -(-len(first) * len(counted) // CELLS)):
        weights = np.tile(counted, (len(rows), 1))
        weights[np.arange(len(rows)), rows] = 0.0
        parts.append(of(weights))
    return np.concatenate(parts)[alike.reshape(-1)]
