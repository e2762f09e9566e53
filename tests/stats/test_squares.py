"""The interval of a sum of squares: against SciPy's law, and by simulation."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import ncx2

from headstart.stats import squares_interval


@pytest.mark.parametrize("total", [4.0, 12.0, 40.0, 5e5])
@pytest.mark.parametrize("bins", [1, 3, 15])
def test_with_equal_noise_the_ends_are_those_of_the_noncentral_law(total: float, bins: int) -> None:
    found = squares_interval(0.5 * total, np.full(bins, 0.5), 0.9)
    assert found is not None
    for end, tail in zip(found, (0.95, 0.05), strict=True):
        if end:
            assert ncx2.cdf(total, bins, end / 0.5) == pytest.approx(tail, abs=1e-6)
        else:
            assert ncx2.cdf(total, bins, 0.0) <= tail


@pytest.mark.parametrize(
    ("size", "even", "lower", "upper"),
    [
        (0.0, True, 0.965, 0.985),  # only one end can miss it
        (0.3, True, 0.94, 0.97),
        (0.3, False, 0.93, 0.965),
        (2.0, True, 0.955, 0.985),
        (2.0, False, 0.90, 0.93),  # the approximation at its worst
    ],
)
def test_it_holds_the_sum_with_unequal_noise(
    size: float, even: bool, lower: float, upper: float
) -> None:
    """5,000 trials at 95%, of gaps that lie evenly or all in the noisiest of 15 bins."""
    random = np.random.default_rng(int(10 * size))
    noise = np.linspace(0.02, 0.3, 15)
    means = np.sqrt(np.full(15, size / 15) if even else np.eye(15)[-1] * size)
    drawn = ((means + random.normal(0.0, np.sqrt(noise), (5000, 15))) ** 2).sum(axis=1)
    ends = [squares_interval(float(total), noise) for total in drawn]
    held = np.mean([one is not None and one[0] <= size <= one[1] for one in ends])
    assert lower <= held <= upper


@given(
    st.lists(st.floats(1e-6, 1.0), min_size=1, max_size=20),
    st.floats(0.0, 50.0),
    st.floats(0.5, 0.999),
)
def test_the_debiased_sum_lies_inside(noise: list[float], total: float, confidence: float) -> None:
    found = squares_interval(total, noise, confidence)
    assert found is not None
    value = max(total - sum(noise), 0.0)
    assert found[0] <= value + 1e-9 * (1 + value)
    assert found[1] >= value - 1e-9 * (1 + value)


def test_without_noise_there_is_no_interval() -> None:
    assert squares_interval(0.2, [0.0, 0.0]) is None
