"""Exact block cross-validation against refitting every fold."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import Ridge

from headstart.data import make_folds
from headstart.select.block_ridge import RELATIVE_PENALTIES, Decomposed, held_out
from headstart.select.probe import probe
from headstart.select.scoring import ACCURACY
from headstart.types.data import Folds


def refitted(x: np.ndarray, y: np.ndarray, test: np.ndarray, penalty: float) -> np.ndarray:
    train = np.ones(len(x), dtype=bool)
    train[test] = False
    model = Ridge(alpha=penalty, solver="svd").fit(x[train], y[train])
    return model.predict(x[test]).reshape(len(test), -1)


def largest_difference(x: np.ndarray, y: np.ndarray, folds: Folds, penalties: list[float]) -> float:
    worst = 0.0
    seen = 0
    for index, _, test, found in held_out(Decomposed.of(x), y, folds, penalties):
        wanted = refitted(x, y, test, penalties[index])
        worst = max(worst, float(np.abs(found - wanted).max()))
        seen += len(test)
    assert seen == len(penalties) * folds.repeats * len(x)
    return worst


@pytest.mark.parametrize("seed", range(40))
def test_it_equals_refitting_over_random_designs(seed: int) -> None:
    random = np.random.default_rng(seed)
    n, width = int(random.integers(12, 90)), int(random.integers(1, 120))
    x = random.normal(size=(n, width)) * random.lognormal(size=width) + random.normal(size=width)
    if seed % 4 == 0:
        x[random.integers(n, size=n // 3)] = x[0]  # rows that repeat
    if seed % 5 == 0 and width > 1:
        x[:, 0] = x[:, -1]  # columns that repeat
    y = random.normal(size=(n, int(random.integers(1, 6))))
    k = int(random.integers(2, 8))
    folds = make_folds(np.zeros(n, dtype=np.int64), np.arange(n), k, 2, seed)
    spread = Decomposed.of(x).spread
    penalties = [spread * p for p in (1e-3, 1e-1, 1.0, 1e2)]
    assert largest_difference(x, y, folds, penalties) < 1e-8 * max(1.0, float(np.abs(y).max()))


def test_single_precision_features_are_fitted_in_double() -> None:
    random = np.random.default_rng(0)
    x = random.normal(size=(60, 200)).astype(np.float32)
    y = np.eye(3)[random.integers(3, size=60)]
    folds = make_folds(np.zeros(60, dtype=np.int64), np.arange(60), 5, 1, 0)
    assert largest_difference(x.astype(np.float64), y, folds, [0.1, 10.0]) < 1e-9


def blobs(n: int = 200, width: int = 30, classes: int = 4, seed: int = 0) -> tuple:
    random = np.random.default_rng(seed)
    codes = np.arange(n) % classes
    centres = random.normal(size=(classes, width)) * 0.5
    x = (centres[codes] + random.normal(size=(n, width))).astype(np.float32)
    return x, codes.astype(np.int64), make_folds(codes, np.arange(n), 5, 3, seed)


def test_the_score_is_that_of_the_predictions_and_features_stay_as_they_are() -> None:
    x, codes, folds = blobs()
    before = x.copy()
    found = probe(x, codes, folds, ACCURACY)
    np.testing.assert_array_equal(x, before)
    assert found.scores.shape == (15,)
    assert found.scores.mean() == pytest.approx((found.predicted == codes).mean())
    assert 0.5 < found.scores.mean() < 1.0
    assert found.penalty in RELATIVE_PENALTIES


def test_rotation_scale_shift_and_order_change_nothing() -> None:
    x, codes, folds = blobs(seed=1)
    base = probe(x, codes, folds, ACCURACY)
    random = np.random.default_rng(2)
    turn = np.linalg.qr(random.normal(size=(30, 30)))[0]
    for changed in (x @ turn, 1000 * x, x + 5.0):
        assert np.array_equal(probe(changed, codes, folds, ACCURACY).predicted, base.predicted)
    order = random.permutation(len(x))
    again = probe(x[order], codes[order], Folds(folds.assignment[:, order], 5), ACCURACY)
    assert np.array_equal(again.predicted, base.predicted[:, order])


def test_copies_of_every_row_kept_together_are_a_smaller_penalty() -> None:
    """Twice the rows: the same fit at half the relative penalty, so nearly the same answers."""
    x, codes, folds = blobs(seed=3)
    twice = Folds(np.concatenate([folds.assignment, folds.assignment], axis=1), 5)
    base = probe(x, codes, folds, ACCURACY)
    again = probe(np.concatenate([x, x]), np.concatenate([codes, codes]), twice, ACCURACY)
    assert np.array_equal(again.predicted[:, : len(x)], again.predicted[:, len(x) :])
    assert abs(again.scores.mean() - base.scores.mean()) < 0.03


def test_noise_scores_like_chance() -> None:
    scores = []
    for seed in range(20):
        random = np.random.default_rng(seed)
        x = random.normal(size=(120, 400)).astype(np.float32)
        codes = (np.arange(120) % 3).astype(np.int64)
        scores.append(
            probe(x, codes, make_folds(codes, np.arange(120), 5, 2, seed), ACCURACY).scores
        )
    assert abs(np.mean(scores) - 1 / 3) < 0.03


def test_constant_features_give_the_largest_class() -> None:
    codes = np.array([0] * 30 + [1] * 20, dtype=np.int64)
    folds = make_folds(codes, np.arange(50), 5, 2, 0)
    found = probe(np.ones((50, 4)), codes, folds, ACCURACY)
    assert (found.predicted == 0).all()


def test_what_does_not_fit() -> None:
    x, codes, folds = blobs()
    with pytest.raises(ValueError, match="labels"):
        probe(x[:-1], codes, folds, ACCURACY)
    x[0, 0] = np.nan
    with pytest.raises(ValueError, match="finite"):
        probe(x, codes, folds, ACCURACY)


def test_mostly_empty_features_are_the_same_model() -> None:
    """Counts of words: multiplied as a sparse matrix, with the same answers as refitting."""
    random = np.random.default_rng(5)
    x = np.where(random.random((60, 400)) < 0.03, random.random((60, 400)), 0.0)
    y = np.eye(3)[random.integers(3, size=60)]
    folds = make_folds(np.zeros(60, dtype=np.int64), np.arange(60), 5, 2, 0)
    assert np.count_nonzero(x) < 0.05 * x.size
    assert largest_difference(x, y, folds, [0.01, 1.0]) < 1e-8
