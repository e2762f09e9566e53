"""The distributions that the tests need, from SciPy, which is imported on the first call."""

from __future__ import annotations

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
    return float(special().nctdtrinc(df, 1.0 - power, t))
