"""Intervals of a share."""

from __future__ import annotations

from math import sqrt

from headstart.stats.distributions import check_confidence, normal_quantile, special
from headstart.types.result import Estimate


def _check(successes: int, n: int, confidence: float) -> None:
    check_confidence(confidence)
    if n < 1 or not 0 <= successes <= n:
        raise ValueError(f"{successes} of {n} is not a share")


def wilson(successes: int, n: int, confidence: float = 0.95) -> Estimate:
    """Share with Wilson's score interval (1927), without continuity correction.

    Raises:
        ValueError: n < 1, or successes outside of 0 … n.

    >>> interval = wilson(15, 50)
    >>> round(interval.low, 4), round(interval.high, 4)
    (0.191, 0.4375)
    """
    _check(successes, n, confidence)
    z = normal_quantile(0.5 + confidence / 2)
    p = successes / n
    shrink = 1.0 + z * z / n
    middle = (p + z * z / (2 * n)) / shrink
    half = z / shrink * sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    low = 0.0 if successes == 0 else max(0.0, middle - half)
    high = 1.0 if successes == n else min(1.0, middle + half)
    return Estimate(p, low, high, n, "Wilson", confidence)


def clopper_pearson(successes: int, n: int, confidence: float = 0.95) -> Estimate:
    """Share with the exact interval of Clopper and Pearson (1934), which covers at least as often
    as it says.

    Raises:
        ValueError: n < 1, or successes outside of 0 … n.
        MissingExtraError: SciPy is not installed.

    >>> round(clopper_pearson(59, 59, 0.90).low, 3)
    0.95
    """
    _check(successes, n, confidence)
    inverse = special().betaincinv
    tail = (1.0 - confidence) / 2
    low = 0.0 if successes == 0 else float(inverse(successes, n - successes + 1, tail))
    high = 1.0 if successes == n else float(inverse(successes + 1, n - successes, 1.0 - tail))
    return Estimate(successes / n, low, high, n, "Clopper–Pearson", confidence)


def newcombe(
    successes_a: int, n_a: int, successes_b: int, n_b: int, confidence: float = 0.95
) -> tuple[float, float]:
    """Interval of the difference of two independent shares, a − b, from Wilson's limits.

    Source: Newcombe (1998), Statistics in Medicine 17, 873–890, method 10.

    >>> low, high = newcombe(56, 70, 48, 80)
    >>> round(low, 4), round(high, 4)
    (0.0524, 0.3339)
    """
    a, b = wilson(successes_a, n_a, confidence), wilson(successes_b, n_b, confidence)
    assert a.low is not None
    assert a.high is not None
    assert b.low is not None
    assert b.high is not None
    gap = a.value - b.value
    below = sqrt((a.value - a.low) ** 2 + (b.high - b.value) ** 2)
    above = sqrt((a.high - a.value) ** 2 + (b.value - b.low) ** 2)
    return gap - below, gap + above
