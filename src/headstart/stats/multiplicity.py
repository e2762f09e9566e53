"""Several tests at once."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray


def confidence_at_look(confidence: float, looks: int) -> float:
    """Confidence of each interval and test at the `looks`-th look at the same rows: what may go
    wrong is divided by the number of looks (Bonferroni). Intervals of that level, one at each of
    the looks, hold together with at least `confidence`, however dependent they are.

    It pays for that many answers, not for a model that was fitted to what an earlier look showed.

    Raises:
        ValueError: the confidence is not between 0 and 1, or there is no look.

    >>> confidence_at_look(0.95, 1), confidence_at_look(0.95, 2)
    (0.95, 0.975)
    """
    if not 0.0 < confidence < 1.0 or looks < 1:
        raise ValueError(f"a confidence of {confidence} at {looks} looks")
    return confidence if looks == 1 else 1.0 - (1.0 - confidence) / looks


def holm(p_values: ArrayLike) -> NDArray[np.float64]:
    """Holm's (1979) adjusted p-values (m,): at most the share α of families reject a true null.

    Raises:
        ValueError: not a list of numbers from 0 to 1.

    >>> holm([0.01, 0.04, 0.03]).round(3).tolist()
    [0.03, 0.06, 0.06]
    """
    p = np.asarray(p_values, dtype=np.float64)
    if p.ndim != 1 or not ((p >= 0) & (p <= 1)).all():
        raise ValueError("p-values are a list of numbers from 0 to 1")
    order = np.argsort(p, kind="stable")
    stepped = np.maximum.accumulate(p[order] * (len(p) - np.arange(len(p))))
    adjusted = np.empty_like(p)
    adjusted[order] = np.minimum(stepped, 1.0)
    return adjusted
