"""Costs of mistakes against sums written out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from headstart.metrics.costs import (
    automation_curve,
    cheapest_answers,
    cost_matrix,
    cost_per_row,
    expected_costs,
)

LABELS = ("a", "b", "c")


def test_the_matrix_stands_above_misses_and_false_alarms():
    found = cost_matrix(
        LABELS, misses={"a": 5.0}, false_alarms={"c": 2.0}, matrix={"b": {"a": 9.0, "b": 0.5}}
    )
    assert found.tolist() == [[0.0, 5.0, 7.0], [9.0, 0.5, 3.0], [1.0, 1.0, 0.0]]


def test_what_is_not_named_costs_one():
    assert cost_matrix(LABELS).tolist() == (1.0 - np.eye(3)).tolist()


@pytest.mark.parametrize(
    "named",
    [{"misses": {"d": 1.0}}, {"false_alarms": {"d": 1.0}}, {"matrix": {"a": {"d": 1.0}}}],
)
def test_a_strange_label_is_named(named):
    with pytest.raises(ValueError, match="d"):
        cost_matrix(LABELS, **named)


def test_a_negative_cost_is_refused():
    with pytest.raises(ValueError, match="0 or more"):
        cost_matrix(LABELS, misses={"a": -1.0})


def test_the_cheapest_answer_is_that_of_a_search():
    random = np.random.default_rng(0)
    proba = random.dirichlet(np.ones(4), 200)
    costs = random.uniform(0.0, 9.0, (4, 4))
    expected = expected_costs(proba, costs)
    answers = cheapest_answers(proba, costs)
    for row in range(200):
        each = [sum(proba[row, i] * costs[i, j] for i in range(4)) for j in range(4)]
        assert expected[row] == pytest.approx(each)
        assert answers[row] == int(np.argmin(each))


def test_with_equal_costs_the_cheapest_answer_is_the_most_probable():
    proba = np.random.default_rng(1).dirichlet(np.ones(3), 100)
    assert (cheapest_answers(proba, cost_matrix(LABELS)) == proba.argmax(axis=1)).all()


def test_of_equally_cheap_answers_the_more_probable_is_taken():
    assert cheapest_answers(np.array([[0.3, 0.7]]), np.ones((2, 2))).tolist() == [1]


def test_no_rule_is_cheaper_on_rows_that_follow_the_probabilities():
    random = np.random.default_rng(2)
    proba = random.dirichlet(np.ones(3), 20_000)
    y = (random.random((20_000, 1)) > proba.cumsum(axis=1)).sum(axis=1).clip(0, 2)
    costs = cost_matrix(LABELS, misses={"a": 10.0})
    ours = cost_per_row(y, cheapest_answers(proba, costs), costs).mean()
    assert ours < cost_per_row(y, proba.argmax(axis=1), costs).mean() - 0.05


def test_the_automation_curve_is_that_of_a_loop():
    random = np.random.default_rng(3)
    scores = random.integers(0, 12, 60) / 12.0
    cost = random.exponential(1.0, 60)
    curve = automation_curve(scores, cost, review=0.4, value=0.1)
    for place, threshold in enumerate(curve.thresholds):
        total = 0.0
        for score, spent in zip(scores, cost, strict=True):
            total += spent - 0.1 if score >= threshold else 0.4
        assert curve.cost[place] == pytest.approx(total / 60)
        assert curve.answered[place] == (scores >= threshold).sum()
    assert curve.share[0] == 0.0
    assert curve.share[-1] == 1.0
    assert curve.cost[curve.best] == pytest.approx(curve.cost.min())


def test_a_curve_needs_rows():
    with pytest.raises(ValueError, match="same rows"):
        automation_curve([], [], review=1.0)
