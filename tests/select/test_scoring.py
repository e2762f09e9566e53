"""What candidates race on, against scikit-learn, and what the answers are that suit it."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, balanced_accuracy_score, f1_score

from headstart.data import make_folds
from headstart.select.probe import probe
from headstart.select.race import race
from headstart.select.scoring import ACCURACY, Scoring

SHARES = np.array([0.85, 0.1, 0.05])
USE = np.array([0.2, 0.5, 0.3])


def world(n: int = 600, seed: int = 0, skill: float = 1.5) -> tuple[np.ndarray, np.ndarray]:
    """Labels of which one is common, and features that tell them apart, somewhat."""
    random = np.random.default_rng(seed)
    codes = random.choice(3, size=n, p=SHARES).astype(np.int64)
    x = random.normal(size=(n, 8)) + skill * np.eye(3, 8)[codes]
    return codes, x.astype(np.float32)


def answered(seed: int) -> tuple[np.ndarray, np.ndarray]:
    codes, _ = world(seed=seed)
    random = np.random.default_rng(seed + 1)
    return codes, np.where(random.random(600) < 0.6, codes, random.integers(0, 3, 600))


@pytest.mark.parametrize("seed", range(3))
def test_scores_are_scikit_learns(seed: int) -> None:
    y, said = answered(seed)
    weights = Scoring.of("accuracy", y, USE).ratio
    assert weights is not None
    for in_use, each in ((None, np.ones(600)), (USE, weights[y])):
        accuracy = Scoring.of("accuracy", y, in_use).score(y, said)
        assert accuracy == pytest.approx(accuracy_score(y, said, sample_weight=each))
        f1 = f1_score(y, said, average="macro", sample_weight=each)
        assert Scoring.of("macro_f1", y, in_use).score(y, said) == pytest.approx(f1)
        balanced = Scoring.of("balanced_accuracy", y, in_use).score(y, said)
        assert balanced == pytest.approx(balanced_accuracy_score(y, said))


@pytest.mark.parametrize("metric", ["log_loss", "cost", "accuracy"])
def test_what_takes_probabilities_races_on_accuracy(metric: str) -> None:
    assert Scoring.of(metric, np.array([0, 1])) == ACCURACY


def test_labels_that_were_numbered_anew_keep_their_weights() -> None:
    y, _ = world()
    found = Scoring.of("accuracy", y, USE)
    some = found.among(np.array([0, 2]))
    assert some.ratio is not None
    assert found.ratio is not None
    assert some.ratio.tolist() == [found.ratio[0], found.ratio[2]]


@pytest.mark.parametrize("metric", ["macro_f1", "balanced_accuracy"])
def test_rare_labels_are_given(metric: str) -> None:
    """Least squares seldom gives them where the largest output is taken."""
    y, x = world()
    folds = make_folds(y, np.arange(600), 5, 2, 0)
    plain, suited = (probe(x, y, folds, one) for one in (ACCURACY, Scoring.of(metric, y)))
    assert (plain.predicted == 2).mean() < 0.03
    assert (suited.predicted == 2).mean() > 0.04
    before = np.mean([Scoring(metric).score(y, one) for one in plain.predicted])
    assert suited.scores.mean() > before + 0.02


def test_named_shares_are_what_counts() -> None:
    y, x = world(2000)
    folds = make_folds(y, np.arange(2000), 5, 1, 0)
    found = probe(x, y, folds, Scoring.of("accuracy", y, USE))
    plain = probe(x, y, folds, ACCURACY)
    random = np.random.default_rng(9)
    drawn = np.concatenate(
        [random.choice(np.flatnonzero(y == code), round(2000 * USE[code])) for code in range(3)]
    )
    in_use = [float((one.predicted[0] == y)[drawn].mean()) for one in (found, plain)]
    assert in_use[0] > in_use[1] + 0.1
    assert found.scores.mean() == pytest.approx(in_use[0], abs=0.03)


class Runner:
    """Features for the race, which cost the more the more they know."""

    def __init__(self, ref: str, skill: float, cost: float) -> None:
        self.ref, self.seconds_per_row = ref, cost
        _, self.matrix = world(1200, skill=skill)

    def features(self, rows: np.ndarray) -> np.ndarray:
        return self.matrix[rows]


def test_who_finds_the_rare_ones_wins() -> None:
    """By the largest output both would answer the common label to nearly every row: a tie."""
    codes, _ = world(1200)
    runners = [Runner("blunt", 0.3, 1.0), Runner("sharp", 1.0, 9.0)]
    report = race(runners, codes, np.arange(1200), scoring=Scoring.of("balanced_accuracy", codes))
    assert report.pick == "sharp"
    assert report.metric == "balanced_accuracy"
