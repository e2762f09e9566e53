"""Prediction sets: a threshold from some rows, its coverage from others."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import binomtest
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_val_predict

from headstart.evaluate import SetRule, answers, set_rule
from headstart.evaluate.prediction_sets import prediction_set_report
from headstart.types.brief import Brief, DataSource, Requirement
from headstart.types.result import NotAvailable, PredictionSetReport

BRIEF = Brief("pilot", DataSource("rows.csv"), requirement=Requirement(sets=0.9), seed=1)
PROBA = np.array(
    [[0.7, 0.2, 0.1], [0.4, 0.35, 0.25], [0.31, 0.32, 0.37], [0.1, 0.8, 0.1], [0.2, 0.5, 0.3]]
)
Y = np.array([0, 1, 2, 0, 1])


def said(proba: np.ndarray):
    return answers(proba)


def test_the_numbers_by_hand() -> None:
    """From 0.34 on: {0}, {0, 1}, {2}, {1}, {1}; the fourth does not hold its label. From 0.55 on:
    {0}, none, none, {1}, none."""
    found = prediction_set_report(Y, said(PROBA), 3, SetRule(0.34, 7), BRIEF)
    assert isinstance(found, PredictionSetReport)
    assert (found.level, found.threshold, found.n_reference) == (0.9, 0.34, 7)
    exact = binomtest(4, 5).proportion_ci(0.95, method="exact")
    assert (found.coverage.value, found.coverage.n) == (0.8, 5)
    assert (found.coverage.low, found.coverage.high) == pytest.approx((exact.low, exact.high))
    assert (found.size.value, found.single.value, found.empty.value) == (1.2, 0.8, 0.0)
    assert [(row.size, row.n, row.held) for row in found.sizes] == [(1, 4, 3), (2, 1, 1)]
    strict = prediction_set_report(Y, said(PROBA), 3, SetRule(0.55, 7), BRIEF)
    assert isinstance(strict, PredictionSetReport)
    assert (strict.coverage.value, strict.empty.value, strict.size.value) == (0.2, 0.6, 0.4)


def test_a_label_that_was_never_trained_on_is_in_no_set() -> None:
    wide = np.column_stack([PROBA, np.zeros(5)])
    found = prediction_set_report(np.full(5, 3), said(wide), 3, SetRule(0.0, 2), BRIEF)
    assert isinstance(found, PredictionSetReport)
    assert (found.coverage.value, found.size.value) == (0.0, 3.0)


def test_large_sets_stand_in_one_row() -> None:
    proba = np.full((4, 8), 0.125)
    found = prediction_set_report(np.arange(4), said(proba), 8, SetRule(0.1, 2), BRIEF)
    assert isinstance(found, PredictionSetReport)
    assert [(row.size, row.or_more, row.n) for row in found.sizes] == [(5, True, 4)]


def test_rows_without_an_answer_choose_nothing() -> None:
    proba = np.vstack([PROBA, np.full((3, 3), np.nan)])
    rule = set_rule(said(proba), np.append(Y, [0, 0, 0]), replace_level(0.7))
    assert rule == SetRule(0.1, 5)  # ⌈6 · 0.7⌉: the smallest of the five
    none = set_rule(said(np.full((3, 3), np.nan)), np.zeros(3, np.int64), BRIEF)
    assert isinstance(none, NotAvailable)


def replace_level(level: float | None) -> Brief:
    return replace(BRIEF, requirement=Requirement(sets=level))


def test_a_set_that_is_not_empty_holds_the_answer() -> None:
    proba = np.array([[0.7, 0.2, 0.1], [0.4, 0.35, 0.25]])
    by = np.array([1.0, 1.0, 8.0])[:, None] * (1.0 - np.eye(3))
    given = answers(proba, by=by)
    assert given.given.tolist() == [2, 2]
    y = np.array([2, 1])
    found = prediction_set_report(y, given, 3, SetRule(0.5, 9), BRIEF)
    assert isinstance(found, PredictionSetReport)
    # The first row's set is its most probable label and the answer; the second one's is empty.
    assert (found.coverage.value, found.size.value, found.empty.value) == (0.5, 1.0, 0.5)


def test_none_are_given_where_none_are_asked_for() -> None:
    brief = replace_level(None)
    rule = set_rule(said(PROBA), Y, brief)
    assert isinstance(rule, NotAvailable)
    assert "asks for no prediction sets" in rule.reason
    assert prediction_set_report(Y, said(PROBA), 3, rule, brief) == rule
    none = prediction_set_report(Y[:0], said(PROBA[:0]), 3, SetRule(0.1, 9), BRIEF)
    assert isinstance(none, NotAvailable)


def test_the_interval_holds_the_coverage_of_what_ships() -> None:
    """150 trials of what a run does: the threshold from folds, the head refitted on all rows, its
    sets counted on 150 sealed rows. The interval holds the coverage among 20,000 others at least as
    often as it says, and the coverage comes near to what was asked for."""
    random = np.random.default_rng(11)
    trials, n, sealed = 150, 120, 150
    centres = random.normal(0.0, 0.7, (4, 6))
    pool_y = random.integers(0, 4, 20_000)
    pool = centres[pool_y] + random.normal(0.0, 1.0, (20_000, 6))
    held, true = 0, []
    for trial in range(trials):
        y = random.integers(0, 4, n + sealed)
        x = centres[y] + random.normal(0.0, 1.0, (n + sealed, 6))
        model = LogisticRegression()
        folds = StratifiedKFold(5, shuffle=True, random_state=trial)
        out = cross_val_predict(model, x[:n], y[:n], cv=folds, method="predict_proba")
        rule = set_rule(said(out), y[:n], BRIEF)
        assert isinstance(rule, SetRule)
        model.fit(x[:n], y[:n])
        found = prediction_set_report(y[n:], said(model.predict_proba(x[n:])), 4, rule, BRIEF)
        assert isinstance(found, PredictionSetReport)
        assert found.coverage.low is not None
        assert found.coverage.high is not None
        chances = model.predict_proba(pool)[np.arange(20_000), pool_y]
        true.append(float((chances >= rule.threshold).mean()))
        held += found.coverage.low <= true[-1] <= found.coverage.high
    assert held / trials >= 0.95 - 3 * np.sqrt(0.95 * 0.05 / trials)
    assert np.mean(true) == pytest.approx(0.9, abs=0.015)
