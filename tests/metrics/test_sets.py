"""Metrics of rows with several labels, against scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn import metrics as peer

from headstart.metrics import (
    RANGES,
    SET_METRICS,
    SetDifference,
    SetStatistic,
    all_scores,
    average_precision,
    cost_of_sets,
    given_labels,
    label_thresholds,
    set_certainty,
    set_costs,
)


def drawn(seed: int, n: int = 80, labels: int = 5) -> tuple[np.ndarray, np.ndarray]:
    """Marks, and probabilities that know something of them, with ties."""
    random = np.random.default_rng(seed)
    y = (random.random((n, labels)) < np.linspace(0.05, 0.6, labels)).astype(np.int64)
    proba = np.clip(0.25 * y + 0.7 * random.random((n, labels)), 0.01, 0.99).round(2)
    return y, proba


@pytest.mark.parametrize("seed", range(5))
def test_every_metric_is_that_of_scikit_learn(seed: int) -> None:
    y, proba = drawn(seed)
    given = proba > 0.5
    found = all_scores(y, proba)
    assert found["accuracy"] == pytest.approx(peer.accuracy_score(y, given))
    assert found["micro_f1"] == pytest.approx(peer.f1_score(y, given, average="micro"))
    here = np.flatnonzero((y.sum(axis=0) + given.sum(axis=0)) > 0)
    of = peer.f1_score(y[:, here], given[:, here], average="macro", zero_division=0)
    assert found["macro_f1"] == pytest.approx(of)
    assert found["hamming_loss"] == pytest.approx(peer.hamming_loss(y, given))
    occur = np.flatnonzero(y.sum(axis=0) > 0)
    precise = peer.average_precision_score(y[:, occur], proba[:, occur], average="macro")
    assert found["average_precision"] == pytest.approx(precise)
    losses = [peer.log_loss(y[:, c], proba[:, c], labels=[0, 1]) for c in range(5)]
    assert found["log_loss"] == pytest.approx(np.mean(losses))
    squares = [np.mean((y[:, c] - proba[:, c]) ** 2) for c in range(5)]
    assert found["brier"] == pytest.approx(np.mean(squares))
    assert set(found) == set(SET_METRICS) - {"cost"}
    assert set(SET_METRICS) <= set(RANGES)


@pytest.mark.parametrize("name", [name for name in SET_METRICS if name != "cost"])
def test_weights_count_rows_as_often_as_repeating_them_does(name: str) -> None:
    y, proba = drawn(7)
    judged = (proba > 0.5).astype(float)
    times = np.random.default_rng(1).integers(0, 4, len(y))
    statistic = SetStatistic(name, 5)
    columns = np.hstack(
        [y, proba if name in {"average_precision", "log_loss", "brier"} else judged]
    )
    codes = np.zeros(len(y), dtype=np.int64)
    again = np.repeat(columns, times, axis=0)
    found = statistic.weighted(codes, columns)(times[None, :].astype(float))[0]
    assert found == pytest.approx(statistic(codes[: len(again)], again))


def test_a_difference_is_that_of_the_two_models() -> None:
    y, proba = drawn(3)
    _, other = drawn(4)
    both = np.hstack([y, proba, other])
    codes = np.zeros(len(y), dtype=np.int64)
    gap = average_precision(y, proba) - average_precision(y, other)
    assert SetDifference("average_precision", 5)(codes, both) == pytest.approx(gap)


def test_thresholds_from_costs_cost_least() -> None:
    """On labels drawn with the stated probabilities, no other thresholds cost less."""
    random = np.random.default_rng(0)
    proba = random.random((40_000, 2))
    y = (random.random(proba.shape) < proba).astype(np.int64)
    costs = set_costs(["a", "b"], {"a": 4.0}, {"b": 9.0})
    assert costs.tolist() == [[4.0, 1.0], [1.0, 9.0]]
    assert label_thresholds(2, costs).tolist() == [0.2, 0.9]
    best = cost_of_sets(y, given_labels(proba, costs), costs).mean()
    for shift in (-0.1, 0.1):
        for label in range(2):
            moved = label_thresholds(2, costs).copy()
            moved[label] = np.clip(moved[label] + shift, 0.0, 1.0)
            assert cost_of_sets(y, proba > moved, costs).mean() >= best


def test_certainty_is_how_often_the_whole_set_is_right() -> None:
    """Labels drawn independently with the stated probabilities: what is stated comes true."""
    random = np.random.default_rng(2)
    proba = random.random((20_000, 3))
    y = random.random(proba.shape) < proba
    given = proba > 0.5
    stated = set_certainty(proba, given)
    right = (y == given).all(axis=1)
    assert abs(stated.mean() - right.mean()) < 4 * np.sqrt(0.25 / 20_000)


@pytest.mark.parametrize(
    ("misses", "alarms", "said"),
    [({"c": 1.0}, {}, "that there are not: c"), ({"a": -1.0}, {}, "a cost is 0 or more")],
)
def test_costs_that_make_no_sense(misses: dict, alarms: dict, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        set_costs(["a", "b"], misses, alarms)
