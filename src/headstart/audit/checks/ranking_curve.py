"""How well a score puts one kind of row above another."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from headstart.stats.distributions import normal_quantile
from headstart.types.result import Estimate


def area_under_curve(
    positive: NDArray[np.floating], negative: NDArray[np.floating], confidence: float = 0.95
) -> Estimate:
    """Area under the ROC curve with the interval of Hanley and McNeil (1982).

    >>> area_under_curve(np.array([2.0, 3.0]), np.array([1.0, 2.0])).value
    0.875
    """
    n, m = len(positive), len(negative)
    both = np.concatenate([positive, negative])
    _, inverse, times = np.unique(both, return_inverse=True, return_counts=True)
    end = np.cumsum(times)
    rank = (end - (times - 1) / 2)[inverse.ravel()]
    area = float((rank[:n].sum() - n * (n + 1) / 2) / (n * m))
    q1, q2 = area / (2 - area), 2 * area**2 / (1 + area)
    variance = area * (1 - area) + (n - 1) * (q1 - area**2) + (m - 1) * (q2 - area**2)
    half = normal_quantile(0.5 + confidence / 2) * float(np.sqrt(max(0.0, variance) / (n * m)))
    return Estimate(
        value=area,
        low=max(0.0, area - half),
        high=min(1.0, area + half),
        n=n + m,
        method="Hanley and McNeil",
        confidence=confidence,
    )
