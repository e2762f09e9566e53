"""The piecewise law: it finds laws that it was given, and knows when labels will not help."""

from __future__ import annotations

import numpy as np
import pytest

from headstart.select.learning_curve import Law, fit_law, learning_curve
from headstart.select.scoring import ACCURACY
from headstart.types.result import Estimate, NotAvailable
from headstart.types.select import LearningCurve

SIZES = np.geomspace(20, 800, 7)


@pytest.mark.parametrize("b", [-0.1, -0.3, -0.6])
def test_a_power_law_is_found(b: float) -> None:
    law = fit_law(SIZES, np.exp(-0.2 + b * np.log(SIZES)))
    assert law.b == pytest.approx(b, abs=1e-6)
    assert float(law.error(8000.0)) == pytest.approx(np.exp(-0.2 + b * np.log(8000)), rel=1e-5)
    wanted = float(law.error(5000.0))
    assert law.rows_for(wanted) == pytest.approx(5000, rel=1e-6)


def test_a_law_that_bends_is_found_and_a_straight_one_would_promise_too_much() -> None:
    true = Law(-0.5, -0.15, -0.12, float(np.log(SIZES[4])))
    true_late = float(true.error(16000.0))
    found = fit_law(SIZES, true.error(SIZES))
    assert float(found.error(16000.0)) == pytest.approx(true_late, rel=0.02)
    slope, start = np.polyfit(np.log(SIZES), np.log(true.error(SIZES)), 1)
    straight = float(np.exp(start + slope * np.log(16000.0)))
    assert abs(np.log(straight / true_late)) > 5 * abs(
        np.log(float(found.error(16000.0)) / true_late)
    )


def test_an_error_that_grows_is_taken_to_stay() -> None:
    law = fit_law(SIZES, 0.1 + 0.02 * np.log(SIZES))
    assert law.b == 0.0
    assert law.rows_for(0.01) == float("inf")


def blobs(n: int, signal: float, seed: int = 0, noise: float = 0.0) -> tuple:
    random = np.random.default_rng(seed)
    codes = (np.arange(n) % 4).astype(np.int64)
    x = random.normal(size=(n, 40)) + signal * np.eye(4, 40)[codes]
    moved = random.random(n) < noise
    codes[moved] = random.integers(4, size=int(moved.sum()))
    return x.astype(np.float32), codes, np.arange(n)


def drawn(n: int, signal: float, required: float | None, noise: float = 0.0) -> LearningCurve:
    x, codes, groups = blobs(n, signal, noise=noise)
    found = learning_curve(x, codes, groups, ACCURACY, 1.0, required=required)
    assert isinstance(found, LearningCurve)
    return found


def test_the_curve_of_a_growing_score() -> None:
    found = drawn(500, 2.0, None)
    values = [point.score.value for point in found.points]
    assert values[-1] > values[0] + 0.05
    x, codes, _ = blobs(3000, 2.0, seed=5)
    later = learning_curve(x, codes, np.arange(3000), ACCURACY, 1.0, required=None)
    assert isinstance(later, LearningCurve)
    truth = later.points[-1]
    guess = np.interp(
        np.log(truth.rows),
        np.log([p.rows for p in found.expected]),
        [p.score.value for p in found.expected],
    )
    assert guess == pytest.approx(truth.score.value, abs=0.04)
    assert isinstance(found.needed, NotAvailable)


def test_rows_needed_for_a_level() -> None:
    found = drawn(400, 2.0, None)
    level = found.expected[0].score.value + 0.02
    again = drawn(400, 2.0, level)
    assert isinstance(again.needed, Estimate)
    assert again.needed.value > 400
    assert "needs about" in again.sentence


def test_labels_that_will_not_help() -> None:
    found = drawn(800, 5.0, 0.97, noise=0.4)
    assert isinstance(found.needed, NotAvailable)
    assert "will not help" in found.needed.reason


def test_a_level_that_is_reached_and_too_few_rows() -> None:
    assert drawn(400, 4.0, 0.5).sentence.endswith("The level is reached already.")
    x, codes, groups = blobs(40, 2.0)
    assert isinstance(learning_curve(x, codes, groups, ACCURACY, 1.0, required=None), NotAvailable)
