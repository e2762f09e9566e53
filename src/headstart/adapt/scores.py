"""Metrics of an arm's answers, to rows as they are or as they come in use."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from headstart.adapt.prevalence import Mix
from headstart.metrics import (
    all_scores,
    row_values,
    score,
    set_score,
    weighted_score,
    weighted_scores,
)


def scores_of(
    codes: NDArray[np.int64],
    proba: NDArray[np.floating],
    costs: NDArray[np.float64] | None,
    by: NDArray[np.float64] | None,
    mix: Mix | None,
) -> dict[str, float]:
    """Every metric of rows as they come in use; without a mix, as they are."""
    if mix is None:
        return all_scores(codes, proba, costs, by)
    return weighted_scores(codes, mix.shifted(proba), mix.weights(codes), costs, by)


def score_of(
    metric: str,
    codes: NDArray[np.int64],
    proba: NDArray[np.floating],
    costs: NDArray[np.float64] | None,
    by: NDArray[np.float64] | None,
    mix: Mix | None,
) -> float:
    """One metric of `scores_of`."""
    if codes.ndim == 2:
        return set_score(metric, codes, proba, costs, by)
    if mix is None:
        return score(metric, codes, proba, proba.shape[1], costs, by)
    weighted = weighted_score(metric, codes, mix.shifted(proba), costs, by)
    return float(weighted(mix.weights(codes)[None])[0])


def values_of(
    metric: str,
    codes: NDArray[np.int64],
    proba: NDArray[np.floating],
    costs: NDArray[np.float64] | None,
    by: NDArray[np.float64] | None,
    mix: Mix | None,
) -> NDArray[np.float64]:
    """What each row has part in one metric of `scores_of` (n,)."""
    if mix is None:
        return row_values(metric, codes, proba, None, costs, by)
    return row_values(metric, codes, mix.shifted(proba), mix.weights(codes), costs, by)
