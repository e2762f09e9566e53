"""Prediction sets: for each row every label that is probable enough.

A label is in the set of a row where its probability is at least a threshold, the same for all rows
and labels: the least ambiguous sets of Sadinle, Lei and Wasserman (2019), the smallest on average
at a given coverage. Coverage: the share of rows whose set holds the true label. Where a row is like
no label, its set is empty.
"""

from __future__ import annotations

from math import ceil

import numpy as np
from numpy.typing import ArrayLike, NDArray

from headstart.stats.distributions import check_confidence


def set_threshold(true_probabilities: ArrayLike, level: float) -> float:
    """The probability from which on a label belongs to a set, so that sets hold `level` of the
    rows: the ⌈(n + 1) level⌉-th largest probability of a true label; 0 where n rows are too few.

    For a model that these rows did not train, and for rows drawn like them, the sets hold the true
    label with a probability of at least `level` (split conformal prediction: Papadopoulos et al.
    2002; Lei et al. 2018, theorem 2). Out-of-fold probabilities do not give that guarantee to a
    model that is then trained on all the rows.

    Args:
        true_probabilities: the probability of the true label of each row (n,).

    Raises:
        ValueError: no row, or a level outside of 0 … 1.

    >>> set_threshold([0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1], 0.8)
    0.2
    >>> set_threshold([0.9, 0.8], 0.8)
    0.0
    """
    check_confidence(level)
    known = np.sort(np.asarray(true_probabilities, dtype=np.float64))[::-1]
    if known.ndim != 1 or not len(known):
        raise ValueError("a threshold of sets needs at least one row")
    place = ceil((len(known) + 1) * level - 1e-9)
    return float(known[place - 1]) if place <= len(known) else 0.0


def prediction_sets(proba: NDArray[np.floating], threshold: float) -> NDArray[np.bool_]:
    """Which labels are in the set of each row (n, classes).

    >>> prediction_sets(np.array([[0.7, 0.3], [0.5, 0.5]]), 0.5).tolist()
    [[True, False], [True, True]]
    """
    found: NDArray[np.bool_] = proba >= threshold
    return found
