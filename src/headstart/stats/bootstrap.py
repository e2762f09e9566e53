"""Bootstrap intervals for any metric of labels and probabilities."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True)
class Others:
    """What rows of a class might have been where all that were seen are alike.

    y: their classes (k,), of those that were seen. columns: as those of the rows (k, m). chance:
    how probable each is before any row of the class is seen (k,), between 0 and 1.
    """

    y: Codes
    columns: Proba
    chance: Floats


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
    others: Others | None = None,
) -> Estimate:
    """A statistic with its bias-corrected and accelerated interval, resampling within classes.

    Classes keep their shares of the rows: the interval is for data of the same shares. Classes with
    a single row vary together, since alone they could not. The acceleration is the jackknife's,
    centred within the classes; above 400 rows it leaves out groups of rows.
    Source: Efron (1987); Davison and Hinkley (1997), section 5.3.

    Drawing n_c of a class's n_c rows gives too small a variance by (n_c − 1)/n_c: with 2 rows a
    class a 95% interval covers 80%. A statistic that takes weights is spared it: n_c − 1 rows are
    drawn, each of weight n_c/(n_c − 1) (Rao and Wu 1988). Those of the classes with a single row
    get weights that are never 0 (Dirichlet; Rubin 1981), of the same variance from four such
    classes on: drawn like others, half of these classes would be gone from each resample, and an
    average over classes would be one over others than the estimate's.

    A class whose rows are all alike knows no uncertainty in a resample, though five right answers
    of five do not make a recall of 1. With `others`, its share of rows that are otherwise is drawn
    from the Beta law that their chance, with the weight of one row, and the rows that were seen
    leave (of several others: Dirichlet's). The bias is that of the resamples without them: what
    they add is no bias of the estimate.

    Args:
        statistic: of labels (n,) and any columns that belong to the rows (n, m). One with a
            `weighted` method (`headstart.metrics.ScoreStatistic`) is rescaled as said, and had for
            all resamples at once; a plain function is called once a resample.
        lower, upper: the statistic's range, to which the interval is clipped.
        others: for a statistic that takes weights; the estimate itself is without them.

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
    strata, alone = _strata(y)
    rescaled = isinstance(statistic, WeightedStatistic)
    unseen = others if rescaled and others is not None and len(others.y) else None
    many = _many(statistic, y, proba)
    resampling = _Resampling(strata, alone, rescaled)
    draws = resampling.values(many, resamples, np.random.default_rng(seed))
    around = draws
    if unseen is not None:
        wider = _many(
            statistic, np.concatenate([y, unseen.y]), np.concatenate([proba, unseen.columns])
        )
        around = resampling.values(wider, resamples, np.random.default_rng(seed), (y, unseen))
    if np.ptp(around) <= 1e-12:
        why = f"{METHOD}; no interval: all {resamples} resamples give the same value"
        return Estimate(value, None, None, len(y), why, confidence)
    low, high = _bca(value, draws, around, _acceleration(many, strata), confidence)
    if unseen is not None:
        low, high = min(low, value), max(high, value)
    return Estimate(
        value,
        low if lower is None else max(low, lower),
        high if upper is None else min(high, upper),
        len(y),
        f"{METHOD}, {resamples} resamples"
        + (", rescaled (Rao–Wu)" if rescaled else "")
        + (", with answers that were not seen" if unseen is not None else ""),
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


def _strata(y: Codes) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """(stratum of each row: its class, and one for all classes that have a single row; the rows of
    these)."""
    _, inverse, counts = np.unique(y, return_inverse=True, return_counts=True)
    strata = inverse.reshape(-1).astype(np.int64)
    single = counts[strata] == 1
    return np.where(single, len(counts), strata), np.flatnonzero(single)


class _Resampling:
    """Draws weights of the rows: within strata (n,), of which `alone` are the rows of classes with
    a single one."""

    def __init__(self, strata: NDArray[np.int64], alone: NDArray[np.int64], rescaled: bool) -> None:
        n = len(strata)
        self._order = np.argsort(strata, kind="stable")
        _, starts, counts = np.unique(strata[self._order], return_index=True, return_counts=True)
        drawn = np.maximum(counts - 1, 1) if rescaled else counts
        self._first, self._size = np.repeat(starts, drawn), np.repeat(counts, drawn)
        self._scale = np.empty(n)
        self._scale[self._order] = np.repeat(counts / drawn, counts)
        self._alone = alone if rescaled and len(alone) > 1 else alone[:0]

    def values(
        self,
        many: Callable[[Floats], Floats],
        resamples: int,
        random: np.random.Generator,
        unseen: tuple[Codes, Others] | None = None,
    ) -> Floats:
        """The statistic of every resample; with the classes of the rows and their others, of rows
        and others."""
        n, found = len(self._scale), []
        step = max(1, CELLS // n)
        for begin in range(0, resamples, step):
            weights = self._weights(min(step, resamples - begin), random)
            found.append(
                many(weights if unseen is None else _with_others(weights, *unseen, random))
            )
        return np.concatenate(found)

    def _weights(self, rows: int, random: np.random.Generator) -> Floats:
        n = len(self._scale)
        picked = (random.random((rows, len(self._first))) * self._size).astype(np.int64)
        flat = self._order[self._first + picked] + n * np.arange(rows)[:, None]
        weights = np.bincount(flat.ravel(), minlength=rows * n).reshape(rows, n) * self._scale
        if len(self._alone):
            count = len(self._alone)
            shares = random.gamma(max(1.0 - 2.0 / count, 0.5), size=(rows, count))
            weights[:, self._alone] = count * shares / shares.sum(axis=1, keepdims=True)
        return np.asarray(weights)


def _with_others(weights: Floats, y: Codes, others: Others, random: np.random.Generator) -> Floats:
    """Weights of the rows, less what the others of their class take, and of the others."""
    seen, theirs = weights.copy(), np.empty((len(weights), len(others.y)))
    for one in np.unique(others.y):
        rows, own = np.flatnonzero(y == one), np.flatnonzero(others.y == one)
        chance = others.chance[own]
        known = random.gamma(len(rows) + max(0.0, 1.0 - float(chance.sum())), size=len(weights))
        unknown = random.gamma(chance, size=(len(weights), len(own)))
        whole = known + unknown.sum(axis=1)
        seen[:, rows] *= (known / whole)[:, None]
        theirs[:, own] = len(rows) * unknown / whole[:, None]
    return np.hstack([seen, theirs])


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
    value: float, draws: Floats, around: Floats, acceleration: float, confidence: float
) -> tuple[float, float]:
    """Limits among the values `around`; how far the estimate is biased is seen by the `draws`."""
    below = float((draws < value).mean() + (draws == value).mean() / 2)
    edge = 0.5 / len(draws)
    bias = normal_quantile(min(max(below, edge), 1.0 - edge))
    limits = []
    for tail in ((1.0 - confidence) / 2, (1.0 + confidence) / 2):
        z = bias + normal_quantile(tail)
        shrink = 1.0 - acceleration * z
        adjusted = bias + z / shrink if shrink > 0.0 else z
        limits.append(0.5 * (1.0 + erf(adjusted / sqrt(2.0))))
    low, high = np.quantile(around, limits)
    return float(low), float(high)
