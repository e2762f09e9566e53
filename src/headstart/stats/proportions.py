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
    p_a, low_a, high_a = _limits(successes_a, n_a, confidence)
    p_b, low_b, high_b = _limits(successes_b, n_b, confidence)
    below = sqrt((p_a - low_a) ** 2 + (high_b - p_b) ** 2)
    above = sqrt((high_a - p_a) ** 2 + (p_b - low_b) ** 2)
    return p_a - p_b - below, p_a - p_b + above


def newcombe_paired(
    both: int, only_a: int, only_b: int, neither: int, confidence: float = 0.95
) -> tuple[float, float]:
    """Interval of the difference of two paired proportions, a − b.

    Source: Newcombe (1998), Statistics in Medicine 17, 2635–2650, method 10 (Wilson limits, with
    the correlation of the pairs).
    """
    n = both + only_a + only_b + neither
    p_a, low_a, high_a = _limits(both + only_a, n, confidence)
    p_b, low_b, high_b = _limits(both + only_b, n, confidence)
    product = (both + only_a) * (only_b + neither) * (both + only_b) * (only_a + neither)
    cross: float = both * neither - only_a * only_b
    if cross > 0:
        cross = max(cross - n / 2, 0.0)
    phi = cross / sqrt(product) if product else 0.0
    below = (p_a - low_a) ** 2 - 2 * phi * (p_a - low_a) * (high_b - p_b) + (high_b - p_b) ** 2
    above = (high_a - p_a) ** 2 - 2 * phi * (high_a - p_a) * (p_b - low_b) + (p_b - low_b) ** 2
    return p_a - p_b - sqrt(max(below, 0.0)), p_a - p_b + sqrt(max(above, 0.0))


def _limits(successes: int, n: int, confidence: float) -> tuple[float, float, float]:
    """(share, Wilson's lower limit, upper limit)."""
    found = wilson(successes, n, confidence)
    assert found.low is not None
    assert found.high is not None
    return found.value, found.low, found.high
