"""Means and paired differences over repeated k-fold cross-validation.

Scores of folds are not independent: folds share training rows, repeats share all rows. Nadeau and
Bengio (2003) widen the variance of the mean for it: s² (1/(k·r) + 1/(k − 1)).

Five folds say little about s², and their rows say much: the variance of a fold's mean over m rows
is at least that of its rows over m. Where the rows are known, s² is the mean of both, weighted by
degrees of freedom (a moderated t, Smyth 2004).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite, sqrt

import numpy as np
from numpy.typing import ArrayLike, NDArray

from headstart.stats.distributions import check_confidence, t_below, t_quantile, t_two_sided
from headstart.stats.power import labels_needed, minimum_detectable_effect
from headstart.stats.proportions import wilson
from headstart.types.result import Comparison, Estimate, TransferVerdict

METHOD = "corrected resampled t (Nadeau–Bengio)"
BY_ROWS = f"{METHOD}, spread of folds and rows"
ROWS_DF = 10
"""Degrees of freedom of the rows' spread beside those of the folds'. Of ten more folds, so to say:
the spread of one repeat of five folds counts for 4 of 14, that of three repeats for 14 of 24, and a
training that falls apart in one fold is seen."""
ROUNDING = 1e-12
"""Scores are of the order of 1; a spread below this is arithmetic, not evidence."""


@dataclass(frozen=True, slots=True)
class CorrectedMean:
    """Mean over folds, its corrected standard error (0 where the folds do not vary) and df."""

    mean: float
    standard_error: float
    df: int


def rows_variance(a: Sequence[ArrayLike], b: Sequence[ArrayLike]) -> float | None:
    """Variance of a fold's difference by the rows in it: of a − b within a fold, over its rows,
    averaged over the folds that both have. None where no fold has two rows.

    a, b: two models' values of the same rows, whose mean over a fold is its score
    (`headstart.metrics.row_values`); one array (rows,) a fold, the first folds of the one being
    those of the other.

    >>> rows_variance([[1.0, 0.0, 1.0, 1.0]], [[0.0, 0.0, 1.0, 1.0]])
    0.0625
    """
    found = []
    for one, other in zip(a, b, strict=False):
        gaps = np.asarray(one, dtype=np.float64) - np.asarray(other, dtype=np.float64)
        if len(gaps) > 1:
            found.append(float(gaps.var(ddof=1)) / len(gaps))
    return float(np.mean(found)) if found else None


def moderated(variance: float, df: int, by_rows: float | None) -> tuple[float, int]:
    """(variance of a fold's value, its degrees of freedom): the folds' own `variance`, and where it
    is known what their rows alone explain. Rows that do not differ explain nothing.

    >>> moderated(0.02, 4, 0.01)[1]
    14
    """
    if by_rows is None or by_rows <= ROUNDING**2:
        return variance, df
    return (df * variance + ROWS_DF * by_rows) / (df + ROWS_DF), df + ROWS_DF


def corrected_mean(
    values: NDArray[np.float64], k: int, repeats: int, by_rows: float | None = None
) -> CorrectedMean:
    """Mean of one value a fold, with the standard error of Nadeau and Bengio (2003), equation 9.

    by_rows: variance of a fold's value that its rows explain (`rows_variance`); None: not known.

    Raises:
        ValueError: fewer than two folds, another number of values, or one that is not finite.
    """
    if k < 2 or repeats < 1:
        raise ValueError(f"{k} folds × {repeats} repeats are not a cross-validation")
    if values.shape != (k * repeats,):
        raise ValueError(
            f"{k} folds × {repeats} repeats give {k * repeats} values, not those of "
            f"shape {values.shape}"
        )
    if not np.isfinite(values).all():
        raise ValueError("a score that is not finite cannot be averaged over folds")
    mean, spread = float(values.mean()), float(values.std(ddof=1))
    if spread <= ROUNDING * max(1.0, float(np.abs(values).max())):
        spread = 0.0
    variance, df = moderated(spread**2, k * repeats - 1, by_rows)
    return CorrectedMean(mean, sqrt(variance * (1 / (k * repeats) + 1 / (k - 1))), df)


def mean_over_folds(
    scores: ArrayLike,
    k: int,
    repeats: int,
    confidence: float = 0.95,
    lower: float | None = None,
    upper: float | None = None,
    *,
    n: int | None = None,
) -> Estimate:
    """Mean score with its corrected interval, clipped to the metric's range.

    Where every fold gives the same score, the folds say nothing about its uncertainty: the interval
    is Wilson's on the n rows for a share (a range of 0 to 1, and n given), and else missing.

    Args:
        scores: one a fold, in the order of the folds, shape (k × repeats,).
        lower, upper: the metric's range.
        n: rows that were scored.

    Raises:
        ValueError: another number of scores, or one that is not finite.
        MissingExtraError: SciPy is not installed.
    """
    check_confidence(confidence)
    values = np.asarray(scores, dtype=np.float64)
    found = corrected_mean(values, k, repeats)
    count = len(values) if n is None else n
    about = f"{METHOD}, {k} folds × {repeats}"
    if found.standard_error == 0.0:
        if n is not None and (lower, upper) == (0.0, 1.0):
            share = wilson(round(found.mean * n), n, confidence)
            low, high = min(share.low or 0.0, found.mean), max(share.high or 1.0, found.mean)
            return Estimate(found.mean, low, high, n, "Wilson; the folds do not vary", confidence)
        why = "no interval: every fold gives the same score"
        return Estimate(found.mean, None, None, count, f"{about}; {why}", confidence)
    half = t_quantile(0.5 + confidence / 2, found.df) * found.standard_error
    low, high = found.mean - half, found.mean + half
    return Estimate(
        found.mean,
        low if lower is None else max(low, lower),
        high if upper is None else min(high, upper),
        count,
        about,
        confidence,
    )


def compare(
    a_scores: ArrayLike,
    b_scores: ArrayLike,
    *,
    a: str,
    b: str,
    metric: str,
    n: int,
    k: int,
    repeats: int,
    confidence: float = 0.95,
    margin: float = 0.0,
    higher_is_better: bool = True,
    tests: int = 1,
    by_rows: float | None = None,
) -> Comparison:
    """metric(a) − metric(b) on the same folds: corrected resampled t, interval, verdict, power.

    The verdict is of a: `helps` when the whole interval lies on the side where a is better.
    P(a better by more than `margin`) is the Bayesian correlated t-test's (Corani and Benavoli 2015,
    as in baycomp), whose posterior is the same t.

    Where every fold gives the same difference d and the rows are not known, the folds do not show
    how uncertain it is. d = 0: nothing differs, p = 1. Otherwise a fold's variance is taken to be
    |d|(1 − |d|)·k/n: the least that a paired difference of shares has on n/k rows (every row that
    differs favours the same arm). |d| ≥ 1 is then certain.

    Args:
        a_scores, b_scores: one a fold, in the order of the folds, shape (k × repeats,).
        n: rows in all folds together.
        confidence: of the interval; of all `tests` intervals at once where there are several.
        margin: the gain that is worth having, ≥ 0, in units of the metric.
        tests: comparisons among which this one was picked. Bonferroni: each interval is at
            1 − (1 − confidence)/tests, the p-value is multiplied by tests.
        by_rows: variance of a fold's difference that its rows explain (`rows_variance`); None: it
            is not known, and the spread is that of the folds alone.

    Raises:
        ValueError: another number of scores, one that is not finite, or tests < 1.
        MissingExtraError: SciPy is not installed.
    """
    check_confidence(confidence)
    if tests < 1 or n < k:
        raise ValueError(f"{tests} tests on {n} rows in {k} folds cannot be judged")
    gaps = np.asarray(a_scores, dtype=np.float64) - np.asarray(b_scores, dtype=np.float64)
    found = corrected_mean(gaps, k, repeats, by_rows)
    difference, error = found.mean, found.standard_error
    if error == 0.0:
        difference = 0.0 if abs(difference) <= ROUNDING else difference
        size = min(abs(difference), 1.0)
        error = sqrt(size * (1.0 - size) * k / n * (1 / (k * repeats) + 1 / (k - 1)))
    level = 1.0 - (1.0 - confidence) / tests
    low, high, p_value = _test(difference, error, found.df, level)
    sign = 1.0 if higher_is_better else -1.0
    verdict = _verdict(sign * difference, low, high)
    detectable = minimum_detectable_effect(error, found.df, level) if error > 0.0 else None
    open_question = verdict == "inconclusive" and detectable is not None
    method = METHOD if found.df == k * repeats - 1 else BY_ROWS
    return Comparison(
        a=a,
        b=b,
        metric=metric,
        difference=difference,
        low=low,
        high=high,
        p_value=min(1.0, p_value * tests),
        test=method if tests == 1 else f"{method}, Bonferroni over {tests}",
        n=n,
        folds=k,
        repeats=repeats,
        verdict=verdict,
        confidence=confidence,
        df=found.df,
        probability_above_margin=_above(sign * difference, error, found.df, margin),
        minimum_detectable=detectable,
        labels_needed=labels_needed(difference, detectable, n)
        if open_question and detectable is not None
        else None,
    )


def probability_above(comparison: Comparison, margin: float) -> float:
    """P(true difference > margin): the Bayesian correlated t-test's posterior (Corani and Benavoli
    2015), from a comparison that was not one of several.

    >>> gaps = [0.1, 0.12, 0.08, 0.1, 0.11]
    >>> found = compare(gaps, [0.0] * 5, a="a", b="b", metric="accuracy", n=100, k=5, repeats=1)
    >>> round(probability_above(found, 0.1), 2), round(probability_above(found, 0.0), 2)
    (0.57, 1.0)
    """
    error, df = standard_error(comparison)
    return _above(comparison.difference, error, df, margin)


def standard_error(comparison: Comparison) -> tuple[float, int]:
    """(corrected standard error, degrees of freedom) of a comparison over folds that was not one of
    several.

    Raises:
        ValueError: it has no degrees of freedom, since it is none over folds.
    """
    if comparison.df is None:
        raise ValueError(f"'{comparison.test}' is no t-test over folds")
    half = (comparison.high - comparison.low) / 2
    return half / t_quantile(0.5 + comparison.confidence / 2, comparison.df), comparison.df


def _test(difference: float, error: float, df: int, level: float) -> tuple[float, float, float]:
    if error == 0.0:
        return difference, difference, 1.0 if difference == 0.0 else 0.0
    half = t_quantile(0.5 + level / 2, df) * error
    return difference - half, difference + half, t_two_sided(difference / error, df)


def _verdict(gain: float, low: float, high: float) -> TransferVerdict:
    if low <= 0.0 <= high:
        return "inconclusive"
    return "helps" if gain > 0.0 else "harms"


def _above(gain: float, error: float, df: int, margin: float) -> float:
    if error == 0.0:
        return float(gain > margin) if gain != margin else 0.5
    above = t_below((gain - margin) / error, df)
    return above if isfinite(above) else 0.5
