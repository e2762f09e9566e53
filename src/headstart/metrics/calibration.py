"""How far stated probabilities lie from what happens."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from headstart.metrics.probability import check_proba

Codes = NDArray[np.integer]


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
    check_proba(y, proba)
    confidence = proba.max(axis=1).astype(np.float64)
    right = (proba.argmax(axis=1) == y).astype(np.float64)
    order = np.argsort(confidence, kind="stable")
    total = 0.0
    for rows in np.array_split(order, max(1, min(bins, len(y) // 2))):
        share = right[rows].mean()
        noise = share * (1.0 - share) / max(len(rows) - 1, 1)
        total += len(rows) / len(y) * ((share - confidence[rows].mean()) ** 2 - noise)
    return float(np.sqrt(max(total, 0.0)))
