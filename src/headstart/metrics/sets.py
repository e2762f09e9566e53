"""Metrics of rows that may have several labels.

`y` holds 1 where a label applies, (n, labels); so does what is answered.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from headstart.metrics.classification import f1_of_margins
from headstart.metrics.costs import UNNAMED
from headstart.types.brief import Brief

Marks = NDArray[np.integer]
Proba = NDArray[np.floating]
Floats = NDArray[np.float64]
Weighted = Callable[[Floats], Floats]
"""Row weights (resamples, n) to values (resamples,)."""
SET_METRICS = (
    "accuracy",
    "macro_f1",
    "micro_f1",
    "average_precision",
    "hamming_loss",
    "log_loss",
    "brier",
    "cost",
)
OF_SETS = ("accuracy", "macro_f1", "micro_f1", "hamming_loss")
"""Metrics of what is answered; the others but `cost` look at the probabilities."""


def set_costs(
    labels: Sequence[str], misses: Mapping[str, float], false_alarms: Mapping[str, float]
) -> Floats:
    """Cost of a missed label and of one too many, (2, labels); 1.0 where none is named.

    Raises:
        ValueError: a label that there is not, or a cost below 0.

    >>> set_costs(["spam", "urgent"], {"urgent": 5.0}, {}).tolist()
    [[1.0, 5.0], [1.0, 1.0]]
    """
    unknown = sorted({*misses, *false_alarms} - set(labels))
    if unknown:
        raise ValueError(f"costs are named for labels that there are not: {', '.join(unknown)}")
    found = np.array(
        [[named.get(one, UNNAMED) for one in labels] for named in (misses, false_alarms)]
    )
    if not (found >= 0.0).all():
        raise ValueError("a cost is 0 or more")
    return found


def set_costs_named(brief: Brief, labels: Sequence[str]) -> Floats | None:
    """The brief's costs of missed labels and of those too many (2, labels); None: it names none.

    Raises:
        ValueError: a cost is named for a label that there is not, or for a pair of labels.
    """
    if not brief.names_costs:
        return None
    if brief.cost_matrix:
        raise ValueError(
            "a cost of one label answered for another is for rows with one label each; of several "
            "labels a row, each has the cost of its miss (costs) and of its false alarm "
            "(false_alarms)"
        )
    return set_costs(labels, brief.mistake_costs, brief.false_alarm_costs)


def given_labels(proba: Proba, costs: Floats | None = None) -> NDArray[np.bool_]:
    """Which labels are given to each row (n, labels): those whose miss is expected to cost more
    than a false alarm; without costs those that are more likely than not.

    The threshold of a label is false alarm / (false alarm + miss) (Elkan 2001).

    >>> given_labels(np.array([[0.4, 0.4]]), np.array([[1.0, 4.0], [1.0, 1.0]])).tolist()
    [[False, True]]
    """
    return np.asarray(proba.astype(np.float64) > label_thresholds(proba.shape[1], costs))


def label_thresholds(labels: int, costs: Floats | None = None) -> Floats:
    """Probability above which each label is given (labels,).

    >>> label_thresholds(1, np.array([[3.0], [1.0]])).tolist()
    [0.25]
    """
    if costs is None:
        return np.full(labels, 0.5)
    total = costs.sum(axis=0)
    found: Floats = np.divide(costs[1], total, out=np.full(labels, 0.5), where=total > 0.0)
    return found


def set_certainty(proba: Proba, given: NDArray[np.bool_]) -> Floats:
    """Probability that every label of a row is answered rightly (n,), if labels were independent.

    >>> set_certainty(np.array([[0.9, 0.2]]), np.array([[True, False]])).round(2).tolist()
    [0.72]
    """
    wide = proba.astype(np.float64)
    found: Floats = np.where(given, wide, 1.0 - wide).prod(axis=1)
    return found


def cost_of_sets(y: Marks, given: NDArray[np.bool_], costs: Floats | None = None) -> Floats:
    """What the answer to each row costs (n,); without costs every wrong label costs 1."""
    missed, added = (y == 1) & ~given, (y == 0) & given
    if costs is None:
        return np.asarray((missed | added).sum(axis=1), dtype=np.float64) * UNNAMED
    return np.asarray(missed @ costs[0] + added @ costs[1], dtype=np.float64)


def set_scores(
    y: Marks, proba: Proba, costs: Floats | None = None, by: Floats | None = None
) -> dict[str, float]:
    """Every metric of probabilities (n, labels), and where costs are named the cost of the answers
    that they make cheapest. The other metrics of answers are of the labels that are expected to
    cost least `by`, or without it of those more likely than not.

    >>> found = set_scores(np.eye(2, dtype=int), np.array([[0.9, 0.1], [0.6, 0.8]]))
    >>> found["accuracy"], found["hamming_loss"]
    (0.5, 0.25)
    """
    return {name: set_score(name, y, proba, costs, by) for name in set_metric_names(costs)}


def set_score(
    metric: str, y: Marks, proba: Proba, costs: Floats | None = None, by: Floats | None = None
) -> float:
    """One metric of `set_scores`."""
    if metric == "cost":
        return float(cost_of_sets(y, given_labels(proba, costs), costs).mean())
    return SetStatistic(metric, y.shape[1]).of(y, judged_by(metric, proba, by))


def judged_by(metric: str, proba: Proba, by: Floats | None = None) -> Proba:
    """What a metric looks at (n, labels): the probabilities, or 1 where a label is given."""
    return given_labels(proba, by).astype(np.float64) if metric in OF_SETS else proba


def set_row_values(
    metric: str, y: Marks, proba: Proba, costs: Floats | None = None, by: Floats | None = None
) -> Floats | None:
    """Each row's value (n,) of a metric that is a mean over rows; None: it is none."""
    if metric == "cost":
        return cost_of_sets(y, given_labels(proba, costs), costs)
    of = _OF_ROWS.get(metric)
    return None if of is None else of(y.astype(np.float64), judged_by(metric, proba, by))


def set_metric_names(costs: Floats | None) -> list[str]:
    """Every metric that can be had: `cost` only where costs are named."""
    return [name for name in SET_METRICS if name != "cost" or costs is not None]


@dataclass(frozen=True, slots=True)
class SetStatistic:
    """A metric by name, of rows or of weighted rows, as the bootstrap needs it.

    Its columns are the truth (labels) beside what is judged (labels): probabilities, or 1 where a
    label was given for a metric of `OF_SETS`. The codes are not looked at.
    """

    name: str
    labels: int

    def __call__(self, codes: NDArray[np.integer], columns: Proba) -> float:
        every = np.ones((1, len(columns)))
        return float(self.weighted(codes, columns)(every)[0])

    def of(self, y: Marks, judged: Proba) -> float:
        """The metric of marks and of what is judged, both (n, labels)."""
        if y.shape != judged.shape or y.ndim != 2 or not len(y):
            raise ValueError(f"labels {y.shape} do not belong to answers {judged.shape}")
        return self(np.zeros(len(y), dtype=np.int64), np.hstack([y, judged]))

    def weighted(self, codes: NDArray[np.integer], columns: Proba) -> Weighted:
        """The metric as a function of row weights (resamples, n)."""
        y = columns[:, : self.labels].astype(np.float64)
        judged = columns[:, self.labels :]
        if self.name in _OF_ROWS:
            return _row_means(_OF_ROWS[self.name](y, judged))
        return _OF_ALL[self.name](y, judged)


@dataclass(frozen=True, slots=True)
class SetDifference:
    """A metric of one model less that of another: truth, the first's columns, the second's."""

    name: str
    labels: int

    def __call__(self, codes: NDArray[np.integer], columns: Proba) -> float:
        every = np.ones((1, len(columns)))
        return float(self.weighted(codes, columns)(every)[0])

    def weighted(self, codes: NDArray[np.integer], columns: Proba) -> Weighted:
        """The difference as a function of row weights (resamples, n)."""
        one, size = SetStatistic(self.name, self.labels), self.labels
        left = one.weighted(codes, columns[:, : 2 * size])
        right = one.weighted(codes, np.hstack([columns[:, :size], columns[:, 2 * size :]]))
        return lambda weights: left(weights) - right(weights)


def average_precision(y: Marks, proba: Proba) -> float:
    """Mean over the labels that occur of the average precision (n, labels).

    The same as `sklearn.metrics.average_precision_score(average="macro")`: Σ (R_k − R_{k−1}) P_k
    over the distinct probabilities.

    >>> average_precision(np.array([[1], [0], [1]]), np.array([[0.9], [0.8], [0.7]]))
    0.8333333333333333
    """
    return SetStatistic("average_precision", y.shape[1]).of(y, proba)


def _row_means(values: Floats) -> Weighted:
    def of(weights: Floats) -> Floats:
        mean: Floats = weights @ values / weights.sum(axis=1)
        return mean

    return of


def _f1(y: Floats, judged: Proba, *, micro: bool) -> Weighted:
    given = judged.astype(np.float64)
    hits = y * given

    def of(weights: Floats) -> Floats:
        right, true, said = weights @ hits, weights @ y, weights @ given
        if micro:
            below = (true + said).sum(axis=1)
            found: Floats = 2.0 * right.sum(axis=1) / np.maximum(below, 1e-300)
            return found
        return f1_of_margins(right, true, said)

    return of


def _average_precision(y: Floats, judged: Proba) -> Weighted:
    parts = []
    for label in range(y.shape[1]):
        order = np.argsort(-judged[:, label], kind="stable")
        placed = judged[order, label]
        ends = np.append(np.flatnonzero(np.diff(placed)), len(placed) - 1)
        parts.append((order, ends, y[order, label]))

    def of(weights: Floats) -> Floats:
        total, counted = np.zeros(len(weights)), np.zeros(len(weights))
        for order, ends, true in parts:
            own = weights[:, order]
            hits = np.cumsum(own * true, axis=1)[:, ends]
            said = np.cumsum(own, axis=1)[:, ends]
            steps = np.diff(hits, axis=1, prepend=0.0)
            area = (steps * hits / np.maximum(said, 1e-300)).sum(axis=1)
            there = hits[:, -1] > 0.0
            total += np.where(there, area / np.where(there, hits[:, -1], 1.0), 0.0)
            counted += there
        found: Floats = total / np.maximum(counted, 1.0)
        return found

    return of


def _log_loss(y: Floats, judged: Proba) -> Floats:
    kind = judged.dtype if judged.dtype.kind == "f" else np.dtype(np.float64)
    smallest = float(np.finfo(kind).eps)
    true = np.where(y == 1.0, judged, 1.0 - judged.astype(np.float64))
    lost: Floats = -np.log(np.clip(true, smallest, 1.0 - smallest)).mean(axis=1)
    return lost


_OF_ROWS: dict[str, Callable[[Floats, Proba], Floats]] = {
    "accuracy": lambda y, judged: (y == judged).all(axis=1).astype(np.float64),
    "hamming_loss": lambda y, judged: (y != judged).mean(axis=1),
    "log_loss": _log_loss,
    "brier": lambda y, judged: ((y - judged) ** 2).mean(axis=1),
}
_OF_ALL: dict[str, Callable[[Floats, Proba], Weighted]] = {
    "macro_f1": lambda y, judged: _f1(y, judged, micro=False),
    "micro_f1": lambda y, judged: _f1(y, judged, micro=True),
    "average_precision": _average_precision,
}
