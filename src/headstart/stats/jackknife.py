"""The interval of a statistic that has no formula for one."""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt

import numpy as np

from headstart.stats.distributions import check_confidence, t_quantile
from headstart.types.result import Estimate


def jackknife(
    value: float, without: Sequence[float], *, n: int, confidence: float = 0.95
) -> Estimate:
    """The statistic `value` with the grouped jackknife's interval (Efron and Tibshirani 1993,
    chapter 11): standard error √((k − 1)/k · Σ(θᵢ − θ̄)²), t with k − 1 degrees of freedom.

    without: the statistic without each of k equal parts of the rows.

    Raises:
        ValueError: fewer than two parts.

    >>> found = jackknife(3.0, [3.5, 3.25, 3.0, 2.75, 2.5], n=5)  # the mean of 1 … 5
    >>> round(found.low, 3), round(found.high, 3)
    (1.037, 4.963)
    """
    check_confidence(confidence)
    k = len(without)
    if k < 2:
        raise ValueError(f"{k} parts show no spread; at least 2 are needed")
    parts = np.asarray(without, dtype=np.float64)
    error = sqrt((k - 1) / k * float(np.square(parts - parts.mean()).sum()))
    half = t_quantile(0.5 + confidence / 2, k - 1) * error
    method = f"jackknife over {k} parts"
    return Estimate(value, value - half, value + half, n, method, confidence)
