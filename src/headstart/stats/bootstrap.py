"""Bootstrap intervals for any metric of labels and probabilities."""

from __future__ import annotations

from collections.abc import Callable
from math import erf, sqrt
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from headstart.stats.distributions import check_confidence, normal_quantile
from headstart.types.result import Estimate

Codes = NDArray[np.integer]
Proba = NDArray[np.floating]
Floats = NDArray[np.float64]
METHOD = "stratified bootstrap, BCa"
JACKKNIFE_GROUPS = 400
CELLS = 2_000_000
"""Row weights that are held at a time."""


@runtime_checkable
class WeightedStatistic(Protocol):
    """A statistic that can be had for many weightings of the same rows at once."""

    def __call__(self, y: Codes, proba: Proba) -> float: ...

    def weighted(self, y: Codes, proba: Proba) -> Callable[[Floats], Floats]:
        """A function from row weights (resamples, n) to values (resamples,)."""


Statistic = Callable[[Codes, Proba], float] | WeightedStatistic


def stratified_bootstrap_bca(
    statistic: Statistic,
    y: Codes,
    proba: Proba,
    *,
    confidence: float = 0.95,
    resamples: int = 1000,
    seed: int = 0,
    lower: float | None = None,
    upper: float | None = None,
) -> Estimate:
    """A statistic with its bias-corrected and accelerated interval, resampling within classes.

    Classes keep their shares of the rows: the interval is for data of the same shares. Classes with
    a single row are resampled together, since alone they could not vary. The acceleration is the
    jackknife's, centred within the classes; above 400 rows it leaves out groups of rows.
    Source: Efron (1987); Davison and Hinkley (1997), section 5.3.

    Drawing n_c of a class's n_c rows gives too small a variance by (n_c − 1)/n_c: with 2 rows a
    class a 95% interval covers 80%. A statistic that takes weights is spared it: n_c − 1 rows are
    drawn, each of weight n_c/(n_c − 1) (Rao and Wu 1988).

    Args:
        statistic: of labels (n,) and any columns that belong to the rows (n, m). One with a
            `weighted` method (`headstart.metrics.ScoreStatistic`) is rescaled as said, and had for
            all resamples at once; a plain function is called once a resample.
        lower, upper: the statistic's range, to which the interval is clipped.

    Returns:
        An estimate. `low` and `high` are None where all resamples give the same value: a statistic
        at its limit, for which the bootstrap knows no uncertainty.

    Raises:
        ValueError: no rows.
    """
    check_confidence(confidence)
    if not len(y):
        raise ValueError("a bootstrap needs at least one row")
    value = float(statistic(y, proba))
    strata = _strata(y)
    many = _many(statistic, y, proba)
    rescaled = isinstance(statistic, WeightedStatistic)
    draws = _resampled(many, strata, resamples, rescaled, np.random.default_rng(seed))
    if np.ptp(draws) <= 1e-12:
        why = f"{METHOD}; no interval: all {resamples} resamples give the same value"
        return Estimate(value, None, None, len(y), why, confidence)
    low, high = _bca(value, draws, _acceleration(many, strata), confidence)
    return Estimate(
        value,
        low if lower is None else max(low, lower),
        high if upper is None else min(high, upper),
        len(y),
        f"{METHOD}, {resamples} resamples" + (", rescaled (Rao–Wu)" if rescaled else ""),
        confidence,
    )


def paired_bootstrap(
    statistic: Statistic,
    y: Codes,
    a: Proba,
    b: Proba,
    *,
    confidence: float = 0.95,
    resamples: int = 1000,
    seed: int = 0,
) -> Estimate:
    """statistic(a) − statistic(b) on the same rows, by `stratified_bootstrap_bca`.

    Raises:
        ValueError: no rows, or unequal shapes.
    """
    if a.shape != b.shape:
        raise ValueError(f"both models must answer the same rows, not {a.shape} and {b.shape}")
    pair = _Difference(statistic, a.shape[1])
    return stratified_bootstrap_bca(
        pair if isinstance(statistic, WeightedStatistic) else pair.__call__,
        y,
        np.hstack([a, b]),
        confidence=confidence,
        resamples=resamples,
        seed=seed,
    )


class _Difference:
    def __init__(self, statistic: Statistic, columns: int) -> None:
        self._statistic, self._columns = statistic, columns

    def __call__(self, y: Codes, both: Proba) -> float:
        left, right = both[:, : self._columns], both[:, self._columns :]
        return self._statistic(y, left) - self._statistic(y, right)

    def weighted(self, y: Codes, both: Proba) -> Callable[[Floats], Floats]:
        left = _many(self._statistic, y, both[:, : self._columns])
        right = _many(self._statistic, y, both[:, self._columns :])
        return lambda weights: left(weights) - right(weights)


def _many(statistic: Statistic, y: Codes, proba: Proba) -> Callable[[Floats], Floats]:
    if isinstance(statistic, WeightedStatistic):
        return statistic.weighted(y, proba)

    def one_by_one(weights: Floats) -> Floats:
        rows = (np.repeat(np.arange(len(y)), row.astype(np.int64)) for row in weights)
        return np.array([statistic(y[taken], proba[taken]) for taken in rows])

    return one_by_one


def _strata(y: Codes) -> NDArray[np.int64]:
    """Stratum of each row: its class, and one for all classes that have a single row."""
    _, inverse, counts = np.unique(y, return_inverse=True, return_counts=True)
    strata = inverse.reshape(-1).astype(np.int64)
    return np.where(counts[strata] == 1, len(counts), strata)


def _resampled(
    many: Callable[[Floats], Floats],
    strata: NDArray[np.int64],
    resamples: int,
    rescaled: bool,
    random: np.random.Generator,
) -> Floats:
    n = len(strata)
    order = np.argsort(strata, kind="stable")
    _, starts, counts = np.unique(strata[order], return_index=True, return_counts=True)
    drawn = np.maximum(counts - 1, 1) if rescaled else counts
    first, size = np.repeat(starts, drawn), np.repeat(counts, drawn)
    scale = np.empty(n)
    scale[order] = np.repeat(counts / drawn, counts)
    values, step = [], max(1, CELLS // n)
    for begin in range(0, resamples, step):
        rows = min(step, resamples - begin)
        taken = order[first + (random.random((rows, len(first))) * size).astype(np.int64)]
        flat = taken + n * np.arange(rows)[:, None]
        weights = np.bincount(flat.ravel(), minlength=rows * n).reshape(rows, n)
        values.append(many(weights * scale))
    return np.concatenate(values)


def _acceleration(many: Callable[[Floats], Floats], strata: NDArray[np.int64]) -> float:
    """Σd³ / 6(Σd²)^1.5 of the jackknife's deviations d within the strata."""
    n = len(strata)
    order = np.argsort(strata, kind="stable")
    sizes = np.bincount(strata)
    groups = [rows for rows in _groups(order, strata) if sizes[strata[rows[0]]] > len(rows)]
    if not groups:
        return 0.0
    values, step = [], max(1, CELLS // n)
    for begin in range(0, len(groups), step):
        some = groups[begin : begin + step]
        weights = np.ones((len(some), n))
        for row, left_out in enumerate(some):
            weights[row, left_out] = 0.0
        values.append(many(weights))
    left_out = np.concatenate(values)
    stratum = np.array([strata[rows[0]] for rows in groups])
    count = np.bincount(stratum)
    mean = np.bincount(stratum, weights=left_out) / np.maximum(count, 1)
    away = mean[stratum] - left_out
    squares = float((away**2).sum())
    return float((away**3).sum()) / (6.0 * squares**1.5) if squares > 0.0 else 0.0


def _groups(order: NDArray[np.int64], strata: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    """Rows to leave out together: one by one up to 400, else groups of one stratum each."""
    size = -(-len(order) // JACKKNIFE_GROUPS)
    cuts = np.flatnonzero(np.diff(strata[order])) + 1
    return [
        rows[begin : begin + size]
        for rows in np.split(order, cuts)
        for begin in range(0, len(rows), size)
    ]


def _bca(
    value: float, draws: Floats, acceleration: float, confidence: float
) -> tuple[float, float]:
    below = float((draws < value).mean() + (draws == value).mean() / 2)
    edge = 0.5 / len(draws)
    bias = normal_quantile(min(max(below, edge), 1.0 - edge))
    limits = []
    for tail in ((1.0 - confidence) / 2, (1.0 + confidence) / 2):
        z = bias + normal_quantile(tail)
        shrink = 1.0 - acceleration * z
        adjusted = bias + z / shrink if shrink > 0.0 else z
        limits.append(0.5 * (1.0 + erf(adjusted / sqrt(2.0))))
    low, high = np.quantile(draws, limits)
    return float(low), float(high)
