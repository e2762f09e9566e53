"""Intervals of shares and McNemar's test against SciPy and statsmodels; coverage by enumeration."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats as scipy_stats
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.proportion import proportion_confint

from headstart.stats import clopper_pearson, mcnemar_exact, wilson


@pytest.mark.parametrize("confidence", [0.8, 0.95, 0.99])
@pytest.mark.parametrize(("successes", "n"), [(0, 7), (7, 7), (1, 3), (15, 50), (199, 200)])
def test_intervals_are_those_of_statsmodels_and_scipy(
    successes: int, n: int, confidence: float
) -> None:
    for ours, name, exact in (
        (wilson(successes, n, confidence), "wilson", "wilson"),
        (clopper_pearson(successes, n, confidence), "beta", "exact"),
    ):
        low, high = proportion_confint(successes, n, alpha=1 - confidence, method=name)
        assert (ours.low, ours.high) == pytest.approx((low, high), abs=1e-9)
        theirs = scipy_stats.binomtest(successes, n).proportion_ci(confidence, method=exact)
        assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high), abs=1e-9)
        assert (ours.value, ours.n, ours.confidence) == (successes / n, n, confidence)


@pytest.mark.parametrize(("rows", "share"), [(59, 0.95), (149, 0.98), (299, 0.99)])
def test_rows_without_an_error_that_certify_a_share(rows: int, share: float) -> None:
    # The known table: error ≤ 5%, 2%, 1% at 95% one-sided needs 59, 149, 299 rows without error.
    low = clopper_pearson(rows, rows, 0.90).low
    fewer = clopper_pearson(rows - 1, rows - 1, 0.90).low
    assert low is not None
    assert fewer is not None
    assert low >= share > fewer


def _coverage(n: int, p: float, interval: str) -> float:
    """Exactly: the binomial probability of the counts whose interval holds p."""
    make = wilson if interval == "wilson" else clopper_pearson
    found = [make(k, n) for k in range(n + 1)]
    holds = np.array([e.low <= p <= e.high for e in found if e.low is not None and e.high])
    kept = np.array([e.high is not None and e.high > 0 for e in found])
    return float(scipy_stats.binom.pmf(np.flatnonzero(kept), n, p) @ holds)


@pytest.mark.parametrize("n", [50, 200, 1000])
def test_clopper_pearson_covers_at_least_as_it_says_and_wilson_on_average(n: int) -> None:
    shares = np.linspace(0.02, 0.98, 25)
    exact = [_coverage(n, p, "clopper") for p in shares]
    score = [_coverage(n, p, "wilson") for p in shares]
    assert min(exact) >= 0.95
    assert np.mean(score) == pytest.approx(0.95, abs=0.008)
    assert min(score) > 0.90


@pytest.mark.parametrize(("only_a", "only_b"), [(0, 0), (6, 0), (3, 9), (40, 40), (120, 77)])
def test_mcnemar_is_that_of_statsmodels(only_a: int, only_b: int) -> None:
    a = np.array([True] * only_a + [False] * only_b + [True] * 20 + [False] * 5)
    b = np.array([False] * only_a + [True] * only_b + [True] * 20 + [False] * 5)
    table = [[20, only_a], [only_b, 5]]
    theirs = 1.0 if only_a + only_b == 0 else float(mcnemar(table, exact=True).pvalue)
    assert mcnemar_exact(a, b) == pytest.approx(theirs, rel=1e-9)
    assert mcnemar_exact(b, a) == pytest.approx(theirs, rel=1e-9)


def test_what_is_no_share_is_refused() -> None:
    for successes, n in ((1, 0), (-1, 5), (6, 5)):
        with pytest.raises(ValueError, match="is not a share"):
            wilson(successes, n)
    with pytest.raises(ValueError, match="confidence must lie between 0 and 1"):
        clopper_pearson(1, 2, 95)
    with pytest.raises(ValueError, match="answers of the same rows"):
        mcnemar_exact([True], [True, False])
