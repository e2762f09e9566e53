"""Metrics with intervals on rows that no model has seen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from headstart.evaluate.other_answers import other_answers
from headstart.metrics import (
    RANGES,
    RowMean,
    ScoreStatistic,
    cost_per_row,
    given_answers,
    metric_names,
)
from headstart.stats import stratified_bootstrap_bca, wilson
from headstart.types.result import Estimate, NotAvailable

Proba = NDArray[np.floating]
RESAMPLES = 1000
OF_ANSWERS = ("macro_f1", "balanced_accuracy")
"""Metrics of what is answered; the others look at the probabilities."""


@dataclass(frozen=True, slots=True)
class Answers:
    """What the model says of n rows.

    proba: (n, classes). given: the answer to each row (n,). costs: (classes, classes) where the
    brief names some. paid: what each answer cost (n,), where that is known already. withheld:
    whether the answer goes to a person however probable it is (n,), as it was flagged as out of
    scope; None: none does.
    """

    proba: Proba
    given: NDArray[np.int64]
    costs: NDArray[np.float64] | None = None
    paid: NDArray[np.float64] | None = None
    withheld: NDArray[np.bool_] | None = None

    @property
    def certainty(self) -> NDArray[np.floating]:
        """Probability of the answer that is given (n,); −1, below every threshold, where it is
        withheld."""
        sure = self.proba[np.arange(len(self.given)), self.given]
        return sure if self.withheld is None else np.where(self.withheld, -1.0, sure)

    @property
    def decided(self) -> NDArray[np.float64]:
        """1 at the answer that is given, (n, classes): what metrics of answers are computed of."""
        sure = np.zeros(self.proba.shape)
        sure[np.arange(len(self.given)), self.given] = 1.0
        return sure

    def spent(self, y: NDArray[np.int64]) -> NDArray[np.float64]:
        """What the answer to each row cost (n,); 1 a mistake where no costs are named."""
        if self.paid is not None:
            return self.paid
        return (
            (self.given != y).astype(np.float64)
            if self.costs is None
            else cost_per_row(y, self.given, self.costs)
        )

    def __getitem__(self, rows: Any) -> Answers:
        paid = None if self.paid is None else self.paid[rows]
        withheld = None if self.withheld is None else self.withheld[rows]
        return Answers(self.proba[rows], self.given[rows], self.costs, paid, withheld)


def answers(
    proba: Proba,
    *,
    by: NDArray[np.float64] | None = None,
    costs: NDArray[np.float64] | None = None,
    known: int | None = None,
) -> Answers:
    """The most probable answers, or those with the least expected cost `by` (`answer_costs`).

    costs: what mistakes cost in the brief (classes, classes), where it names some. known: classes
    that may be answered; the columns after them are of labels never trained on.
    """
    own = None if by is None else by[:known, :known]
    return Answers(proba, given_answers(proba[:, :known], own), costs)


def metric_estimates(
    y: NDArray[np.int64], said: Answers, confidence: float, seed: int
) -> dict[str, Estimate | NotAvailable]:
    """Accuracy with Wilson's interval; the others by stratified bootstrap (BCa, Efron 1987).

    Accuracy, cost, F1 and recall are those of the answers that are given, log-loss and Brier score
    those of the probabilities.
    """
    names = metric_names(said.costs)
    if not len(y):
        return dict.fromkeys(names, NotAvailable("no row is left that may decide"))
    hits = int((said.given == y).sum())
    found: dict[str, Estimate | NotAvailable] = {"accuracy": wilson(hits, len(y), confidence)}
    others = other_answers(y, said.given, said.proba, seed)
    for name in names:
        lower, upper = RANGES[name]
        if name not in found:
            statistic, columns = _statistic(name, y, said)
            found[name] = stratified_bootstrap_bca(
                statistic,
                y,
                columns,
                confidence=confidence,
                resamples=RESAMPLES,
                seed=seed,
                lower=lower,
                upper=upper,
                others=others if name in OF_ANSWERS else None,
            )
    return found


def _statistic(
    name: str, y: NDArray[np.int64], said: Answers
) -> tuple[ScoreStatistic | RowMean, NDArray[np.floating]]:
    if name == "cost":
        return RowMean(), said.spent(y)[:, None]
    columns = said.decided if name in OF_ANSWERS else said.proba
    return ScoreStatistic(name, said.proba.shape[1]), columns
