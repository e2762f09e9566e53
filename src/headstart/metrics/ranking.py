"""How well a score puts some rows above others."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike


def auroc(below: ArrayLike, above: ArrayLike) -> float:
    """Area under the ROC curve: how often a row of `above` scores higher than one of `below`, ties
    counted half (Mann and Whitney 1947).

    Raises:
        ValueError: one of the two has no rows.

    >>> auroc([1.0, 2.0], [2.0, 3.0])
    0.875
    """
    low, high = np.asarray(below, dtype=np.float64), np.asarray(above, dtype=np.float64)
    if not low.size or not high.size:
        raise ValueError(f"{low.size} and {high.size} rows cannot be told apart")
    order = np.sort(low)
    under = np.searchsorted(order, high, side="left")
    at_most = np.searchsorted(order, high, side="right")
    return float((under + at_most).mean() / (2 * low.size))
