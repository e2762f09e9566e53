"""What mistakes cost: expected cost, the cheapest answer, and how much to answer alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from headstart.metrics.ordinal import steps_between
from headstart.types.brief import Brief

Floats = NDArray[np.float64]
UNNAMED = 1.0
"""Cost of a mistake that nobody named."""


def cost_matrix(
    labels: Sequence[str],
    *,
    misses: Mapping[str, float] | None = None,
    false_alarms: Mapping[str, float] | None = None,
    matrix: Mapping[str, Mapping[str, float]] | None = None,
) -> Floats:
    """Cost of answering j for a case of i, shape (labels, labels); right answers cost 0.

    An entry of `matrix` holds as it stands, a right answer's too. Every other mistake costs the
    miss of i (1.0 where not named) and the false alarm of j (0 where not named).

    Raises:
        ValueError: a label that there is not, or a cost below 0.

    >>> cost_matrix(["ham", "spam"], misses={"spam": 5.0}).tolist()
    [[0.0, 1.0], [5.0, 0.0]]
    """
    index = {label: i for i, label in enumerate(labels)}
    named = [*(misses or {}), *(false_alarms or {}), *(matrix or {})]
    named += [label for row in (matrix or {}).values() for label in row]
    unknown = sorted({label for label in named if label not in index})
    if unknown:
        raise ValueError(f"costs are named for labels that there are not: {', '.join(unknown)}")
    costs = np.full((len(labels), len(labels)), UNNAMED)
    for label, cost in (misses or {}).items():
        costs[index[label]] = cost
    for label, cost in (false_alarms or {}).items():
        costs[:, index[label]] += cost
    np.fill_diagonal(costs, 0.0)
    for label, row in (matrix or {}).items():
        for answer, cost in row.items():
            costs[index[label], index[answer]] = cost
    if not (costs >= 0.0).all():
        raise ValueError("a cost is 0 or more")
    return costs


def costs_named(brief: Brief, labels: Sequence[str]) -> Floats | None:
    """The brief's costs between the labels (labels, labels), or where it names none but an order of
    the labels the steps between them; None where it names neither.

    Raises:
        ValueError: a cost is named for a label that there is not, or the order lacks one.
    """
    if not brief.names_costs:
        return steps_between(labels, brief.data.order) if brief.data.order else None
    return cost_matrix(
        labels,
        misses=brief.mistake_costs,
        false_alarms=brief.false_alarm_costs,
        matrix=brief.cost_matrix,
    )


def expected_costs(proba: NDArray[np.floating], costs: Floats) -> Floats:
    """Expected cost of each answer to each row, (n, classes): Σ_i p_i · cost of j for i.

    >>> expected_costs(np.array([[0.8, 0.2]]), np.array([[0.0, 1.0], [5.0, 0.0]])).tolist()
    [[1.0, 0.8]]
    """
    if costs.shape != (proba.shape[1],) * 2:
        raise ValueError(f"costs {costs.shape} do not belong to {proba.shape[1]} classes")
    return proba.astype(np.float64) @ costs


def cheapest_answers(proba: NDArray[np.floating], costs: Floats) -> NDArray[np.int64]:
    """The answer with the least expected cost to each row (n,): Bayes' rule (Elkan 2001).

    Of equally cheap answers the more probable one is taken.
    """
    expected = expected_costs(proba, costs)
    least = expected <= expected.min(axis=1, keepdims=True) + 1e-12
    answers: NDArray[np.int64] = np.where(least, proba, -1.0).argmax(axis=1).astype(np.int64)
    return answers


def given_answers(proba: NDArray[np.floating], by: Floats | None = None) -> NDArray[np.int64]:
    """The answer to each row (n,): the most probable one, or that with the least expected cost `by`
    (classes, classes); 0 where there is no class."""
    if not proba.shape[1]:
        return np.zeros(len(proba), dtype=np.int64)
    if by is None:
        most: NDArray[np.int64] = proba.argmax(axis=1).astype(np.int64)
        return most
    return cheapest_answers(proba, by)


def cost_per_row(y: NDArray[np.integer], answers: NDArray[np.integer], costs: Floats) -> Floats:
    """What the answer to each row cost (n,)."""
    found: Floats = costs[y, answers]
    return found


def cost_of_answers(
    y: NDArray[np.integer], proba: NDArray[np.floating], costs: Floats | None = None
) -> Floats:
    """What the cheapest answer to each row costs (n,); without costs every mistake costs 1.

    A row whose label is −1 costs what a mistake costs that nobody named.

    >>> cost_of_answers(np.array([0, 1]), np.array([[0.8, 0.2], [0.8, 0.2]])).tolist()
    [0.0, 1.0]
    """
    if costs is None:
        costs = UNNAMED * (1.0 - np.eye(proba.shape[1]))
    answers = cheapest_answers(proba, costs)
    found: Floats = np.where(y < 0, UNNAMED, costs[np.maximum(y, 0), answers])
    return found


@dataclass(frozen=True, slots=True)
class AutomationCurve:
    """Answering alone from each threshold on, the strictest first, arrays of (thresholds,).

    share: of cases answered alone. cost: of a case, reviewed ones included.
    """

    thresholds: Floats
    share: Floats
    answered: NDArray[np.int64]
    cost: Floats

    @property
    def best(self) -> int:
        """Index of the cheapest point; of equal ones that which answers most."""
        least = self.cost <= self.cost.min() + 1e-12
        return int(np.flatnonzero(least)[-1])


def automation_curve(
    scores: ArrayLike,
    cost_if_answered: ArrayLike,
    *,
    review: float,
    value: float = 0.0,
    thresholds: ArrayLike | None = None,
) -> AutomationCurve:
    """Automated share against cost per case.

    A case at or above the threshold costs what its answer cost, less the `value` of an automated
    case; every other one costs a review, after which its answer is taken to be right. A point that
    is chosen on rows looks better on them than it is: choose it on other rows.

    Args:
        scores: how sure the answer of each row is (n,).
        cost_if_answered: what the answer of each row costs (n,).
        thresholds: default: one above every score, then each distinct score.

    Raises:
        ValueError: no rows, or unequal lengths.

    >>> curve = automation_curve([0.9, 0.6], [0.0, 1.0], review=0.25)
    >>> curve.share.tolist(), curve.cost.tolist(), curve.best
    ([0.0, 0.5, 1.0], [0.25, 0.125, 0.5], 1)
    """
    sure = np.asarray(scores, dtype=np.float64)
    cost = np.asarray(cost_if_answered, dtype=np.float64)
    if sure.shape != cost.shape or sure.ndim != 1 or not len(sure):
        raise ValueError(f"scores {sure.shape} and costs {cost.shape} must be of the same rows")
    n = len(sure)
    if thresholds is None:
        tried = np.append(np.nextafter(sure.max(), np.inf), np.unique(sure)[::-1])
    else:
        tried = np.asarray(thresholds, dtype=np.float64)
    order = np.argsort(-sure, kind="stable")
    spent = np.concatenate([[0.0], np.cumsum(cost[order])])
    answered = np.searchsorted(-sure[order], -tried, side="right")
    total = spent[answered] - value * answered + review * (n - answered)
    return AutomationCurve(tried, answered / n, answered.astype(np.int64), total / n)
