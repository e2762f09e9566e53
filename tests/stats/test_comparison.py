"""The corrected resampled t against baycomp and by hand; verdicts, power and the edges."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from baycomp import two_on_single
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats as scipy_stats

from headstart.stats import (
    compare,
    labels_needed,
    mean_over_folds,
    minimum_detectable_effect,
    moderated,
    probability_above,
    rows_variance,
    standard_error,
)
from headstart.types.result import Comparison

K, REPEATS, N = 5, 2, 300


def _compare(a: Any, b: Any, **changed: Any) -> Comparison:
    options = {"a": "a", "b": "b", "metric": "accuracy", "n": N, "k": K, "repeats": REPEATS}
    return compare(a, b, **{**options, **changed})


def _scores(seed: int, gap: float = 0.0, noise: float = 0.02) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    shared = random.normal(0.7, 0.05, K * REPEATS)
    return shared + gap + random.normal(0, noise, K * REPEATS), shared


@given(st.integers(0, 10_000), st.floats(-0.05, 0.05), st.sampled_from([0.001, 0.01, 0.03]))
@settings(max_examples=50, deadline=None)
def test_probability_above_the_margin_is_that_of_baycomp(
    seed: int, gap: float, margin: float
) -> None:
    a, b = _scores(seed, gap)
    below, within, above = two_on_single(b, a, rope=margin, runs=REPEATS)
    assert _compare(a, b, margin=margin).probability_above_margin == pytest.approx(above, abs=1e-9)
    assert _compare(b, a, margin=margin).probability_above_margin == pytest.approx(below, abs=1e-9)
    assert below + within + above == pytest.approx(1.0)


@given(st.integers(0, 10_000), st.floats(-0.05, 0.05), st.sampled_from([0.8, 0.95, 0.99]))
@settings(max_examples=50, deadline=None)
def test_interval_and_p_value_are_the_formula(seed: int, gap: float, confidence: float) -> None:
    a, b = _scores(seed, gap)
    found = _compare(a, b, confidence=confidence)
    d = a - b
    error = np.sqrt(d.var(ddof=1) * (1 / (K * REPEATS) + 1 / (K - 1)))
    t = scipy_stats.t(df=K * REPEATS - 1)
    half = t.ppf(0.5 + confidence / 2) * error
    assert found.difference == pytest.approx(d.mean())
    assert (found.low, found.high) == pytest.approx((d.mean() - half, d.mean() + half), abs=1e-9)
    assert found.p_value == pytest.approx(2 * t.sf(abs(d.mean() / error)), rel=1e-6)
    decided = found.p_value < 1 - confidence
    assert (found.verdict == "inconclusive") is not decided
    if decided:
        assert found.verdict == ("helps" if d.mean() > 0 else "harms")


def test_the_verdict_turns_with_the_direction_of_the_metric() -> None:
    a, b = _scores(0, gap=0.2)
    up, down = _compare(a, b), _compare(a, b, higher_is_better=False)
    assert (up.verdict, down.verdict) == ("helps", "harms")
    assert (up.difference, up.low, up.high) == (down.difference, down.low, down.high)
    assert up.probability_above_margin == pytest.approx(1 - down.probability_above_margin)  # type: ignore[operator]


def test_bonferroni_widens_the_interval_and_multiplies_p() -> None:
    a, b = _scores(3, gap=0.03)
    one, three = _compare(a, b), _compare(a, b, tests=3)
    wider = _compare(a, b, confidence=1 - 0.05 / 3)
    assert (three.low, three.high) == (wider.low, wider.high)
    assert three.p_value == pytest.approx(3 * one.p_value)
    assert three.confidence == one.confidence == 0.95
    assert "Bonferroni over 3" in three.test
    assert _compare(b, b, tests=3).p_value == 1.0


def test_identical_arms_differ_in_nothing() -> None:
    scores, _ = _scores(1)
    found = _compare(scores, scores.copy())
    assert (found.difference, found.low, found.high, found.p_value) == (0.0, 0.0, 0.0, 1.0)
    assert found.verdict == "inconclusive"
    assert found.minimum_detectable is None
    assert found.labels_needed is None
    assert _compare(scores, scores, margin=0.01).probability_above_margin == 0.0


def test_a_constant_difference_is_as_uncertain_as_its_rows_are_few() -> None:
    b = np.full(10, 0.5)
    few, many = _compare(b + 0.25, b, n=20), _compare(b + 0.25, b, n=2000)
    assert few.verdict == "inconclusive"
    assert many.verdict == "helps"
    assert few.low < many.low < 0.25 < many.high < few.high
    # By hand: fold variance .25·.75/4 rows, corrected by 1/10 + 1/4.
    error = np.sqrt(0.25 * 0.75 / 4 * (1 / 10 + 1 / 4))
    assert few.p_value == pytest.approx(2 * scipy_stats.t.sf(0.25 / error, 9), rel=1e-6)
    certain = _compare(np.ones(10), np.zeros(10), n=2000)
    assert (certain.p_value, certain.verdict) == (0.0, "helps")


def test_differences_that_are_equal_but_for_rounding_are_constant() -> None:
    b = np.array([0.1, 0.2, 0.3, 0.4, 0.7] * 2)
    assert np.ptp((b + 0.05) - b) > 0
    assert _compare(b + 0.05, b, n=40).verdict == "inconclusive"
    assert _compare(b + 1e-15, b).difference == 0.0


@given(st.integers(0, 10_000), st.floats(-0.05, 0.05), st.floats(0.001, 0.1))
@settings(max_examples=50, deadline=None)
def test_the_rows_spread_counts_as_ten_degrees_of_freedom(
    seed: int, gap: float, spread: float
) -> None:
    a, b = _scores(seed, gap)
    found = _compare(a, b, by_rows=spread**2)
    d, df = a - b, K * REPEATS - 1
    variance = (df * d.var(ddof=1) + 10 * spread**2) / (df + 10)
    error = np.sqrt(variance * (1 / (K * REPEATS) + 1 / (K - 1)))
    t = scipy_stats.t(df=df + 10)
    assert found.df == df + 10
    assert standard_error(found) == (pytest.approx(error), df + 10)
    assert found.high - found.low == pytest.approx(2 * t.ppf(0.975) * error)
    assert found.p_value == pytest.approx(2 * t.sf(abs(d.mean() / error)), rel=1e-6)
    assert found.probability_above_margin == pytest.approx(t.cdf(d.mean() / error), abs=1e-9)
    assert probability_above(found, 0.01) == pytest.approx(t.cdf((d.mean() - 0.01) / error))
    assert found.test == "corrected resampled t (Nadeau–Bengio), spread of folds and rows"


def test_the_moderated_variance_is_that_of_limma() -> None:
    """`squeezeVar` of limma (Smyth 2004) with a prior of 0.01 and 10 degrees of freedom:
    (10 · 0.01 + 4 · 0.02) / 14."""
    assert moderated(0.02, 4, 0.01) == (pytest.approx(0.18 / 14), 14)
    assert moderated(0.02, 4, None) == (0.02, 4)


def test_the_rows_spread_is_that_of_a_folds_mean() -> None:
    random = np.random.default_rng(3)
    sizes = [30, 31, 29, 30, 30] * 200
    a, b = ([random.random(n) < share for n in sizes] for share in (0.8, 0.6))
    gaps = [one.mean() - other.mean() for one, other in zip(a, b, strict=True)]
    assert rows_variance(a, b) == pytest.approx(np.var(gaps, ddof=1), rel=0.1)
    assert rows_variance(a[:3], b) == rows_variance(a[:3], b[:3])
    assert rows_variance([], []) is None
    assert rows_variance(a, ()) is None
    assert rows_variance([[1.0]], [[0.0]]) is None


def test_rows_that_do_not_differ_say_nothing() -> None:
    a, b = _scores(4)
    assert _compare(a, b, by_rows=0.0) == _compare(a, b)
    assert moderated(0.02, 4, 0.0) == moderated(0.02, 4, None)
    assert _compare(a, b, by_rows=0.0).df == K * REPEATS - 1
    assert _compare(a, a, by_rows=0.0).p_value == 1.0
    same = _compare(b + 0.05, b, by_rows=0.02**2)
    assert same.high - same.low > 0.02


def test_no_standard_error_of_what_is_no_t() -> None:
    a, b = _scores(4)
    with pytest.raises(ValueError, match="no t-test over folds"):
        standard_error(replace(_compare(a, b), df=None, test="McNemar"))


def test_the_detectable_difference_is_found_four_times_in_five() -> None:
    random = np.random.default_rng(5)
    worlds, df = 20_000, 9
    spread, detectable = 0.03, minimum_detectable_effect(0.03, df)
    # Independent values whose mean has the standard error `spread`, as the formula supposes.
    draws = random.normal(detectable, spread * np.sqrt(df + 1), (worlds, df + 1))
    errors = draws.std(axis=1, ddof=1) / np.sqrt(df + 1)
    low = draws.mean(axis=1) - scipy_stats.t.ppf(0.975, df) * errors
    assert np.mean(low > 0) == pytest.approx(0.8, abs=4 * np.sqrt(0.16 / worlds))
    # The usual approximation of the noncentral t is close, and not above it.
    rough = 0.03 * (scipy_stats.t.ppf(0.975, df) + scipy_stats.t.ppf(0.8, df))
    assert detectable == pytest.approx(rough, rel=0.05)


def test_labels_needed_would_decide_the_observed_difference() -> None:
    a, b = _scores(11, gap=0.01)
    found = _compare(a, b)
    assert found.verdict == "inconclusive"
    assert found.labels_needed is not None
    assert found.minimum_detectable is not None
    assert found.labels_needed > N
    shrunk = found.minimum_detectable * np.sqrt(N / found.labels_needed)
    assert shrunk == pytest.approx(abs(found.difference), rel=0.01)
    assert shrunk <= abs(found.difference)


def test_no_number_of_labels_where_none_can_be_named() -> None:
    a, b = _scores(0, gap=0.2)
    assert _compare(a, b).labels_needed is None
    assert labels_needed(0.0, 0.05, 300) is None
    assert labels_needed(1e-9, 0.05, 300) is None


def test_mean_over_folds_is_corrected_and_clipped() -> None:
    scores = np.array([0.99, 0.9, 1.0, 0.97, 0.98])
    found = mean_over_folds(scores, 5, 1, 0.95, lower=0.0, upper=1.0)
    half = scipy_stats.t.ppf(0.975, 4) * np.sqrt(scores.var(ddof=1) * (1 / 5 + 1 / 4))
    assert found.low == pytest.approx(scores.mean() - half)
    assert found.high == 1.0 < scores.mean() + half
    free = mean_over_folds(scores, 5, 1, 0.95)
    assert free.high == pytest.approx(scores.mean() + half)
    assert (found.value, found.n) == (pytest.approx(scores.mean()), 5)
    assert "Nadeau–Bengio" in found.method


def test_folds_that_do_not_vary_give_no_false_certainty() -> None:
    ones = np.ones(10)
    found = mean_over_folds(ones, 5, 2, 0.95, lower=0.0, upper=1.0)
    assert (found.low, found.high) == (None, None)
    assert "every fold gives the same score" in found.method
    rows = mean_over_folds(ones, 5, 2, 0.95, lower=0.0, upper=1.0, n=40)
    assert rows.low == pytest.approx(0.9124, abs=1e-4)
    assert (rows.high, rows.n) == (1.0, 40)
    assert "Wilson" in rows.method


@pytest.mark.parametrize(
    ("scores", "k", "repeats", "message"),
    [
        ([0.5] * 9, 5, 2, "give 10 values"),
        ([0.5, float("nan")], 2, 1, "not finite"),
        ([0.5], 1, 1, "not a cross-validation"),
    ],
)
def test_scores_that_do_not_fit_are_refused(
    scores: list[float], k: int, repeats: int, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        mean_over_folds(scores, k, repeats)
    with pytest.raises(ValueError, match=message):
        _compare(scores, np.zeros(len(scores)), k=k, repeats=repeats)
