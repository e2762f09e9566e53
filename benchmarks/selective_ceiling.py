"""What no valid certificate can exceed, even one made by somebody who knows the world.

A rule that certifies more than a coverage c in a world where every threshold of coverage c or more
breaks the limit is wrong; it may be so with probability δ at most. So "coverage of at least c is
certified" is a test at level δ of that world against the true one, and by Neyman and Pearson it
holds in the true world no more often than their most powerful test rejects. The expected coverage
is the integral of that chance over c. The worlds that are tested against: the odds of an error
among the surest share c are multiplied until the limit is met, below it no row errs less than the
limit. For each c another rule may be the best, so that no single rule need reach the bound.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import expit, logit

Floats = NDArray[np.float64]
BINS = 200
POINTS = 40
DRAWS = 4000


def ceiling(stated: Floats, wrong: Floats, n: int, limit: float, delta: float) -> float:
    """Bound of the expected coverage that can be certified on n rows.

    stated: score of each row of the population (m,). wrong: its chance of an error (m,). The
    population is put into 200 bins of rows by score; powers are simulated.
    """
    order = np.argsort(-stated, kind="stable")
    means = [part.mean() for part in np.array_split(wrong[order], BINS)]
    true = np.clip(np.array(means), 1e-6, 1.0 - 1e-6)
    kept = np.flatnonzero(np.cumsum(true) / np.arange(1, BINS + 1) <= limit)
    if not len(kept):
        return delta
    random = np.random.default_rng(n)
    last = int(kept[-1]) + 1
    edges = np.unique(np.linspace(1, last, POINTS).astype(int))
    rows = random.multinomial(n, np.full(BINS, 1.0 / BINS), size=DRAWS)
    errors = random.binomial(rows, true)
    chance = []
    for edge in edges:
        null = _worse(true, int(edge), limit)
        seen = random.multinomial(n, np.full(BINS, 1.0 / BINS), size=DRAWS)
        ratio = _log_ratio(seen, random.binomial(seen, null), true, null)
        chance.append(_power(ratio, _log_ratio(rows, errors, true, null), delta))
    most, coverage = np.minimum.accumulate(chance), edges / BINS
    area = most[0] * coverage[0] + float(((most[1:] + most[:-1]) / 2 * np.diff(coverage)).sum())
    return area + delta * (1.0 - float(coverage[-1]))


def _worse(true: Floats, edge: int, limit: float) -> Floats:
    """The world in which the first `edge` bins, and every larger part, meet or break the limit."""
    top = logit(true[:edge])
    shift = 0.0
    if true[:edge].mean() < limit:
        shift = float(brentq(lambda t: expit(top + t).mean() - limit, 0.0, 40.0))
    null = np.maximum(true, limit)
    null[:edge] = expit(top + shift)
    return null


def _log_ratio(
    rows: NDArray[np.int64], errors: NDArray[np.int64], true: Floats, null: Floats
) -> Floats:
    right = np.log((1.0 - true) / (1.0 - null))
    return np.asarray(errors @ np.log(true / null) + (rows - errors) @ right)


def _power(under_null: Floats, under_true: Floats, delta: float) -> float:
    """Of the test that rejects where the ratio is large, by chance at the edge."""
    edge = np.quantile(under_null, 1.0 - delta, method="higher")
    above, there = float((under_null > edge).mean()), float((under_null == edge).mean())
    share = (delta - above) / there if there else 0.0
    return float((under_true > edge).mean() + share * (under_true == edge).mean())
