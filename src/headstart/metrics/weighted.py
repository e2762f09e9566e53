"""Metrics of many weightings of the same rows at once, as the bootstrap needs them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from headstart.metrics.classification import f1_of_margins, recall_of_margins
from headstart.metrics.costs import cost_of_answers, given_answers
from headstart.metrics.probability import row_brier, row_log_loss
from headstart.metrics.scores import OF_ANSWERS, metric_names, score

Codes = NDArray[np.integer]
Proba = NDArray[np.floating]
Floats = NDArray[np.float64]
Weighted = Callable[[Floats], Floats]
"""Row weights (resamples, n) to values (resamples,)."""


@dataclass(frozen=True, slots=True)
class ScoreStatistic:
    """A metric by name, of rows or of weighted rows.

    A weight of 2 counts a row twice, 0 leaves it out: equal to the metric of the rows repeated.

    >>> y, proba = np.array([0, 1]), np.array([[0.9, 0.1], [0.8, 0.2]])
    >>> statistic = ScoreStatistic("accuracy", 2)
    >>> statistic(y, proba)
    0.5
    >>> statistic.weighted(y, proba)(np.array([[1.0, 1.0], [2.0, 0.0]])).tolist()
    [0.5, 1.0]
    """

    name: str
    n_classes: int

    def __call__(self, y: Codes, proba: Proba) -> float:
        return score(self.name, y, proba, self.n_classes)

    def weighted(self, y: Codes, proba: Proba) -> Weighted:
        """The metric as a function of row weights alone."""
        self(y, proba)
        if self.name in {"macro_f1", "balanced_accuracy"}:
            return _by_class(y, proba.argmax(axis=1), self.n_classes, self.name)
        if self.name == "accuracy":
            return _mean((proba.argmax(axis=1) == y).astype(np.float64))
        if self.name == "cost":
            return _mean(cost_of_answers(y, proba))
        if self.name == "log_loss":
            return _mean(row_log_loss(y, proba), known=(y >= 0).astype(np.float64))
        return _mean(row_brier(y, proba))


def weighted_scores(
    y: Codes,
    proba: Proba,
    weights: Floats,
    costs: Floats | None = None,
    by: Floats | None = None,
) -> dict[str, float]:
    """`all_scores` of rows with one label each that count for so much (n,).

    >>> y, proba = np.array([0, 1]), np.array([[0.9, 0.1], [0.8, 0.2]])
    >>> weighted_scores(y, proba, np.array([3.0, 1.0]))["accuracy"]
    0.75
    """
    one = weights[None]
    return {
        name: float(weighted_score(name, y, proba, costs, by)(one)[0])
        for name in metric_names(costs)
    }


def weighted_score(
    name: str, y: Codes, proba: Proba, costs: Floats | None = None, by: Floats | None = None
) -> Weighted:
    """One metric of rows with one label each as a function of how much they count for; the
    arguments are those of `score`."""
    if name == "cost":
        return _mean(cost_of_answers(y, proba, costs))
    classes = proba.shape[1]
    columns = np.eye(classes)[given_answers(proba, by)] if name in OF_ANSWERS else proba
    return ScoreStatistic(name, classes).weighted(y, columns)


@dataclass(frozen=True, slots=True)
class RowMean:
    """Mean of the only column, whatever the labels are.

    >>> RowMean()(np.array([0, 1]), np.array([[1.0], [2.0]]))
    1.5
    """

    def __call__(self, y: Codes, column: Proba) -> float:
        return float(column.mean())

    def weighted(self, y: Codes, column: Proba) -> Weighted:
        """The mean as a function of row weights alone."""
        return _mean(column[:, 0].astype(np.float64))


@dataclass(frozen=True, slots=True)
class ScoreDifference:
    """A metric of the model in the left half of the columns less that of the one in the right."""

    name: str
    n_classes: int

    def __call__(self, y: Codes, both: Proba) -> float:
        one = ScoreStatistic(self.name, self.n_classes)
        return one(y, both[:, : self.n_classes]) - one(y, both[:, self.n_classes :])

    def weighted(self, y: Codes, both: Proba) -> Weighted:
        """The difference as a function of row weights alone."""
        one = ScoreStatistic(self.name, self.n_classes)
        left = one.weighted(y, both[:, : self.n_classes])
        right = one.weighted(y, both[:, self.n_classes :])
        return lambda weights: left(weights) - right(weights)


@dataclass(frozen=True, slots=True)
class LabelF1Difference:
    """Macro-F1 of the answers in the first column less that of those in the second, over the first
    `n_labels` classes alone.

    An answer beyond them misses its row's class, and is no class of its own: the same as
    `sklearn.metrics.f1_score(labels=range(n_labels), average="macro")` where every label occurs.

    >>> difference = LabelF1Difference(2)
    >>> round(difference(np.array([0, 1, 1]), np.array([[0.0, 0.0], [1.0, 1.0], [1.0, 2.0]])), 4)
    0.1667
    """

    n_labels: int

    def __call__(self, y: Codes, both: Proba) -> float:
        return float(self.weighted(y, both)(np.ones((1, len(y))))[0])

    def weighted(self, y: Codes, both: Proba) -> Weighted:
        """The difference as a function of row weights alone."""
        # `_by_class` counts the code after the last class as one class more, and none beyond it.
        n = self.n_labels
        codes = np.where(both < n, both, n + 1).astype(np.int64)
        left, right = (_by_class(y, codes[:, one], n, "macro_f1") for one in (0, 1))
        return lambda weights: left(weights) - right(weights)


def _mean(values: Floats, known: Floats | None = None) -> Weighted:
    def of(weights: Floats) -> Floats:
        total = weights.sum(axis=1) if known is None else weights @ known
        mean: Floats = weights @ values / total
        return mean

    return of


def _by_class(y: Codes, predicted: Codes, n_classes: int, name: str) -> Weighted:
    true = np.where(y < 0, n_classes, y)
    hit = np.where(true == predicted, true, n_classes + 1)
    rows, said, hits = (_Sums(codes, n_classes + 1) for codes in (true, predicted, hit))

    def of(weights: Floats) -> Floats:
        if name == "balanced_accuracy":
            return recall_of_margins(hits(weights), rows(weights))
        return f1_of_margins(hits(weights), rows(weights), said(weights))

    return of


class _Sums:
    """Sums of row weights by class: weights (B, n) to (B, classes)."""

    def __init__(self, codes: Codes, classes: int) -> None:
        self._order = np.argsort(codes, kind="stable")
        placed = codes[self._order]
        self._order = self._order[placed < classes]
        placed = placed[placed < classes]
        self._present, self._starts = np.unique(placed, return_index=True)
        self._classes = classes

    def __call__(self, weights: Floats) -> Floats:
        sums = np.zeros((len(weights), self._classes))
        if self._order.size:
            taken = np.take(weights, self._order, axis=1)
            sums[:, self._present] = np.add.reduceat(taken, self._starts, axis=1)
        return sums
