"""What is said of rows that may have several labels, and what that is worth, with intervals."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from headstart.evaluate.estimates import RESAMPLES, Answers, Proba
from headstart.evaluate.other_marks import Model, other_marks
from headstart.evaluate.paired import within_reach
from headstart.metrics import (
    HIGHER_IS_BETTER,
    OF_SETS,
    RANGES,
    RowMean,
    SetDifference,
    SetStatistic,
    cost_of_sets,
    given_labels,
    set_certainty,
    set_metric_names,
)
from headstart.stats import mcnemar_exact, newcombe_paired, stratified_bootstrap_bca, wilson
from headstart.types.result import Comparison, Estimate, NotAvailable, TransferVerdict

Marks = NDArray[np.int64]
Floats = NDArray[np.float64]
PERMUTATIONS = 1000
NO_ROWS = NotAvailable("no row is left that may decide")


@dataclass(frozen=True, slots=True)
class SetAnswers:
    """proba: (n, labels). given: which labels are given (n, labels). costs: of misses and of false
    alarms (2, labels), where the brief names some."""

    proba: Proba
    given: NDArray[np.bool_]
    costs: Floats | None = None

    @property
    def certainty(self) -> Floats:
        """Probability that a row's labels are all right (n,), were they independent."""
        return set_certainty(self.proba, self.given)

    def wrong(self, y: Marks) -> NDArray[np.bool_]:
        """Whether a row has a label too many or too few (n,)."""
        return np.asarray((y != self.given).any(axis=1))

    def spent(self, y: Marks) -> Floats:
        """What the answer to each row cost (n,); 1 a row that is wrong where no costs are named."""
        if self.costs is None:
            return self.wrong(y).astype(np.float64)
        return cost_of_sets(y, self.given, self.costs)

    def judged(self, metric: str) -> Proba:
        """What a metric looks at (n, labels)."""
        return self.given.astype(np.float64) if metric in OF_SETS else self.proba

    def model(self, metric: str) -> Model:
        """The same beside which labels may be given (labels,): those that were trained on."""
        return self.judged(metric), np.asarray(self.proba.max(axis=0) > 0.0)

    def as_rows(self, y: Marks) -> Answers:
        """Each row as one answer, 0 where its labels are all right and 1 where not: true is 0."""
        sure = self.certainty
        given = self.wrong(y).astype(np.int64)
        return Answers(np.column_stack([sure, sure]), given, paid=self.spent(y))

    def __getitem__(self, rows: Any) -> SetAnswers:
        return SetAnswers(self.proba[rows], self.given[rows], self.costs)


def set_answers(
    proba: Proba,
    *,
    by: Floats | None = None,
    costs: Floats | None = None,
    known: int | None = None,
) -> SetAnswers:
    """The labels more likely than not, or those that are cheaper to give `by` (`answer_costs`).

    costs: what mistakes cost in the brief (2, labels), where it names some. known: labels that may
    be given; the columns after them are of labels never trained on.
    """
    given = np.zeros(proba.shape, dtype=np.bool_)
    own = None if by is None else by[:, :known]
    given[:, :known] = given_labels(proba[:, :known], own)
    return SetAnswers(proba, given, costs)


def set_estimates(
    y: Marks, said: SetAnswers, confidence: float, seed: int
) -> dict[str, Estimate | NotAvailable]:
    """Accuracy (all labels of a row right) with Wilson's interval; the others by bootstrap over the
    rows (BCa, Efron 1987)."""
    names = set_metric_names(said.costs)
    if not len(y):
        return dict.fromkeys(names, NO_ROWS)
    found: dict[str, Estimate | NotAvailable] = {}
    for name in names:
        if name == "accuracy":
            found[name] = wilson(int((~said.wrong(y)).sum()), len(y), confidence)
            continue
        lower, upper = RANGES[name]
        statistic: SetStatistic | RowMean = SetStatistic(name, y.shape[1])
        columns: Proba = np.hstack([y, said.judged(name)])
        if name == "cost":
            statistic, columns = RowMean(), said.spent(y)[:, None]
        found[name] = stratified_bootstrap_bca(
            statistic,
            np.zeros(len(y), dtype=np.int64),
            columns,
            confidence=confidence,
            resamples=RESAMPLES,
            seed=seed,
            lower=lower,
            upper=upper,
            others=other_marks(name, y, [said.model(name)], seed),
        )
    return found


def compare_sets(
    y: Marks,
    a: SetAnswers,
    b: SetAnswers,
    *,
    names: tuple[str, str],
    metric: str,
    confidence: float,
    seed: int,
) -> Comparison | NotAvailable:
    """metric(a) − metric(b) on the same rows, tested as `compare_on_rows` does."""
    if not len(y):
        return NO_ROWS
    if metric == "accuracy":
        right_a, right_b = ~a.wrong(y), ~b.wrong(y)
        both, neither = int((right_a & right_b).sum()), int((~right_a & ~right_b).sum())
        only_a, only_b = int((right_a & ~right_b).sum()), int((~right_a & right_b).sum())
        low, high = newcombe_paired(both, only_a, only_b, neither, confidence)
        difference = (only_a - only_b) / len(y)
        p_value = float(mcnemar_exact(right_a, right_b))
        test = "McNemar's exact test; Newcombe's paired interval"
    else:
        difference, low, high, p_value = _resampled(y, a, b, metric, confidence, seed)
        test = "permutation test; bootstrap interval over the rows (BCa)"
    sign = 1.0 if HIGHER_IS_BETTER[metric] else -1.0
    worse, better = sorted((sign * low, sign * high))
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


def _resampled(
    y: Marks, a: SetAnswers, b: SetAnswers, metric: str, confidence: float, seed: int
) -> tuple[float, float, float, float]:
    """(difference, its interval, its p-value by swapping the two answers of a row at random)."""
    codes, random = np.zeros(len(y), dtype=np.int64), np.random.default_rng(seed)
    of_a: Floats
    of_b: Floats
    if metric == "cost":
        of_a, of_b = a.spent(y)[:, None], b.spent(y)[:, None]
        estimate = stratified_bootstrap_bca(
            RowMean(), codes, of_a - of_b, confidence=confidence, resamples=RESAMPLES, seed=seed
        )
    else:
        of_a, of_b = (np.asarray(one.judged(metric), dtype=np.float64) for one in (a, b))
        estimate = stratified_bootstrap_bca(
            SetDifference(metric, y.shape[1]), codes, np.hstack([y, of_a, of_b]),
            confidence=confidence, resamples=RESAMPLES, seed=seed,
            others=other_marks(metric, y, [a.model(metric), b.model(metric)], seed),
        )  # fmt: skip
    observed, extreme = estimate.value, 0
    statistic = SetDifference(metric, y.shape[1]) if metric != "cost" else None
    for _ in range(PERMUTATIONS):
        swap = (random.random(len(y)) < 0.5)[:, None]
        left, right = np.where(swap, of_b, of_a), np.where(swap, of_a, of_b)
        if statistic is None:
            gap = float((left - right).mean())
        else:
            gap = statistic(codes, np.hstack([y, left, right]))
        extreme += abs(gap) >= abs(observed) - 1e-12
    p_value = (1 + extreme) / (1 + PERMUTATIONS)
    return observed, *within_reach(estimate, p_value, confidence), p_value
