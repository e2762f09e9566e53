"""What candidates race on: a metric of labels that are given, and the labels that suit it.

A probe's outputs are rough probabilities. Where the metric counts a rare label as much as a common
one, the label whose output is largest beside a power of its share is given: by the largest output
alone rare labels are hardly ever given, and all candidates look the same. Where the brief says how
common the labels are in use, outputs and rows count for as much more as their label is more common.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from headstart.metrics import balanced_accuracy
from headstart.metrics.classification import f1_of_margins

Codes = NDArray[np.int64]
Floats = NDArray[np.float64]
POWERS = {"macro_f1": 2 / 3, "balanced_accuracy": 1.0}
"""Of a label's share, by which its output counts for less, in metrics that count every label the
same: for balanced accuracy that of the best answers; for macro-F1 between that, by which least is
lost in picks, and 1/2, by which a probe scores best (`benchmarks/selection_skewed.py`)."""


@dataclass(frozen=True, slots=True)
class Scoring:
    """The metric of a race.

    ratio: how much more common each label is in use than among the rows (classes,); None: as much.
    """

    metric: str = "accuracy"
    ratio: Floats | None = None

    @classmethod
    def of(cls, metric: str, codes: Codes, in_use: Floats | None = None) -> Scoring:
        """For this metric of a run, or for accuracy where that takes probabilities or costs.

        codes: of the rows (n,). in_use: shares of the labels in use (classes,), where they are
        named.
        """
        name = metric if metric in POWERS else "accuracy"
        if in_use is None:
            return cls(name)
        return cls(name, in_use / (np.bincount(codes, minlength=len(in_use)) / len(codes)))

    def among(self, known: Codes) -> Scoring:
        """The same of labels that were numbered anew; known: their old numbers."""
        return self if self.ratio is None else replace(self, ratio=self.ratio[known])

    def answers(self, outputs: NDArray[np.floating], shares: Floats) -> Codes:
        """The label to give to each row, by outputs (n, classes); shares: of the rows that were
        learned from (classes,)."""
        if self.metric in POWERS:
            outputs = outputs / np.maximum(shares, 1e-12) ** POWERS[self.metric]
        elif self.ratio is not None:
            outputs = outputs * self.ratio
        return np.asarray(outputs.argmax(axis=1), dtype=np.int64)

    def score(self, y: Codes, said: Codes) -> float:
        """The higher the better.

        >>> y, said = np.array([0, 0, 0, 1]), np.array([0, 0, 1, 1])
        >>> Scoring().score(y, said), Scoring(ratio=np.array([0.5, 2.5])).score(y, said)
        (0.75, 0.875)
        """
        weights = np.ones(len(y)) if self.ratio is None else self.ratio[y]
        if self.metric == "accuracy":
            return float(np.average(y == said, weights=weights))
        classes = 1 + int(max(y.max(), said.max()))
        if self.metric == "balanced_accuracy":
            return balanced_accuracy(y, said, classes)
        table = np.zeros((classes, classes))
        np.add.at(table, (y, said), weights)
        return float(f1_of_margins(np.diagonal(table), table.sum(axis=1), table.sum(axis=0)))


ACCURACY = Scoring()
