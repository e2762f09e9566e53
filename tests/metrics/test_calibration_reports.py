"""Calibration numbers against loops, scikit-learn and planted errors."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import softmax
from sklearn.calibration import calibration_curve
from statsmodels.stats.proportion import proportion_confint

from headstart.metrics import (
    brier,
    brier_decomposition,
    calibration_error_of,
    debiased_calibration_error,
    reliability_of,
)


def answers(rows: int, classes: int, seed: int, shift: float = 0.0):
    """Labels drawn from the probabilities, of which the largest is then stated `shift` higher."""
    random = np.random.default_rng(seed)
    proba = random.dirichlet(np.ones(classes), rows)
    y = (random.random((rows, 1)) > proba.cumsum(axis=1)).sum(axis=1).clip(0, classes - 1)
    if shift:
        top = proba.argmax(axis=1)
        stated = np.minimum(proba.max(axis=1) + shift, 0.999)
        rest = (1.0 - stated) / (1.0 - proba.max(axis=1))
        proba *= rest[:, None]
        proba[np.arange(rows), top] = stated
    return y, proba


@pytest.mark.parametrize("seed", range(5))
def test_the_parts_sum_to_the_brier_score(seed: int):
    y, proba = answers(300, 2 + seed, seed)
    y[:3] = -1 if seed % 2 else y[:3]
    parts = brier_decomposition(y, proba, bins=3 + 4 * seed)
    total = parts.reliability - parts.resolution + parts.uncertainty + parts.within
    expected = sum(
        (proba[row, code] - float(y[row] == code)) ** 2
        for row in range(300)
        for code in range(proba.shape[1])
    )
    assert total == pytest.approx(expected / 300, abs=1e-12)
    if (y >= 0).all():
        assert total == pytest.approx(brier(y, proba), abs=1e-9)


def test_the_decomposition_is_murphys_where_bins_hold_one_probability():
    random = np.random.default_rng(0)
    stated = random.choice([0.15, 0.45, 0.75], 400)
    y = (random.random(400) < stated).astype(np.int64)
    parts = brier_decomposition(y, np.column_stack([1.0 - stated, stated]))
    base, reliability, resolution = y.mean(), 0.0, 0.0
    for value in (0.15, 0.45, 0.75):
        rows = stated == value
        reliability += rows.mean() * (value - y[rows].mean()) ** 2
        resolution += rows.mean() * (y[rows].mean() - base) ** 2
    assert parts.within == pytest.approx(0.0, abs=1e-12)
    assert parts.reliability == pytest.approx(2.0 * reliability)
    assert parts.resolution == pytest.approx(2.0 * resolution)
    assert parts.uncertainty == pytest.approx(2.0 * base * (1.0 - base))


def test_the_reliability_table_is_scikit_learns_curve():
    y, proba = answers(500, 3, 1)
    right = (proba.argmax(axis=1) == y).astype(int)
    shares, means = calibration_curve(right, proba.max(axis=1), n_bins=10)
    table = reliability_of(proba.max(axis=1), right == 1)
    assert [row.right for row in table] == pytest.approx(shares)
    assert [row.stated for row in table] == pytest.approx(means)
    assert sum(row.n for row in table) == 500
    for row in table:
        expected = proportion_confint(round(row.right * row.n), row.n, method="wilson")
        assert (row.right_low, row.right_high) == pytest.approx(expected, abs=1e-9)
        assert row.low <= row.stated <= row.high


def test_the_debiased_error_is_that_of_a_loop():
    y, proba = answers(301, 4, 2)
    rows = sorted(range(301), key=lambda row: (proba[row].max(), row))
    sizes, start, total = [21] + [20] * 14, 0, 0.0
    for size in sizes:
        part = rows[start : start + size]
        start += size
        right = [float(proba[row].argmax() == y[row]) for row in part]
        share = sum(right) / size
        stated = sum(proba[row].max() for row in part) / size
        total += size / 301 * ((share - stated) ** 2 - share * (1 - share) / (size - 1))
    assert debiased_calibration_error(y, proba) == pytest.approx(max(total, 0.0) ** 0.5)


def _world(kind: str) -> tuple[np.ndarray, np.ndarray]:
    """(stated probability of the answer, chance that it is right) of 100,000 rows."""
    random = np.random.default_rng(7)
    logits = random.normal(0.0, {"sure": 8.0}.get(kind, 1.5), (100_000, 3))
    stretch = {"calibrated": 1.0, "sure": 1.5, "overconfident": 2.0, "timid": 0.6}[kind]
    stated, chance = softmax(stretch * logits, axis=1), softmax(logits, axis=1)
    return stated.max(axis=1), chance.max(axis=1)


@pytest.mark.parametrize("kind", ["calibrated", "sure", "overconfident", "timid"])
@pytest.mark.parametrize("n", [50, 200, 1000])
def test_the_interval_holds_the_error(kind: str, n: int):
    """1,500 samples at 95%: from 93 to 98% hold it (the error of a calibrated model is 0, which
    only the lower end can miss). `sure`: 93% of the answers are right."""
    stated, chance = _world(kind)
    parts = np.array_split(np.argsort(stated, kind="stable"), 15)
    gaps = [(len(rows), chance[rows].mean() - stated[rows].mean()) for rows in parts]
    truth = np.sqrt(sum(size * gap**2 for size, gap in gaps) / len(stated))
    random, held, known = np.random.default_rng(n), 0, 0
    for _ in range(1500):
        rows = random.integers(0, len(stated), n)
        right = random.random(n) < chance[rows]
        found = calibration_error_of(stated[rows], right)
        if found.low is not None and found.high is not None:
            known += 1
            held += found.low <= truth + 1e-12 and truth <= found.high
    assert known >= 1400
    assert 0.93 <= held / known <= 0.985


def test_without_an_error_there_is_no_interval():
    found = calibration_error_of(np.full(40, 0.9), np.ones(40, dtype=bool))
    assert (found.value, found.low, found.high) == (pytest.approx(0.1), None, None)
    assert "no interval" in found.method
