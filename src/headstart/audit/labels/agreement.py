"""How far several annotators agree, and what they agree on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from headstart.types.result import Estimate


@dataclass(frozen=True, slots=True)
class Consensus:
    """The label that most annotators gave each row, None where there is a tie or no answer."""

    labels: tuple[str | None, ...]
    share: NDArray[np.float64]
    """Share of the row's annotators who gave the most frequent label; 0 without an answer."""


def _counts(answers: Sequence[Sequence[str | None]]) -> tuple[NDArray[np.float64], list[str]]:
    """(rows, labels): how many annotators gave each label to each row."""
    labels = sorted({label for row in answers for label in row if label is not None})
    index = {label: i for i, label in enumerate(labels)}
    counts = np.zeros((len(answers), len(labels)))
    for i, row in enumerate(answers):
        for label in row:
            if label is not None:
                counts[i, index[label]] += 1
    return counts, labels


def _alpha(counts: NDArray[np.float64]) -> float:
    """Krippendorff's alpha for nominal labels from (rows, labels) counts; nan if undefined."""
    m = counts.sum(axis=1)
    counts, m = counts[m >= 2], m[m >= 2]
    total = m.sum()
    if total == 0:
        return float("nan")
    observed = ((m**2 - (counts**2).sum(axis=1)) / (m - 1)).sum() / total
    margins = counts.sum(axis=0)
    expected = (total**2 - (margins**2).sum()) / (total * (total - 1))
    return float(1 - observed / expected) if expected > 0 else float("nan")


def krippendorff_alpha(
    answers: Sequence[Sequence[str | None]],
    *,
    confidence: float = 0.95,
    resamples: int = 1000,
    seed: int = 0,
) -> Estimate:
    """Krippendorff's alpha of nominal labels: 1 is full agreement, 0 what chance would give.

    answers[row][annotator]: a label, or None where this annotator did not answer. Interval:
    percentile bootstrap over rows. Krippendorff, Content Analysis (2004), chapter 11.

    Raises:
        ValueError: no row with two answers, or only one label in use.

    >>> round(krippendorff_alpha([["a", "a"], ["a", "b"], ["b", "b"], ["a", "a"]]).value, 3)
    0.533
    """
    counts, labels = _counts(answers)
    value = _alpha(counts)
    if np.isnan(value):
        why = "only one label is in use" if len(labels) == 1 else "no row has two answers"
        raise ValueError(f"agreement is not defined: {why}")
    rng = np.random.default_rng(seed)
    n = len(counts)
    drawn = np.array([_alpha(counts[rng.integers(n, size=n)]) for _ in range(resamples)])
    tail = 100 * (1 - confidence) / 2
    low, high = np.nanpercentile(drawn, [tail, 100 - tail])
    return Estimate(
        value, float(low), float(high), n, "Krippendorff's alpha, bootstrap over rows", confidence
    )


def consensus(answers: Sequence[Sequence[str | None]]) -> Consensus:
    """The majority's label of each row.

    >>> consensus([["a", "a", "b"], ["a", "b", None]]).labels
    ('a', None)
    """
    labels: list[str | None] = []
    shares = []
    for row in answers:
        ranked = Counter(label for label in row if label is not None).most_common(2)
        tie = len(ranked) == 2 and ranked[0][1] == ranked[1][1]
        labels.append(None if tie or not ranked else ranked[0][0])
        answered = sum(label is not None for label in row)
        shares.append(ranked[0][1] / answered if ranked else 0.0)
    return Consensus(tuple(labels), np.array(shares))
