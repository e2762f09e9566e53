"""The score of a candidate: a linear probe on its frozen features, cross-validated many times."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from headstart.heads.threads import threads_for
from headstart.select.block_ridge import RELATIVE_PENALTIES, Decomposed, held_out
from headstart.select.scoring import Scoring
from headstart.types.data import Folds

NEAR = 2
"""Penalties on either side of the first repeat's best that all repeats try."""


@dataclass(frozen=True, slots=True)
class Probe:
    """What a candidate's features are worth to a linear model.

    scores: one a fold, (k × repeats,). predicted: (repeats, n) codes. penalty: chosen, in units of
    the rows' mean square distance from their mean.
    """

    scores: NDArray[np.float64]
    predicted: NDArray[np.int64]
    penalty: float


def probe(
    features: NDArray[np.floating],
    codes: NDArray[np.int64],
    folds: Folds,
    scoring: Scoring,
    *,
    penalties: tuple[float, ...] = RELATIVE_PENALTIES,
) -> Probe:
    """Least-squares classification with a ridge penalty on every fold of every repeat, exactly.

    The penalty is the one of least squared error: another, smoother criterion than the score, from
    twenty candidates, so that choosing it flatters the score by next to nothing. The first repeat
    tries all of them, the others its best and the `NEAR` on either side.

    Args:
        features: (n, width), finite.
        codes: (n,), 0 … classes − 1.

    Raises:
        ValueError: shapes that do not fit, or features that are not finite.
    """
    if features.ndim != 2 or features.shape[0] != len(codes) or folds.n != len(codes):
        raise ValueError(f"features {features.shape}, {len(codes)} labels, {folds.n} rows in folds")
    if not np.isfinite(features).all():
        raise ValueError("the features hold a value that is not finite")
    classes = int(codes.max()) + 1
    targets = np.eye(classes)[codes]
    shares = targets.mean(axis=0)
    predicted = np.empty((len(penalties), folds.repeats, len(codes)), dtype=np.int32)
    errors = np.zeros(len(penalties))
    first, others = Folds(folds.assignment[:1], folds.k), Folds(folds.assignment[1:], folds.k)
    # Many small products: a second thread makes them slower, not faster.
    with threads_for(0.0):
        rows = Decomposed.of(features)
        if rows.spread == 0.0:
            return _constant(codes, folds, scoring)
        absolute = [penalty * rows.spread for penalty in penalties]
        for index, _, test, found in held_out(rows, targets, first, absolute):
            predicted[index, 0, test] = scoring.answers(found, shares)
            errors[index] += np.square(found - targets[test]).sum()
        begin = max(0, int(errors.argmin()) - NEAR)
        near = absolute[begin : int(errors.argmin()) + NEAR + 1]
        for index, repeat, test, found in held_out(rows, targets, others, near):
            predicted[begin + index, 1 + repeat, test] = scoring.answers(found, shares)
            errors[begin + index] += np.square(found - targets[test]).sum()
    best = begin + int(errors[begin : begin + len(near)].argmin())
    return _scored(predicted[best].astype(np.int64), codes, folds, scoring, penalties[best])


def _constant(codes: NDArray[np.int64], folds: Folds, scoring: Scoring) -> Probe:
    """Features that are the same in every row say nothing: the largest class of the others."""
    predicted = np.empty((folds.repeats, len(codes)), dtype=np.int64)
    for repeat in range(folds.repeats):
        for fold in range(folds.k):
            test = folds.assignment[repeat] == fold
            predicted[repeat, test] = np.bincount(codes[~test]).argmax()
    return _scored(predicted, codes, folds, scoring, float("inf"))


def _scored(
    predicted: NDArray[np.int64],
    codes: NDArray[np.int64],
    folds: Folds,
    scoring: Scoring,
    penalty: float,
) -> Probe:
    scores = [
        scoring.score(codes[test], predicted[repeat, test])
        for repeat in range(folds.repeats)
        for fold in range(folds.k)
        for test in [np.flatnonzero(folds.assignment[repeat] == fold)]
    ]
    return Probe(np.array(scores), predicted, penalty)
