"""How far stated probabilities lie from what happens."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from headstart.metrics.probability import check_proba
from headstart.stats import wilson
from headstart.stats.distributions import check_confidence
from headstart.types.result import BrierParts, Estimate, ReliabilityRow

Codes = NDArray[np.integer]
Floats = NDArray[np.float64]


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
    falls below 0 is 0. Bins have at least two rows.
    Source: Kumar, Liang and Ma (2019), "Verified uncertainty calibration", definition 5.2.
    """
    return _debiased(*_top(y, proba), bins)


def _top(y: Codes, proba: NDArray[np.floating]) -> tuple[Floats, NDArray[np.bool_]]:
    """(probability of the most probable answer, whether it is right) of each row."""
    check_proba(y, proba)
    return proba.max(axis=1).astype(np.float64), proba.argmax(axis=1) == y


def _debiased(stated: Floats, right: NDArray[np.bool_], bins: int) -> float:
    order = np.argsort(stated, kind="stable")
    total = 0.0
    for rows in np.array_split(order, max(1, min(bins, len(stated) // 2))):
        share = right[rows].mean()
        noise = share * (1.0 - share) / max(len(rows) - 1, 1)
        total += len(rows) / len(stated) * ((share - stated[rows].mean()) ** 2 - noise)
    return float(np.sqrt(max(total, 0.0)))


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


def reliability_table(
    y: Codes, proba: NDArray[np.floating], bins: int = 10, confidence: float = 0.95
) -> tuple[ReliabilityRow, ...]:
    """Rows by the probability of their most probable answer, in `bins` ranges of equal width; the
    share that is right has Wilson's interval. Empty ranges are left out."""
    return reliability_of(*_top(y, proba), bins=bins, confidence=confidence)


def reliability_of(
    stated: Floats, right: NDArray[np.bool_], *, bins: int = 10, confidence: float = 0.95
) -> tuple[ReliabilityRow, ...]:
    """The same of answers given with the probability `stated` (n,), `right` or not (n,)."""
    top = stated
    place = np.clip((top * bins).astype(np.int64), 0, bins - 1)
    table = []
    for index in range(bins):
        rows = place == index
        if rows.any():
            found = wilson(int(right[rows].sum()), int(rows.sum()), confidence)
            low, high = found.low or 0.0, 1.0 if found.high is None else found.high
            edges = index / bins, (index + 1) / bins
            mean = float(top[rows].mean())
            table.append(ReliabilityRow(*edges, found.n, mean, found.value, low, high))
    return tuple(table)


def calibration_error_estimate(
    y: Codes,
    proba: NDArray[np.floating],
    *,
    bins: int = 15,
    confidence: float = 0.95,
    resamples: int = 1000,
    seed: int = 0,
) -> Estimate:
    """`debiased_calibration_error` with a bootstrap interval.

    Resampling adds to each bin's square the noise once more, so it is taken off twice there; the
    percentiles of the resampled squares are the interval of the square, and their roots, where
    negative ones count as 0, that of the error.

    Raises:
        ValueError: no rows, or shapes that do not belong together.
    """
    return calibration_error_of(
        *_top(y, proba), bins=bins, confidence=confidence, resamples=resamples, seed=seed
    )


def calibration_error_of(
    stated: Floats,
    answered: NDArray[np.bool_],
    *,
    bins: int = 15,
    confidence: float = 0.95,
    resamples: int = 1000,
    seed: int = 0,
) -> Estimate:
    """The same of answers given with the probability `stated` (n,), right where `answered` so (n,).

    Raises:
        ValueError: no rows.
    """
    check_confidence(confidence)
    if not len(stated):
        raise ValueError("a calibration error needs at least one row")
    value = _debiased(stated, answered, bins)
    right = answered.astype(np.float64)
    order = np.argsort(stated, kind="stable")
    random = np.random.default_rng(seed)
    squares = np.zeros(resamples)
    for rows in np.array_split(order, max(1, min(bins, len(stated) // 2))):
        n = len(rows)
        drawn = rows[random.integers(0, n, (resamples, n))]
        share = right[drawn].mean(axis=1)
        noise = share * (1.0 - share) / max(n - 1, 1)
        gap = (right[drawn] - stated[drawn]).mean(axis=1)
        squares += n / len(stated) * (gap**2 - 2.0 * noise)
    tails = (1.0 - confidence) / 2, (1.0 + confidence) / 2
    low, high = np.sqrt(np.maximum(np.quantile(squares, tails), 0.0))
    method = f"debiased, bootstrap within bins, {resamples} resamples"
    return Estimate(
        value, min(float(low), value), max(float(high), value), len(stated), method, confidence
    )
