"""The stratified bootstrap against SciPy's, its coverage, and the cases without an interval."""

from __future__ import annotations

import time

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats as scipy_stats

from headstart.metrics import ScoreDifference, ScoreStatistic, score
from headstart.stats import paired_bootstrap, stratified_bootstrap_bca


def _rows(
    n: int, classes: int, seed: int, sharp: float = 1.5, shares: NDArray[np.float64] | None = None
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    random = np.random.default_rng(seed)
    y = np.arange(n) % classes if shares is None else random.choice(classes, n, p=shares)
    logits = random.normal(size=(n, classes))
    logits[np.arange(n), y] += sharp
    odds = np.exp(logits)
    return y, odds / odds.sum(axis=1, keepdims=True)


@pytest.mark.parametrize("n", [30, 300])
def test_one_stratum_is_scipys_bca(n: int) -> None:
    values = np.random.default_rng(2).exponential(1.0, (n, 1))
    ours = stratified_bootstrap_bca(
        lambda y, p: float(p.mean() ** 2), np.zeros(n, dtype=np.int64), values, resamples=4000
    )
    theirs = scipy_stats.bootstrap(
        (values[:, 0],),
        lambda x, axis: x.mean(axis=axis) ** 2,
        n_resamples=4000,
        method="BCa",
        rng=np.random.default_rng(0),
    ).confidence_interval
    width = theirs.high - theirs.low
    assert ours.low == pytest.approx(theirs.low, abs=0.05 * width)
    assert ours.high == pytest.approx(theirs.high, abs=0.05 * width)
    # Without the acceleration and the bias the interval would lie elsewhere.
    plain = np.quantile(
        values[np.random.default_rng(3).integers(0, n, (4000, n)), 0].mean(axis=1) ** 2, 0.975
    )
    assert n > 30 or abs(plain - theirs.high) > 0.05 * width


def test_several_strata_are_scipys_with_several_samples() -> None:
    random = np.random.default_rng(4)
    low, high = random.exponential(1.0, 40), random.exponential(2.0, 25)
    y = np.repeat([0, 1], [40, 25])
    ours = stratified_bootstrap_bca(
        lambda y, p: float(p[y == 1].mean() / p[y == 0].mean()),
        y,
        np.concatenate([low, high])[:, None],
        resamples=4000,
    )
    theirs = scipy_stats.bootstrap(
        (low, high),
        lambda a, b, axis: b.mean(axis=axis) / a.mean(axis=axis),
        n_resamples=4000,
        method="BCa",
        rng=np.random.default_rng(0),
    ).confidence_interval
    assert ours.low == pytest.approx(theirs.low, rel=0.05)
    assert ours.high == pytest.approx(theirs.high, rel=0.05)


@pytest.mark.parametrize("name", ["accuracy", "macro_f1", "balanced_accuracy", "log_loss"])
def test_all_at_once_is_the_same_as_one_by_one(name: str) -> None:
    y, proba = _rows(60, 4, 0)
    quick = stratified_bootstrap_bca(ScoreStatistic(name, 4), y, proba, resamples=200, seed=3)
    slow = stratified_bootstrap_bca(
        lambda y, p: score(name, y, p, 4), y, proba, resamples=200, seed=3
    )
    assert (quick.low, quick.high) == pytest.approx((slow.low, slow.high), abs=1e-9)
    assert quick.value == slow.value
    again = stratified_bootstrap_bca(ScoreStatistic(name, 4), y, proba, resamples=200, seed=3)
    assert again == quick
    other = stratified_bootstrap_bca(ScoreStatistic(name, 4), y, proba, resamples=200, seed=4)
    assert (other.low, other.high) != (quick.low, quick.high)


WORLDS = 400


def _covered(name: str, n: int, classes: int) -> float:
    """Share of worlds whose interval holds the value on 400,000 rows of the same kind."""
    shares = np.arange(classes, 0, -1) / (classes * (classes + 1) / 2)
    counts = np.round(shares * n).astype(int)
    truth_rows, truth_proba = _fixed_shares(counts, 400_000 // n, 999)
    statistic = ScoreStatistic(name, classes)
    truth = statistic(truth_rows, truth_proba)
    held = 0
    for world in range(WORLDS):
        y, proba = _fixed_shares(counts, 1, world)
        found = stratified_bootstrap_bca(statistic, y, proba, resamples=400, seed=world)
        assert found.low is not None
        assert found.high is not None
        held += found.low <= truth <= found.high
    return held / WORLDS


def _fixed_shares(
    counts: NDArray[np.int64], times: int, seed: int
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    random = np.random.default_rng(seed)
    y = np.repeat(np.arange(len(counts)), counts * times)
    logits = random.normal(size=(len(y), len(counts)))
    logits[np.arange(len(y)), y] += 1.5
    odds = np.exp(logits)
    return y, odds / odds.sum(axis=1, keepdims=True)


@pytest.mark.parametrize(("n", "least"), [(50, 0.90), (200, 0.93), (1000, 0.93)])
@pytest.mark.parametrize("name", ["macro_f1", "log_loss"])
def test_the_interval_covers_about_as_often_as_it_says(name: str, n: int, least: float) -> None:
    # The bootstrap falls short at few rows, a little; the 99.9% binomial error is 3.6 points.
    error = 3.3 * np.sqrt(0.95 * 0.05 / WORLDS)
    assert least - error / 2 <= _covered(name, n, 3) <= 0.95 + error


def test_the_difference_of_two_models_is_paired() -> None:
    y, a = _rows(400, 3, 0, sharp=2.0)
    b = a.copy()
    worse = np.arange(0, 400, 9)
    b[worse] = np.roll(b[worse], 1, axis=1)
    paired = paired_bootstrap(ScoreStatistic("accuracy", 3), y, a, b)
    direct = stratified_bootstrap_bca(ScoreDifference("accuracy", 3), y, np.hstack([a, b]))
    assert (paired.low, paired.high) == (direct.low, direct.high)
    gap = (a.argmax(axis=1) == y).astype(float) - (b.argmax(axis=1) == y)
    theirs = scipy_stats.bootstrap(
        (gap,), np.mean, n_resamples=2000, rng=np.random.default_rng(0)
    ).confidence_interval
    assert paired.value == pytest.approx(gap.mean())
    assert (paired.low, paired.high) == pytest.approx((theirs.low, theirs.high), abs=0.01)
    plain = paired_bootstrap(lambda y, p: score("accuracy", y, p, 3), y, a, b)
    assert (plain.low, plain.high) == pytest.approx((paired.low, paired.high), abs=1e-9)
    with pytest.raises(ValueError, match="the same rows"):
        paired_bootstrap(ScoreStatistic("accuracy", 3), y, a, b[1:])


def test_a_perfect_score_has_no_interval_rather_than_a_false_one() -> None:
    y = np.arange(40) % 4
    found = stratified_bootstrap_bca(ScoreStatistic("macro_f1", 4), y, np.eye(4)[y])
    assert (found.value, found.low, found.high) == (1.0, None, None)
    assert "all 1000 resamples give the same value" in found.method


def test_classes_of_one_row_still_vary() -> None:
    y, proba = _rows(30, 30, 1, sharp=2.5)
    found = stratified_bootstrap_bca(ScoreStatistic("balanced_accuracy", 30), y, proba)
    assert found.low is not None
    assert found.high is not None
    assert found.high - found.low > 0.1


def test_an_interval_is_clipped_to_the_range() -> None:
    y, proba = _rows(50, 3, 0)
    free = stratified_bootstrap_bca(ScoreStatistic("log_loss", 3), y, proba)
    assert free.low is not None
    clipped = stratified_bootstrap_bca(
        ScoreStatistic("log_loss", 3), y, proba, lower=free.low + 0.01, upper=free.low + 0.02
    )
    assert clipped.low == free.low + 0.01
    assert clipped.high == free.low + 0.02
    with pytest.raises(ValueError, match="at least one row"):
        stratified_bootstrap_bca(ScoreStatistic("accuracy", 3), y[:0], proba[:0])


def test_three_thousand_rows_of_77_classes_take_no_time() -> None:
    y, proba = _rows(3000, 77, 0, sharp=4.0)
    start = time.process_time()
    found = stratified_bootstrap_bca(ScoreStatistic("macro_f1", 77), y, proba, resamples=1000)
    assert time.process_time() - start < 2.0
    assert found.low is not None
    assert found.high is not None
    assert 0.01 < found.high - found.low < 0.05
