"""How much it counts to miss each label, in the answers of the model that ships."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from headstart.adapt.arms.majority import majority_shares
from headstart.metrics import WEIGHED, all_scores, miss_costs, miss_weights
from headstart.types.adapt import AnswerWeights
from headstart.types.model import ArmResult
from headstart.types.result import NotAvailable

Found = AnswerWeights | NotAvailable


def find_weights(
    chosen: ArmResult, labels: Sequence[str], codes: NDArray[np.int64], metric: str
) -> Found:
    """The weights that promise most of the metric, and what it is out of fold with and without.

    Args:
        chosen: its probabilities out of fold (n, labels), scaled as those that ship; rows that were
            not scored are NaN.
        codes: labels of the rows (n,), or where a row may have several labels 1 where one applies
            (n, labels).
    """
    if metric not in WEIGHED:
        return NotAvailable("the metric weighs no label by how rare it is")
    scored, several = np.isfinite(chosen.out_of_fold).all(axis=1), codes.ndim == 2
    if not scored.any():
        return NotAvailable("no row was answered out of fold")
    y, proba = codes[scored], chosen.out_of_fold[scored]
    shares = majority_shares(codes, len(labels))
    weights = miss_weights(metric, shares, proba, several=several)
    if not weights:
        return NotAvailable(f"the most probable labels promise the best {metric.replace('_', '-')}")
    by = miss_costs(weights, several=several)
    return AnswerWeights(
        metric=metric,
        weights=dict(zip(labels, weights, strict=True)),
        score=all_scores(y, proba, by=by)[metric],
        score_of_most_probable=all_scores(y, proba)[metric],
        n=len(y),
    )


def minimised(found: Found, *, several: bool) -> NDArray[np.float64] | None:
    """What the answers minimise by these weights; None: they are the most probable ones."""
    if isinstance(found, NotAvailable):
        return None
    return miss_costs(tuple(found.weights.values()), several=several)
