"""Intervals of macro-F1 and balanced accuracy where some classes have a few rows."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from headstart.evaluate.estimates import Answers, metric_estimates
from headstart.evaluate.other_answers import other_answers, other_pairs
from headstart.evaluate.paired import compare_on_rows
from headstart.metrics import ScoreStatistic
from headstart.stats import stratified_bootstrap_bca

SHARES = np.array([0.65, 0.31, 0.02, 0.02])
ANSWERED = np.array(
    [
        [0.7, 0.28, 0.01, 0.01],
        [0.3, 0.68, 0.01, 0.01],
        [0.4, 0.3, 0.25, 0.05],
        [0.4, 0.3, 0.05, 0.25],
    ]
)


def answers(given: NDArray[np.int64], classes: int = 4) -> Answers:
    return Answers(0.9 * np.eye(classes)[given] + 0.1 / classes, given)


def drawn(n: int, seed: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """(classes, answers) of n cases."""
    random = np.random.default_rng([seed, n])
    y = random.choice(4, n, p=SHARES)
    given = (ANSWERED.cumsum(axis=1)[y] < random.random(n)[:, None]).sum(axis=1)
    return y, np.minimum(given, 3)


def truth(metric: str, present: NDArray[np.int64]) -> float:
    joint = SHARES[:, None] * ANSWERED
    right = np.diag(joint)
    recall = right / SHARES
    f1 = 2 * right / (joint.sum(axis=0) + SHARES)
    return float((recall if metric == "balanced_accuracy" else f1)[present].mean())


@pytest.mark.parametrize("metric", ["macro_f1", "balanced_accuracy"])
def test_intervals_cover_where_classes_hold_two_percent(metric: str) -> None:
    trials, held, plain = 120, 0, 0
    for seed in range(trials):
        y, given = drawn(140, seed)
        right = truth(metric, np.unique(y))
        one, decided = ScoreStatistic(metric, 4), np.eye(4)[given]
        others = other_answers(y, given, answers(given).proba, seed)
        found, without = (
            stratified_bootstrap_bca(one, y, decided, resamples=400, seed=seed, others=some)
            for some in (others, None)
        )
        assert found.low is not None
        assert found.high is not None
        assert found.low <= found.value <= found.high
        held += found.low <= right <= found.high
        assert without.low is not None
        assert without.high is not None
        plain += without.low <= right <= without.high
    # 95% within three standard errors of 120 trials; the plain bootstrap holds it 70 to 75%.
    assert held / trials >= 0.95 - 3 * (0.95 * 0.05 / trials) ** 0.5
    assert plain / trials < 0.85


def test_a_difference_lies_in_its_interval_where_two_classes_have_a_single_row() -> None:
    """Each resample was without one of them, and so a mean over other classes."""
    y = np.array([0] * 93 + [1] * 45 + [2, 3])
    random = np.random.default_rng(3)
    given = np.where(random.random(140) < 0.6, y, random.integers(0, 4, 140))
    given[-2:] = 0
    constant = answers(np.zeros(140, dtype=np.int64))
    found: Any = compare_on_rows(
        y, answers(given), constant,
        names=("a", "b"), metric="macro_f1", confidence=0.95, seed=0,
    )  # fmt: skip
    assert found.low < found.difference < found.high


def test_all_answers_right_is_no_certainty() -> None:
    y = np.repeat(np.arange(4), [50, 20, 5, 1])
    found: Any = metric_estimates(y, answers(y), 0.95, 0)["balanced_accuracy"]
    assert found.value == found.high == 1.0
    # One row of a class says hardly anything of it, and it is a fourth of the metric.
    assert 0.75 < found.low < 0.97


def test_what_might_have_been_answered() -> None:
    y = np.array([0, 0, 0, 1, 1, 2, 2])
    given = np.array([0, 0, 1, 1, 1, 0, 0])
    sure = np.full((7, 3), 1 / 3)
    found = other_answers(y, given, sure, seed=0)
    mean = (2 / 3 + 1.0 + 0.0 + 0.5) / 4
    assert found.y.tolist() == [1, 2]
    assert found.columns.argmax(axis=1).tolist() == [0, 2]
    assert found.chance == pytest.approx([1 - mean, mean])
    alike = np.zeros(7, dtype=np.int64)
    assert len(other_answers(y, alike, sure, seed=0).y) == 0
    # What was never trained on is never the answer.
    sure[:, 2] = 0.0
    assert other_answers(y, given, sure, seed=0).y.tolist() == [1]
    sure[0, 2] = 0.1
    pairs = other_pairs(y, (given, sure), (alike, sure), seed=0)
    assert pairs.y.tolist() == [1, 2]
    assert pairs.columns.tolist() == [[0.0, 0.0], [2.0, 0.0]]
