"""How well a linear classifier tells two samples apart."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from headstart.data import make_folds
from headstart.heads import fit_linear
from headstart.select.relatedness.sides import some_rows, two_sides
from headstart.stats import wilson
from headstart.types.result import Estimate

MOST = 1500
"""Rows of each side that are compared."""
FOLDS = 5


def proxy_a_distance(a: NDArray[Any], b: NDArray[Any], seed: int) -> Estimate:
    """2(1 − 2ε), ε the error of a linear classifier of the side: 0 alike, 2 told apart always.

    Ben-David et al. 2007 (NIPS 19); ε out of fold, in five folds, on as many rows of each side (at
    most 1,500). Wilson's interval of ε, which takes the rows as independent: copies of a row in two
    folds make it too short and the distance too large. Errors worse than chance count as chance, so
    that the distance is never below 0. n counts the rows of both sides.

    a (n, d), b (m, d).

    Raises:
        ValueError: not two finite matrices of equal width with five rows each.
    """
    left, right = two_sides(a, b, least=FOLDS)
    random = np.random.default_rng([seed, 13])
    many = min(len(left), len(right), MOST)
    both = np.concatenate([some_rows(left, many, random), some_rows(right, many, random)])
    side = np.repeat([0, 1], many).astype(np.int64)
    wrong = 0
    for train, test in make_folds(side, np.arange(len(side)), FOLDS, 1, seed):
        head = fit_linear(both[train], side[train], 2, seed=seed, exact=False)
        wrong += int((head.predict_proba(both[test]).argmax(axis=1) != side[test]).sum())
    error = wilson(wrong, len(side))
    assert error.low is not None
    assert error.high is not None
    value, low, high = (max(0.0, 2 - 4 * e) for e in (error.value, error.high, error.low))
    method = "2(1 − 2ε), ε by 5-fold cross-validation with Wilson's interval"
    return Estimate(value, low, high, len(side), method, error.confidence)
