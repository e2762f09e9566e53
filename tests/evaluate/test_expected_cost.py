"""Cost of a case against sums by hand, and its interval by simulation."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import bootstrap

from headstart.evaluate.expected_cost import cost_report
from headstart.evaluate.held_rows import HoldoutRows
from headstart.metrics import costs_named
from headstart.types.brief import Brief, DataSource
from headstart.types.result import CostReport, NotAvailable

LABELS = ("a", "b")
SHARES = np.array([0.85, 0.15])


def brief(**costs) -> Brief:
    return Brief("pilot", DataSource("rows.csv"), seed=1, **costs)


def named(labels=LABELS, **costs):
    said = brief(**costs)
    return costs_named(said, labels), SHARES, said


def held(y: np.ndarray) -> HoldoutRows:
    return HoldoutRows(y, 0.95, 1)


def world(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    stated = random.beta(3.0, 0.6, n)
    y = (random.random(n) > stated).astype(np.int64)
    return y, np.column_stack([stated, 1.0 - stated])


def test_accuracy_and_cost_disagree_and_both_are_counted():
    y, proba = world(800, 0)
    found = cost_report(held(y), proba, *named(mistake_costs={"b": 10.0}))
    assert isinstance(found, CostReport)
    plain = least = right = 0.0
    for row in range(800):
        first = int(proba[row, 1] > proba[row, 0])
        second = int(10.0 * proba[row, 1] > proba[row, 0])
        plain += (10.0 if y[row] else 1.0) * (first != y[row])
        least += (10.0 if y[row] else 1.0) * (second != y[row])
        right += second == y[row]
    assert found.answers.value == pytest.approx(plain / 800)
    assert found.cheapest.value == pytest.approx(least / 800)
    assert found.difference.value == pytest.approx((least - plain) / 800)
    assert found.difference.high < 0.0
    assert found.accuracy_of_cheapest.value == pytest.approx(right / 800)
    assert found.accuracy_of_cheapest.value < (proba.argmax(axis=1) == y).mean()
    assert found.constant.value == pytest.approx((y == 0).mean())


def test_the_interval_is_near_scipys_within_a_class():
    y = np.zeros(300, dtype=np.int64)
    proba = world(300, 3)[1]
    found = cost_report(held(y), proba, *named(mistake_costs={"a": 4.0}))
    spent = 4.0 * (proba.argmax(axis=1) != y)
    expected = bootstrap((spent,), np.mean, n_resamples=4000, rng=0).confidence_interval
    assert found.answers.low == pytest.approx(expected.low, abs=0.04)
    assert found.answers.high == pytest.approx(expected.high, abs=0.04)


def test_a_label_that_was_never_trained_on_is_never_the_cheapest_answer():
    y, proba = world(100, 4)
    y[:5] = 2
    wide = np.column_stack([proba, np.zeros(100)])
    costs = {"a": {"b": 9.0, "new": 0.0}, "b": {"a": 9.0, "new": 0.0}}
    found = cost_report(held(y), wide, *named((*LABELS, "new"), cost_matrix=costs))
    assert isinstance(found, CostReport)
    assert found.accuracy_of_cheapest.value <= 0.95
    wrong = int((proba.argmax(axis=1) != y)[5:].sum())
    assert found.answers.value == pytest.approx((9.0 * wrong + 5.0) / 100)


def test_why_there_are_none():
    y, proba = world(50, 5)
    for costs, rows, said in (
        ({}, 50, "names no costs"),
        ({"mistake_costs": {"a": 2.0}}, 0, "no row"),
    ):
        found = cost_report(held(y[:rows]), proba[:rows], *named(**costs))
        assert isinstance(found, NotAvailable)
        assert said in found.reason


def test_a_label_that_there_is_not_is_named():
    with pytest.raises(ValueError, match="zzz"):
        costs_named(brief(mistake_costs={"zzz": 2.0}), LABELS)


def test_false_alarms_come_on_top_of_misses():
    found = costs_named(brief(mistake_costs={"a": 3.0}, false_alarm_costs={"b": 0.5}), LABELS)
    assert found is not None
    assert found.tolist() == [[0.0, 3.5], [1.0, 0.0]]
