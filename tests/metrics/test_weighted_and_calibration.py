"""Weighted metrics equal those of repeated rows; calibration error finds what was planted."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headstart.metrics import (
    ONE_LABEL,
    ScoreDifference,
    ScoreStatistic,
    debiased_calibration_error,
    expected_calibration_error,
    score,
)


@pytest.mark.parametrize("name", sorted(ONE_LABEL))
@given(seed=st.integers(0, 2**32 - 1))
@settings(max_examples=20, deadline=None)
def test_a_weight_counts_a_row_as_often_as_it_says(name: str, seed: int) -> None:
    random = np.random.default_rng(seed)
    rows, classes = int(random.integers(3, 30)), int(random.integers(2, 6))
    y = random.integers(-1, classes, rows)
    y[0] = 0
    a, b = (random.dirichlet(np.ones(classes), rows) for _ in range(2))
    weights = random.integers(0, 4, (5, rows)).astype(np.float64)
    weights[:, 0] += 1
    one = ScoreStatistic(name, classes).weighted(y, a)(weights)
    gap = ScoreDifference(name, classes).weighted(y, np.hstack([a, b]))(weights)
    for value, difference, row in zip(one, gap, weights.astype(int), strict=True):
        repeated = np.repeat(np.arange(rows), row)
        expected = score(name, y[repeated], a[repeated], classes)
        other = score(name, y[repeated], b[repeated], classes)
        assert value == pytest.approx(expected, abs=1e-9)
        assert difference == pytest.approx(expected - other, abs=1e-9)


def _answers(rows: int, shift: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Two classes; the larger probability is stated `shift` too high."""
    random = np.random.default_rng(seed)
    stated = random.uniform(0.6, 0.95, rows)
    y = (random.random(rows) > stated - shift).astype(np.int64)
    return y, np.column_stack([stated, 1 - stated])


def test_calibration_error_of_a_hand_made_case() -> None:
    proba = np.array([[0.8, 0.2]] * 4 + [[0.4, 0.6]] * 2)
    y = np.array([0, 0, 0, 1, 1, 0])
    assert expected_calibration_error(y, proba) == pytest.approx((4 * 0.05 + 2 * 0.1) / 6)


def test_calibration_error_finds_the_planted_one() -> None:
    y, proba = _answers(200_000, 0.1, 0)
    assert expected_calibration_error(y, proba) == pytest.approx(0.1, abs=0.005)
    assert debiased_calibration_error(y, proba) == pytest.approx(0.1, abs=0.005)


def test_debiasing_takes_off_what_noise_adds() -> None:
    worlds = [_answers(200, 0.0, seed) for seed in range(200)]
    plain = np.array([expected_calibration_error(y, p) for y, p in worlds])
    debiased = np.array([debiased_calibration_error(y, p) for y, p in worlds])
    # Without bias the estimate of a square that is 0 falls below 0 about every other time.
    assert 0.35 < np.mean(debiased == 0.0) < 0.75
    assert plain.min() > 0.01


def test_two_rows_are_enough_for_a_number() -> None:
    y, proba = _answers(2, 0.0, 1)
    assert 0.0 <= debiased_calibration_error(y, proba) <= 1.0
    assert debiased_calibration_error(y[:1], proba[:1]) >= 0.0
