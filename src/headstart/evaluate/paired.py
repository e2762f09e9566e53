"""Two models on the same rows that neither has seen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from headstart.evaluate.estimates import RESAMPLES, Answers
from headstart.evaluate.other_answers import other_pairs
from headstart.metrics import (
    HIGHER_IS_BETTER,
    LabelF1Difference,
    RowMean,
    ScoreDifference,
    balanced_accuracy,
    macro_f1,
)
from headstart.metrics.probability import row_brier, row_log_loss
from headstart.stats import mcnemar_exact, newcombe_paired, stratified_bootstrap_bca
from headstart.types.result import Comparison, Estimate, NotAvailable, TransferVerdict

PERMUTATIONS = 1000
ROW_LOSS: dict[str, Callable[[NDArray[np.int64], Answers], NDArray[np.float64]]] = {
    "log_loss": lambda y, said: row_log_loss(y, said.proba),
    "brier": lambda y, said: row_brier(y, said.proba),
    "cost": lambda y, said: said.spent(y),
}
BY_ANSWER = {"macro_f1": macro_f1, "balanced_accuracy": balanced_accuracy}


def compare_on_rows(
    y: NDArray[np.int64],
    a: Answers,
    b: Answers,
    *,
    names: tuple[str, str],
    metric: str,
    confidence: float,
    seed: int,
    labels: int | None = None,
) -> Comparison | NotAvailable:
    """metric(a) − metric(b) on the same rows.

    labels: where answers may be none of the labels (the columns after these), macro-F1 averages
    over the labels alone, for a and for b; None: every column is a label.

    Accuracy: Newcombe's paired interval and McNemar's exact test. Other metrics: stratified
    bootstrap (BCa) of the difference, and a permutation test that swaps the two answers of a row
    (Noreen 1989).
    """
    if not len(y):
        return NotAvailable("no row is left that may decide")
    if metric == "accuracy":
        difference, low, high, p_value = _accuracy(y, a, b, confidence)
        test = "McNemar's exact test; Newcombe's paired interval"
    else:
        difference, low, high, p_value = _resampled(y, a, b, metric, confidence, seed, labels)
        test = "permutation test; stratified bootstrap interval (BCa)"
    sign = 1.0 if HIGHER_IS_BETTER[metric] else -1.0
    better, worse = sorted((sign * low, sign * high))[::-1]
    verdict: TransferVerdict = "helps" if worse > 0 else "harms" if better < 0 else "inconclusive"
    return Comparison(
        a=names[0],
        b=names[1],
        metric=metric,
        difference=difference,
        low=low,
        high=high,
        p_value=p_value,
        test=test,
        n=len(y),
        folds=1,
        repeats=1,
        verdict=verdict,
        confidence=confidence,
    )


def _accuracy(
    y: NDArray[np.int64], a: Answers, b: Answers, confidence: float
) -> tuple[float, float, float, float]:
    right_a, right_b = a.given == y, b.given == y
    both, neither = int((right_a & right_b).sum()), int((~right_a & ~right_b).sum())
    only_a, only_b = int((right_a & ~right_b).sum()), int((~right_a & right_b).sum())
    low, high = newcombe_paired(both, only_a, only_b, neither, confidence)
    return (only_a - only_b) / len(y), low, high, float(mcnemar_exact(right_a, right_b))


def _resampled(
    y: NDArray[np.int64],
    a: Answers,
    b: Answers,
    metric: str,
    confidence: float,
    seed: int,
    labels: int | None,
) -> tuple[float, float, float, float]:
    difference: ScoreDifference | RowMean | LabelF1Difference
    others = None
    if metric in BY_ANSWER:
        others = other_pairs(y, (a.given, a.proba), (b.given, b.proba), seed)
    over = LabelF1Difference(labels) if metric == "macro_f1" and labels is not None else None
    if metric == "cost":
        difference, both = RowMean(), (a.spent(y) - b.spent(y))[:, None]
    elif over is not None:
        difference, both = over, np.column_stack([a.given, b.given]).astype(np.float64)
    else:
        by_answer = metric in BY_ANSWER
        both = np.hstack([one.decided if by_answer else one.proba for one in (a, b)])
        difference = ScoreDifference(metric, a.proba.shape[1])
        if others is not None:
            each = np.eye(a.proba.shape[1])[others.columns.astype(np.int64)]
            others = replace(others, columns=each.reshape(len(others.y), both.shape[1]))
    estimate = stratified_bootstrap_bca(
        difference, y, both,
        confidence=confidence, resamples=RESAMPLES, seed=seed, others=others,
    )  # fmt: skip
    observed = estimate.value
    p_value = _permutation_test(y, a, b, metric, observed, seed, over)
    return observed, *within_reach(estimate, p_value, confidence), p_value


def within_reach(estimate: Estimate, p_value: float, confidence: float) -> tuple[float, float]:
    """The interval of a difference, with 0 in it where swapped answers may give as much."""
    # Where no resample differs the bootstrap cannot say how sure it is; the permutations can.
    low = estimate.value if estimate.low is None else estimate.low
    high = estimate.value if estimate.high is None else estimate.high
    if p_value > 1.0 - confidence:
        # What swapped answers may give as well is not excluded, however few rows a class has.
        low, high = min(low, 0.0), max(high, 0.0)
    return low, high


def _permutation_test(
    y: NDArray[np.int64],
    a: Answers,
    b: Answers,
    metric: str,
    observed: float,
    seed: int,
    over: LabelF1Difference | None,
) -> float:
    """How often the difference is as large when the two answers of a row are swapped at random."""
    classes, random = a.proba.shape[1], np.random.default_rng(seed)
    # A swap changes no more than what the metric needs of a row, so only that is swapped.
    of_a: NDArray[Any]
    of_b: NDArray[Any]
    if metric in ROW_LOSS:
        of_a, of_b = ROW_LOSS[metric](y, a), ROW_LOSS[metric](y, b)
    else:
        of_a, of_b = a.given, b.given
    extreme = 0
    for _ in range(PERMUTATIONS):
        swap = random.random(len(y)) < 0.5
        left, right = np.where(swap, of_b, of_a), np.where(swap, of_a, of_b)
        if metric in ROW_LOSS:
            gap = float(left.mean() - right.mean())
        elif over is not None:
            gap = over(y, np.column_stack([left, right]))
        else:
            measure = BY_ANSWER[metric]
            gap = measure(y, left, classes) - measure(y, right, classes)
        extreme += abs(gap) >= abs(observed) - 1e-12
    return (1 + extreme) / (1 + PERMUTATIONS)
