"""The jackknife of a mean is the classical interval; its coverage by simulation."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from headstart.stats import jackknife


def test_of_a_mean_it_is_students_interval() -> None:
    x = np.random.default_rng(0).normal(size=12)
    without = [np.delete(x, i).mean() for i in range(12)]
    found = jackknife(float(x.mean()), without, n=12)
    low, high = stats.t.interval(0.95, 11, loc=x.mean(), scale=stats.sem(x))
    assert found.low == pytest.approx(low)
    assert found.high == pytest.approx(high)


def test_coverage_of_a_correlation() -> None:
    """600 worlds of 100 rows, five parts: 95% within three binomial errors, no less than 92%."""
    random = np.random.default_rng(1)
    covered = 0
    for _ in range(600):
        x = random.normal(size=(100, 2)) @ np.array([[1.0, 0.5], [0.0, np.sqrt(0.75)]])
        parts = random.permutation(100).reshape(5, 20)
        without = [np.corrcoef(np.delete(x, part, axis=0).T)[0, 1] for part in parts]
        found = jackknife(float(np.corrcoef(x.T)[0, 1]), without, n=100)
        assert found.low is not None
        assert found.high is not None
        covered += found.low <= 0.5 <= found.high
    assert 0.92 <= covered / 600 <= 0.98


def test_one_part_is_too_few() -> None:
    with pytest.raises(ValueError, match="at least 2"):
        jackknife(1.0, [1.0], n=3)
