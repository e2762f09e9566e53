"""Shares, means and differences with their intervals, on the rows of a hold-out or of the folds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from headstart.evaluate.estimates import Answers
from headstart.evaluate.paired import compare_on_rows
from headstart.metrics import (
    HIGHER_IS_BETTER,
    QuadraticKappa,
    RowMean,
    balanced_accuracy,
    precision_recall_f1,
)
from headstart.stats import compare, mean_over_folds, stratified_bootstrap_bca, wilson
from headstart.types.data import Folds
from headstart.types.result import Comparison, Estimate, NotAvailable

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]


class HeldRows(Protocol):
    """Rows that the model had not seen when it answered them."""

    @property
    def codes(self) -> NDArray[np.int64]:
        """Their labels (n,)."""

    def kept(self, mask: Mask) -> HeldRows | NotAvailable:
        """Those of them where the mask (n,) is true."""

    def share(self, hit: Mask) -> Estimate:
        """Of those where `hit` (n,) is true."""

    def mean(
        self, column: Floats, lower: float | None = None, upper: float | None = None
    ) -> Estimate:
        """Of a number a row (n,); lower, upper: its range."""

    def kappa(self, places: Floats) -> Estimate | NotAvailable:
        """Quadratic weighted kappa of (n, 2) places of the labels and of the answers."""

    def compare(
        self, a: Answers, b: Answers, *, names: tuple[str, str], metric: str, labels: int
    ) -> Comparison | NotAvailable:
        """metric(a) − metric(b); labels: codes from here on are answers that are no label."""


@dataclass(frozen=True, slots=True)
class HoldoutRows:
    """Rows of the hold-out, one model's answers: Wilson, the stratified bootstrap (BCa) within the
    true labels, and the paired tests of `compare_on_rows`."""

    codes: NDArray[np.int64]
    confidence: float
    seed: int

    def kept(self, mask: Mask) -> HoldoutRows:
        return replace(self, codes=self.codes[mask])

    def share(self, hit: Mask) -> Estimate:
        return wilson(int(hit.sum()), len(self.codes), self.confidence)

    def mean(
        self, column: Floats, lower: float | None = None, upper: float | None = None
    ) -> Estimate:
        return stratified_bootstrap_bca(
            RowMean(),
            self.codes,
            column[:, None],
            confidence=self.confidence,
            seed=self.seed,
            lower=lower,
            upper=upper,
        )

    def kappa(self, places: Floats) -> Estimate:
        return stratified_bootstrap_bca(
            QuadraticKappa(),
            self.codes,
            places,
            confidence=self.confidence,
            seed=self.seed,
            lower=-1.0,
            upper=1.0,
        )

    def compare(
        self, a: Answers, b: Answers, *, names: tuple[str, str], metric: str, labels: int
    ) -> Comparison | NotAvailable:
        return compare_on_rows(
            self.codes,
            a,
            b,
            names=names,
            metric=metric,
            confidence=self.confidence,
            seed=self.seed,
            labels=labels,
        )


@dataclass(frozen=True, slots=True)
class FoldRows:
    """Development rows, each answered by models that had not seen it: means over the folds, whose
    models share training rows (Nadeau and Bengio 2003). Made by `rows_of_folds`."""

    codes: NDArray[np.int64]
    folds: Folds
    confidence: float

    def kept(self, mask: Mask) -> FoldRows | NotAvailable:
        return rows_of_folds(self.codes[mask], self.folds, np.flatnonzero(mask), self.confidence)

    def share(self, hit: Mask) -> Estimate:
        return self.mean(hit.astype(np.float64), 0.0, 1.0)

    def mean(
        self, column: Floats, lower: float | None = None, upper: float | None = None
    ) -> Estimate:
        return mean_over_folds(
            self._by_fold(lambda rows: float(column[rows].mean())),
            self.folds.k,
            self.folds.repeats,
            self.confidence,
            lower,
            upper,
            n=self.folds.n,
        )

    def kappa(self, places: Floats) -> NotAvailable:
        return NotAvailable("kappa takes more rows than a fold has: it is counted on a hold-out")

    def compare(
        self, a: Answers, b: Answers, *, names: tuple[str, str], metric: str, labels: int
    ) -> Comparison:
        scores = [self._scores(one, metric, labels) for one in (a, b)]
        return compare(
            *scores,
            a=names[0],
            b=names[1],
            metric=metric,
            n=self.folds.n,
            k=self.folds.k,
            repeats=self.folds.repeats,
            confidence=self.confidence,
            higher_is_better=HIGHER_IS_BETTER[metric],
        )

    def _by_fold(self, of: Callable[[NDArray[np.int64]], float]) -> Floats:
        return np.array([of(test) for _, test in self.folds])

    def _scores(self, said: Answers, metric: str, labels: int) -> Floats:
        """One a fold."""
        y, given = self.codes, said.given
        if metric == "macro_f1":
            return self._by_fold(lambda rows: _f1_of_labels(y[rows], given[rows], labels))
        if metric == "balanced_accuracy":
            return self._by_fold(lambda rows: balanced_accuracy(y[rows], given[rows], labels + 1))
        column = said.spent(y) if metric == "cost" else (given == y).astype(np.float64)
        return self._by_fold(lambda rows: float(column[rows].mean()))


def rows_of_folds(
    codes: NDArray[np.int64], folds: Folds, rows: NDArray[np.int64], confidence: float
) -> FoldRows | NotAvailable:
    """Some rows of the folds; codes: of these (rows,)."""
    own = Folds(folds.assignment[:, rows], folds.k)
    if not all(len(test) for _, test in own):
        return NotAvailable(f"{own.n} rows are too few to count by folds: one has none of them")
    return FoldRows(codes, own, confidence)


def _f1_of_labels(y: NDArray[np.int64], given: NDArray[np.int64], labels: int) -> float:
    """Macro-F1 over the labels that occur; an answer that is no label is no class of its own."""
    present = np.union1d(y, given)
    f1 = precision_recall_f1(y, given, labels + 1).f1
    return float(f1[present[present < labels]].mean())
