"""Answers that follow the metric: by brute force, by scikit-learn, and by simulation."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import balanced_accuracy_score, f1_score

from headstart.metrics import (
    all_scores,
    answer_costs,
    given_answers,
    given_labels,
    label_thresholds,
    miss_costs,
    miss_weights,
    score,
)

Floats = np.ndarray


def world(shares: list[float], skill: float, n: int, seed: int) -> tuple[Floats, Floats]:
    """(codes, the true probabilities of n rows): normal clouds whose means are `skill` apart."""
    random = np.random.default_rng(seed)
    classes = len(shares)
    y = random.choice(classes, size=n, p=shares)
    x = random.normal(size=(n, classes)) + skill * np.eye(classes)[y]
    odds = np.array(shares) * np.exp(skill * x - skill**2 / 2)
    return y, odds / odds.sum(axis=1, keepdims=True)


def by(metric: str, shares: list[float], proba: Floats, *, several: bool = False) -> Floats | None:
    return answer_costs(metric, np.array(shares), proba, several=several)


def test_the_answers_are_those_with_the_largest_weighted_probability() -> None:
    y, proba = world([0.6, 0.3, 0.1], 1.0, 2000, 0)
    weights = (1.0, 1.6, 3.3)
    costs = miss_costs(weights)
    given = given_answers(proba, costs)
    assert (given == (proba * weights).argmax(axis=1)).all()
    assert (given_answers(proba) == proba.argmax(axis=1)).all()
    assert given_answers(np.zeros((3, 0))).tolist() == [0, 0, 0]
    found = all_scores(y, proba, by=costs)
    assert found["macro_f1"] == pytest.approx(f1_score(y, given, average="macro"))
    assert found["balanced_accuracy"] == pytest.approx(balanced_accuracy_score(y, given))
    assert found["accuracy"] == (given == y).mean()
    assert found["log_loss"] == score("log_loss", y, proba, 3)


def test_only_metrics_to_which_a_rare_label_is_worth_as_much_are_weighed() -> None:
    _, proba = world([0.8, 0.2], 1.0, 500, 0)
    costs = np.array([[0.0, 1.0], [5.0, 0.0]])
    for metric in ("accuracy", "log_loss", "brier"):
        assert by(metric, [0.8, 0.2], proba) is None
    assert answer_costs("cost", np.array([0.8, 0.2]), proba, costs) is costs
    assert miss_weights("macro_f1", np.array([0.8, 0.2]), proba[:0]) == ()
    # Labels that are as common as one another are weighed alike, whatever the power.
    assert by("macro_f1", [0.5, 0.5], proba) is None


@pytest.mark.parametrize("metric", ["macro_f1", "balanced_accuracy"])
def test_one_answer_for_all_is_the_commonest_label(metric: str) -> None:
    shares = [0.7, 0.2, 0.1]
    found = by(metric, shares, np.tile(shares, (50, 1)))
    assert given_answers(np.array([shares]), found).tolist() == [0]


def test_many_rows_are_looked_at_in_part_and_say_the_same() -> None:
    shares = [0.85, 0.15]
    _, proba = world(shares, 1.0, 30_000, 4)
    few, many = (miss_weights("macro_f1", np.array(shares), p) for p in (proba[:20_000], proba))
    assert few == pytest.approx(many, rel=0.3)


WORLDS = [[0.94, 0.06], [0.88, 0.12], [0.6, 0.3, 0.1], [0.7, 0.15, 0.1, 0.05]]


@pytest.mark.parametrize("shares", WORLDS)
@pytest.mark.parametrize("skill", [0.7, 1.0, 1.5, 2.5])
@pytest.mark.parametrize("metric", ["macro_f1", "balanced_accuracy"])
def test_true_probabilities_promise_what_comes(
    metric: str, shares: list[float], skill: float
) -> None:
    """The weights chosen by the probabilities of some rows, without a look at their labels, reach
    on other rows what the power reaches that is best for those: within half a point; for balanced
    accuracy that is the power 1 (Bayes' rule)."""
    _, seen = world(shares, skill, 20_000, 2)
    y, proba = world(shares, skill, 100_000, 3)

    def scored(weights: tuple[float, ...]) -> float:
        return score(metric, y, proba, len(shares), by=miss_costs(weights))

    found = scored(miss_weights(metric, np.array(shares), seen))
    rare = max(shares) / np.array(shares)
    others = {power: scored(tuple(rare**power)) for power in np.linspace(0.0, 1.5, 31)}
    assert found >= max(others.values()) - 0.005
    assert found >= score(metric, y, proba, len(shares)) - 0.001
    if metric == "balanced_accuracy":
        assert max(others.values()) == pytest.approx(others[1.0], abs=0.003)


@pytest.mark.parametrize("metric", ["macro_f1", "micro_f1"])
def test_labels_of_rows_with_several_have_a_better_f1(metric: str) -> None:
    """Thresholds lie below one half, and lower the rarer the label is."""
    shares, random = np.array([0.4, 0.1, 0.03]), np.random.default_rng(3)
    y = (random.random((40_000, 3)) < shares).astype(np.int64)
    x = random.normal(size=y.shape) + 1.5 * y
    odds = shares / (1.0 - shares) * np.exp(1.5 * x - 1.5**2 / 2)
    proba = odds / (1.0 + odds)
    costs = by(metric, shares.tolist(), proba[:2000], several=True)
    assert costs is not None
    found, plain = (all_scores(y[2000:], proba[2000:], by=one) for one in (costs, None))
    given = given_labels(proba[2000:], costs)
    assert found[metric] == pytest.approx(f1_score(y[2000:], given, average=metric[:5]))
    assert found[metric] > plain[metric] + 0.02
    assert found["average_precision"] == plain["average_precision"]
    thresholds = label_thresholds(3, costs)
    assert (np.diff(thresholds) <= 0.0).all()
    assert thresholds.max() < 0.5
    best = max(
        f1_score(y[2000:], proba[2000:] > threshold, average=metric[:5])
        for threshold in np.linspace(0.1, 0.6, 11)
    )
    assert found[metric] > best - 0.02
