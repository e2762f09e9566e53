"""Certificates against SciPy's binomial distribution, a loop, and worlds with known errors."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import beta, binom

from headstart.stats import (
    candidate_thresholds,
    cases_needed,
    certify,
    certify_by_class,
    rows_without_error,
)
from headstart.stats.selective import _order
from headstart.types.result import NotAvailable, SelectiveCertificate


def world(n: int, seed: int, slope: float = 0.3) -> tuple[np.ndarray, np.ndarray]:
    """Scores, and errors with probability slope · (1 − score)."""
    random = np.random.default_rng(seed)
    scores = random.random(n)
    return scores, random.random(n) < slope * (1.0 - scores)


@pytest.mark.parametrize(("limit", "confidence"), [(0.05, 0.95), (0.01, 0.9), (0.2, 0.99)])
def test_the_fewest_rows_that_certify(limit: float, confidence: float):
    rows = rows_without_error(limit, confidence)
    assert binom.cdf(0, rows, limit) <= 1 - confidence + 1e-12
    assert binom.cdf(0, rows - 1, limit) > 1 - confidence


def the_test(wrong: np.ndarray, limit: float, delta: float) -> tuple[int, int] | None:
    """(rows, wrong ones) that count of answered rows in their order, by SciPy's binomial; None
    where they certify nothing."""
    allowed = [k for k in range(len(wrong)) if binom.cdf(k, len(wrong), limit) <= delta]
    if not allowed:
        return None
    rows = next(m for m in range(1, 10_000) if binom.cdf(allowed[-1], m, limit) <= delta)
    missed = int(wrong[:rows].sum())
    return (rows, missed) if missed <= allowed[-1] else None


@pytest.mark.parametrize("seed", range(12))
def test_it_is_the_last_threshold_before_the_first_failure(seed: int):
    scores, wrong = world(250, seed)
    thresholds = np.linspace(0.6, 0.0, 13)
    order = _order(250)
    last = None
    for threshold in thresholds:
        counted = the_test(wrong[order][scores[order] >= threshold], 0.1, 0.05)
        if counted is None:
            break
        kept = scores >= threshold
        last = threshold, int(kept.sum()), int(wrong[kept].sum()), *counted
    found = certify(scores, wrong, thresholds, limit=0.1)
    if last is None:
        assert isinstance(found, NotAvailable)
        return
    assert isinstance(found, SelectiveCertificate)
    told = (found.threshold, found.answered, found.wrong, found.tested, found.tested_wrong)
    assert told == pytest.approx(last)
    assert found.coverage == last[1] / 250
    bound = beta.ppf(0.95, last[2] + 1, last[1] - last[2])
    assert found.upper == pytest.approx(min(0.1, bound), abs=1e-9)
    assert found.coverage_low < found.coverage < found.coverage_high


def test_whatever_all_answered_rows_certify_is_certified_and_more():
    more = 0
    for seed in range(100):
        _, wrong = world(110, seed)
        plain = binom.cdf(wrong.sum(), 110, 0.2) <= 0.05
        found = certify(np.ones(110), wrong, [0.5], limit=0.2)
        assert not plain or isinstance(found, SelectiveCertificate)
        more += not plain and isinstance(found, SelectiveCertificate)
    assert more


@pytest.mark.parametrize(
    ("n", "limit"),
    [
        (75, 0.05),
        pytest.param(110, 0.05, marks=pytest.mark.slow),
        (180, 0.02),
        pytest.param(400, 0.1, marks=pytest.mark.slow),
    ],
)
def test_at_the_limit_itself_it_certifies_as_seldom_as_it_says(n: int, limit: float):
    """Four fifths of n rows are answered, the share `limit` of them wrong; 800 trials, δ = 0.05."""
    random = np.random.default_rng(n)
    certified = 0
    for _ in range(800):
        scores = random.random(n)
        found = certify(scores, random.random(n) < limit, [0.2], limit=limit)
        certified += isinstance(found, SelectiveCertificate)
    assert certified <= binom.ppf(0.999, 800, 0.05)


def test_some_worlds_are_certified_and_some_are_not():
    kinds = {
        isinstance(certify(*world(250, seed), np.linspace(0.6, 0.0, 13), limit=0.1), NotAvailable)
        for seed in range(12)
    }
    assert kinds == {True, False}


@pytest.mark.parametrize("slope", [0.15, 0.3, 0.6])
def test_a_certified_error_is_seldom_exceeded(slope: float):
    """Violations in 400 trials at δ = 0.1: at most 57 (the 99.9% point of Bin(400, 0.1))."""
    violations, limit = 0, 0.1
    allowed = int(binom.ppf(0.999, 400, 0.1))
    for trial in range(400):
        reference, missed = world(200, 10_000 + trial, slope)
        thresholds = candidate_thresholds(reference, 300, limit=limit, confidence=0.9, wrong=missed)
        scores, wrong = world(300, trial, slope)
        found = certify(scores, wrong, thresholds, limit=limit, confidence=0.9)
        if isinstance(found, SelectiveCertificate):
            truth = slope * (1.0 - (1.0 + found.threshold) / 2.0)
            violations += truth > limit
    assert violations <= allowed


def test_more_cases_are_named_and_they_do_certify():
    scores, wrong = np.full(40, 0.9), np.zeros(40, dtype=bool)
    more = cases_needed(scores, wrong, limit=0.05)
    assert more is not None
    found = certify(scores, wrong, [0.5], limit=0.05)
    assert isinstance(found, NotAvailable)
    assert f"needs {more} more labelled cases" in found.reason
    n = 40 + more
    expected = int(np.ceil(0.5 / 41 * n))
    assert binom.cdf(expected, n, 0.05) <= 0.05
    many = np.arange(n) < expected
    assert isinstance(certify(np.ones(n), many, [0.5], limit=0.05), SelectiveCertificate)


def test_where_every_threshold_errs_too_often_no_number_is_named():
    wrong = np.arange(200) % 2 == 0
    assert cases_needed(np.linspace(0, 1, 200), wrong, limit=0.05) is None
    found = certify(np.linspace(0, 1, 200), wrong, [0.5, 0.0], limit=0.05)
    assert isinstance(found, NotAvailable)
    assert "more labelled" not in found.reason


def test_thresholds_fall_and_end_with_answering_everything():
    scores, wrong = world(500, 3)
    for missed in (None, wrong):
        found = candidate_thresholds(scores, 300, limit=0.05, confidence=0.95, wrong=missed)
        assert (np.diff(found) < 0).all()
        assert found[-1] == 0.0
        assert (scores >= found[0]).mean() * 300 >= 59


def test_the_classes_share_the_confidence():
    scores, wrong = world(600, 5, 0.1)
    answers = np.arange(600) % 3
    reference = [world(200, seed, 0.1)[0] for seed in range(3)]
    found = certify_by_class(scores, wrong, answers, reference, limit=0.2, confidence=0.95)
    for code, one in enumerate(found):
        rows = answers == code
        assert isinstance(one, SelectiveCertificate)
        assert one.confidence == pytest.approx(1 - 0.05 / 3)
        assert one.n == rows.sum()
        kept = rows & (scores >= one.threshold)
        assert kept.sum() == one.answered
        assert binom.cdf(one.tested_wrong, one.tested, 0.2) <= 0.05 / 3
    lone = certify_by_class(scores, wrong, np.zeros(600, int), reference, limit=0.2)
    assert isinstance(lone[1], NotAvailable)


@pytest.mark.parametrize(("limit", "confidence"), [(0.0, 0.95), (1.0, 0.95), (0.1, 1.0)])
def test_limits_lie_between_0_and_1(limit: float, confidence: float):
    with pytest.raises(ValueError, match="between 0 and 1"):
        certify([0.5], [False], [0.0], limit=limit, confidence=confidence)


def test_rows_must_fit():
    with pytest.raises(ValueError, match="same rows"):
        certify([0.5, 0.6], [False], [0.0], limit=0.1)
    with pytest.raises(ValueError, match="reference"):
        candidate_thresholds([], 10, limit=0.1, confidence=0.9)
