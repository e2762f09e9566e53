"""What a comparison could have found, and how many rows would settle it."""

from __future__ import annotations

from math import ceil

from headstart.stats.distributions import check_confidence, noncentrality, t_quantile

POWER = 0.8
MOST_ROWS = 10_000_000
"""No number of rows above this is named: it would not be labelled."""


def minimum_detectable_effect(
    standard_error: float, df: float, confidence: float = 0.95, power: float = POWER
) -> float:
    """Smallest true difference whose interval lies on its side of zero with probability `power`.

    Exact for a t-test with this (estimated) standard error: the noncentral t distribution.

    Raises:
        ValueError: no positive standard error.
        MissingExtraError: SciPy is not installed.

    >>> round(minimum_detectable_effect(1.0, 1e6), 3)
    2.802
    """
    check_confidence(confidence)
    if not standard_error > 0.0:
        raise ValueError(f"the standard error must be positive, not {standard_error}")
    critical = t_quantile(0.5 + confidence / 2, df)
    return standard_error * noncentrality(power, critical, df)


def labels_needed(difference: float, detectable: float, n: int) -> int | None:
    """Rows at which `difference`, if true, would be decided, where n rows decide `detectable`.

    The standard error is taken to fall with the root of the rows, at the same shares of training
    and test rows. None where no number can be named: no difference, or above ten million rows.

    >>> labels_needed(0.02, 0.04, 500)
    2000
    """
    if difference == 0.0 or (detectable / abs(difference)) ** 2 * n > MOST_ROWS:
        return None
    return ceil((detectable / abs(difference)) ** 2 * n)
