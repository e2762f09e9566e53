"""How far stated probabilities lie from what happens."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from headstart.metrics.probability import check_proba
from headstart.stats import squares_interval, wilson
from headstart.types.result import BrierParts, Estimate, ReliabilityRow

Codes = NDArray[np.integer]
Floats = NDArray[np.float64]
LEAST = 5
"""Rows of a bin: with fewer, its noise cannot be told well enough for an interval."""


def expected_calibration_error(y: Codes, proba: NDArray[np.floating], bins: int = 15) -> float:
    """Mean |accuracy − confidence| over equal-width bins of the largest probability.

    Biased upwards by noise where bins hold few rows: at 200 rows and 15 bins that is most of it.
    Source: Naeini et al. (2015); Guo et al. (2017), equation 3.

    >>> expected_calibration_error(np.array([0, 1]), np.array([[1.0, 0.0], [1.0, 0.0]]))
    0.5
    """
    check_proba(y, proba)
    confidence = proba.max(axis=1).astype(np.float64)
    right = proba.argmax(axis=1) == y
    place = np.clip(np.ceil(confidence * bins).astype(np.int64) - 1, 0, bins - 1)
    gap = np.bincount(place, weights=right - confidence, minlength=bins)
    return float(np.abs(gap).sum() / len(y))


def debiased_calibration_error(y: Codes, proba: NDArray[np.floating], bins: int = 15) -> float:
    """Root mean square of accuracy − confidence over bins of equal mass, less its noise.

    The noise that binomial accuracy adds to each bin's square, a(1 − a)/(n − 1), is taken off; what
    falls below 0 is 0. There are fewer bins where they would hold less than five rows.
    Source: Kumar, Liang and Ma (2019), "Verified uncertainty calibration", definition 5.2.
    """
    return _debiased(*_top(y, proba), bins)


def _top(y: Codes, proba: NDArray[np.floating]) -> tuple[Floats, NDArray[np.bool_]]:
    """(probability of the most probable answer, whether it is right) of each row."""
    check_proba(y, proba)
    return proba.max(axis=1).astype(np.float64), proba.argmax(axis=1) == y


def _debiased(stated: Floats, right: NDArray[np.bool_], bins: int) -> float:
    squares, noise = _binned(stated, right, bins)
    return float(np.sqrt(max(squares.sum() - noise.sum(), 0.0)))


def _binned(stated: Floats, right: NDArray[np.bool_], bins: int) -> tuple[Floats, Floats]:
    """(square of the gap, its noise) of each bin of equal mass, times its share of the rows."""
    order = np.argsort(stated, kind="stable")
    squares, noise = [], []
    for rows in np.array_split(order, max(1, min(bins, len(stated) // LEAST))):
        share, part = right[rows].mean(), len(rows) / len(stated)
        squares.append(part * (share - stated[rows].mean()) ** 2)
        noise.append(part * share * (1.0 - share) / max(len(rows) - 1, 1))
    return np.array(squares), np.array(noise)


def brier_decomposition(y: Codes, proba: NDArray[np.floating], bins: int = 10) -> BrierParts:
    """Murphy's (1973) decomposition of the multi-class Brier score: that of every class's
    probability in `bins` bins of equal width, summed over the classes.

    A row whose label is −1 belongs to no class.

    >>> parts = brier_decomposition(np.array([0, 1]), np.array([[0.5, 0.5], [0.5, 0.5]]))
    >>> parts.reliability, parts.resolution, parts.uncertainty, parts.within
    (0.0, 0.0, 0.5, 0.0)
    """
    check_proba(y, proba)
    n, classes = proba.shape
    reliability = resolution = uncertainty = within = 0.0
    for code in range(classes):
        stated, came = proba[:, code].astype(np.float64), (y == code).astype(np.float64)
        place = np.clip((stated * bins).astype(np.int64), 0, bins - 1)
        rows = np.bincount(place, minlength=bins)
        held = np.maximum(rows, 1)
        mean = np.bincount(place, weights=stated, minlength=bins) / held
        share = np.bincount(place, weights=came, minlength=bins) / held
        base = float(came.mean())
        reliability += float(rows @ (mean - share) ** 2) / n
        resolution += float(rows @ (share - base) ** 2) / n
        uncertainty += base * (1.0 - base)
        within += float(((stated - mean[place]) ** 2).mean())
        within -= 2.0 * float(((stated - mean[place]) * (came - share[place])).mean())
    return BrierParts(reliability, resolution, uncertainty, within)


def reliability_of(
    stated: Floats, right: NDArray[np.bool_], *, bins: int = 10, confidence: float = 0.95
) -> tuple[ReliabilityRow, ...]:
    """Answers by the probability `stated` (n,) that they were given with, in `bins` ranges of equal
    width; the share that is `right` (n,) has Wilson's interval. Empty ranges are left out."""
    place = np.clip((stated * bins).astype(np.int64), 0, bins - 1)
    table = []
    for index in range(bins):
        rows = place == index
        if rows.any():
            found = wilson(int(right[rows].sum()), int(rows.sum()), confidence)
            low, high = found.low or 0.0, 1.0 if found.high is None else found.high
            edges = index / bins, (index + 1) / bins
            mean = float(stated[rows].mean())
            table.append(ReliabilityRow(*edges, found.n, mean, found.value, low, high))
    return tuple(table)


def calibration_error_of(
    stated: Floats,
    answered: NDArray[np.bool_],
    *,
    bins: int = 15,
    confidence: float = 0.95,
) -> Estimate:
    """`debiased_calibration_error` of answers given with the probability `stated` (n,), right where
    `answered` so (n,), with its interval.

    The gaps of the bins are taken as normal about the true ones, with the binomial noise of each,
    and the interval of the sum of their squares is inverted from the noncentral χ² that it then
    follows (`headstart.stats.squares_interval`). A bootstrap would count the noise of the gaps
    twice, and covers three quarters of the time where most answers are right and sure.

    Returns:
        An estimate. `low` and `high` are None where every bin is right, or wrong, throughout: the
        noise is not known then.

    Raises:
        ValueError: no rows.
        MissingExtraError: SciPy is not installed.
    """
    if not len(stated):
        raise ValueError("a calibration error needs at least one row")
    squares, noise = _binned(stated, answered, bins)
    value = float(np.sqrt(max(squares.sum() - noise.sum(), 0.0)))
    found = squares_interval(float(squares.sum()), noise, confidence)
    if found is None:
        why = "debiased; no interval: in every bin all answers are right, or all are wrong"
        return Estimate(value, None, None, len(stated), why, confidence)
    low, high = np.sqrt(found)
    method = f"debiased, noncentral χ² over {len(noise)} bins"
    return Estimate(value, float(low), float(high), len(stated), method, confidence)
