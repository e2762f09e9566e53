"""Steps between ordered labels, against scikit-learn and sums by hand."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score, mean_absolute_error

from headstart.metrics import (
    QuadraticKappa,
    cheapest_answers,
    costs_named,
    positions,
    score,
    steps_between,
)
from headstart.types.brief import Brief, DataSource

LABELS = ("high", "low", "medium", "none")
ORDER = ("none", "low", "medium", "high")


def test_steps_are_the_distance_of_places_in_the_order() -> None:
    found = steps_between(LABELS, ORDER)
    for i, one in enumerate(LABELS):
        for j, other in enumerate(LABELS):
            assert found[i, j] == abs(ORDER.index(one) - ORDER.index(other))


def test_a_label_that_the_order_lacks_is_named() -> None:
    with pytest.raises(ValueError, match="lacks: medium"):
        positions(LABELS, ("none", "low", "high"))


@pytest.mark.parametrize("seed", range(5))
def test_kappa_is_scikit_learns(seed: int) -> None:
    random = np.random.default_rng(seed)
    y = random.integers(0, 4, 60)
    given = np.where(random.random(60) < 0.6, y, random.integers(0, 4, 60))
    both = np.column_stack([y, given]).astype(float)
    expected = cohen_kappa_score(y, given, weights="quadratic")
    assert QuadraticKappa()(y, both) == pytest.approx(expected, abs=1e-12)


def test_a_weighted_kappa_is_that_of_the_rows_repeated() -> None:
    random = np.random.default_rng(9)
    y, given = random.integers(0, 4, 40), random.integers(0, 4, 40)
    weights = random.integers(0, 4, (3, 40))
    both = np.column_stack([y, given]).astype(float)
    found = QuadraticKappa().weighted(y, both)(weights.astype(float))
    for one, value in zip(weights, found, strict=True):
        rows = np.repeat(np.arange(40), one)
        expected = cohen_kappa_score(y[rows], given[rows], weights="quadratic")
        assert value == pytest.approx(expected, abs=1e-12)


def test_the_cheapest_answer_is_the_median_and_its_cost_the_mean_absolute_error() -> None:
    random = np.random.default_rng(3)
    steps, places = steps_between(LABELS, ORDER), positions(LABELS, ORDER)
    proba = random.dirichlet(np.ones(4), 300)
    answers = cheapest_answers(proba, steps)
    sorted_by_order = proba[:, np.argsort(places)].cumsum(axis=1)
    median = (sorted_by_order < 0.5).sum(axis=1)
    assert (places[answers] == median).all()
    assert (answers != proba.argmax(axis=1)).any()
    y = random.integers(0, 4, 300)
    expected = mean_absolute_error(places[y], places[answers])
    assert score("cost", y, proba, 4, steps) == pytest.approx(expected)


def test_named_costs_stand_above_the_order() -> None:
    data = DataSource("t.csv", order=ORDER)
    assert (costs_named(Brief("t", data), LABELS) == steps_between(LABELS, ORDER)).all()
    priced = costs_named(Brief("t", data, mistake_costs={"high": 9.0}), LABELS)
    assert priced is not None
    assert priced[0].tolist() == [0.0, 9.0, 9.0, 9.0]
    assert costs_named(Brief("t", DataSource("t.csv")), LABELS) is None
