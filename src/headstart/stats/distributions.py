"""The distributions that the tests need, from SciPy, which is imported on the first call."""

from __future__ import annotations

from collections.abc import Callable
from statistics import NormalDist
from types import ModuleType

import numpy as np
from numpy.typing import ArrayLike, NDArray

from headstart.types.errors import MissingExtraError


def special() -> ModuleType:
    """`scipy.special`.

    Raises:
        MissingExtraError: SciPy is not installed.
    """
    try:
        from scipy import special as module
    except ImportError:
        raise MissingExtraError("comparing arms", extra="all", package="scipy") from None
    return module


def isotonic(values: ArrayLike) -> NDArray[np.float64]:
    """The rising sequence that is nearest to `values` (n,) in squares.

    Raises:
        MissingExtraError: SciPy is not installed.
    """
    special()
    from scipy.optimize import isotonic_regression

    return np.asarray(isotonic_regression(np.asarray(values, dtype=np.float64)).x)


def check_confidence(confidence: float) -> None:
    """Raises:
    ValueError: not between 0 and 1.
    """
    if not 0.0 < confidence < 1.0:
        raise ValueError(f"the confidence must lie between 0 and 1, not be {confidence}")


def normal_quantile(p: float) -> float:
    """z with P(Z ≤ z) = p."""
    return NormalDist().inv_cdf(p)


def t_quantile(p: float, df: float) -> float:
    """t with P(T ≤ t) = p."""
    return float(special().stdtrit(df, p))


def t_two_sided(t: float, df: float) -> float:
    """P(|T| ≥ |t|)."""
    return float(min(1.0, 2.0 * special().stdtr(df, -abs(t))))


def t_below(t: float, df: float) -> float:
    """P(T ≤ t)."""
    return float(special().stdtr(df, t))


def noncentrality(power: float, t: float, df: float) -> float:
    """Noncentrality at which a noncentral t lies above `t` with probability `power`."""
    below = special().nctdtr
    return rising_root(lambda at: (1.0 - power) - float(below(df, at, t)), t)


def chi_squared_noncentrality(p: float, x: float, df: float) -> float:
    """λ ≥ 0 at which a noncentral χ² lies at or below `x` with probability `p`; 0 where that is
    rarer even without one."""
    below = special().chndtr
    if below(x, df, 0.0) <= p:
        return 0.0
    return rising_root(lambda at: p - float(below(x, df, max(at, 0.0))), x)


def rising_root(function: Callable[[float], float], near: float) -> float:
    """Where a rising function is 0, to rounding.

    SciPy's own inverses of the noncentral laws (`chndtrinc`, `nctdtrinc`) stop early in some
    releases, by up to a sixth of the value.
    """
    special()
    from scipy.optimize import brentq

    step = 1.0 + abs(near)
    low, high = near - step, near + step
    while function(low) > 0.0:
        low, step = low - step, 2.0 * step
    while function(high) < 0.0:
        high, step = high + step, 2.0 * step
    return float(brentq(function, low, high, xtol=1e-12, rtol=1e-12))
