"""How much it counts to miss each label, in the answers of the model that ships."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from headstart.adapt.prevalence import Mix
from headstart.adapt.run import label_weights
from headstart.adapt.scores import scores_of
from headstart.metrics import WEIGHED, miss_costs
from headstart.metrics.words import metric_name
from headstart.types.adapt import AnswerWeights
from headstart.types.model import ArmResult
from headstart.types.result import NotAvailable

Found = AnswerWeights | NotAvailable


def find_weights(
    chosen: ArmResult,
    labels: Sequence[str],
    codes: NDArray[np.int64],
    metric: str,
    mix: Mix | None = None,
) -> Found:
    """The weights that promise most of the metric, and what it is out of fold with and without.

    Args:
        chosen: its probabilities out of fold (n, labels), scaled as those that ship; rows that were
            not scored are NaN.
        codes: labels of the rows (n,), or where a row may have several labels 1 where one applies
            (n, labels).
        mix: how common the labels are in use, where the brief says so.
    """
    if metric not in WEIGHED:
        return NotAvailable("the metric weighs no label by how rare it is")
    scored, several = np.isfinite(chosen.out_of_fold).all(axis=1), codes.ndim == 2
    if not scored.any():
        return NotAvailable("no row was answered out of fold")
    y, proba = codes[scored], chosen.out_of_fold[scored]
    weights = label_weights(metric, proba, codes, mix, alike=chosen.family == "majority")
    if not weights:
        return NotAvailable(f"the most probable labels promise the best {metric_name(metric)}")
    by = miss_costs(weights, several=several)
    return AnswerWeights(
        metric=metric,
        weights=dict(zip(labels, weights, strict=True)),
        score=scores_of(y, proba, None, by, mix)[metric],
        score_of_most_probable=scores_of(y, proba, None, None, mix)[metric],
        n=len(y),
    )


def minimised(found: Found, *, several: bool) -> NDArray[np.float64] | None:
    """What the answers minimise by these weights; None: they are the most probable ones."""
    if isinstance(found, NotAvailable):
        return None
    return miss_costs(tuple(found.weights.values()), several=several)
