"""Inverses of the noncentral laws: against the laws themselves."""

from __future__ import annotations

import pytest
from scipy.stats import nct, ncx2

from headstart.stats.distributions import chi_squared_noncentrality, noncentrality


@pytest.mark.parametrize("df", [1.0, 2.0, 7.5, 60.0])
@pytest.mark.parametrize("x", [0.3, 12.0, 500.0, 5e5])
@pytest.mark.parametrize("p", [0.001, 0.025, 0.5, 0.975])
def test_of_chi_squared(df: float, x: float, p: float) -> None:
    found = chi_squared_noncentrality(p, x, df)
    if found:
        assert ncx2.cdf(x, df, found) == pytest.approx(p, abs=1e-8)
    else:
        assert ncx2.cdf(x, df, 0.0) <= p + 1e-12


@pytest.mark.parametrize("df", [4.0, 9.0, 14.0, 200.0])
@pytest.mark.parametrize("t", [0.5, 1.76, 4.0])
@pytest.mark.parametrize("power", [0.1, 0.5, 0.8, 0.95])
def test_of_t(df: float, t: float, power: float) -> None:
    assert nct.sf(t, df, noncentrality(power, t, df)) == pytest.approx(power, abs=1e-7)
