"""Which answers suit a metric: what they should minimise.

Macro-F1 and balanced accuracy count a rare label as much as a common one, so that their best
answers are not the most probable ones: a miss of a rare label counts more. How much more depends
for F1 on how high it is (the best threshold of a label is half of its best F1; Lipton, Elkan and
Naryanaswamy 2014), which nobody knows beforehand. But probabilities say what F1 to expect of any
answers to their rows, without a look at the labels; so the weights are those that promise most.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Proba = NDArray[np.floating]
WEIGHED = frozenset({"macro_f1", "micro_f1", "balanced_accuracy"})
"""Metrics whose best answers are not the most probable ones."""
POWERS = np.arange(0.0, 1.26, 0.125)
"""Of a label's share, by which a miss of it counts more; 1 is what balanced accuracy takes."""
ALIKE = np.arange(1.0, 6.1, 0.5)
"""How much a miss of any label counts against a label too many, for micro-F1."""
MOST_ROWS = 20_000
"""Rows, evenly spread, by which the weights are chosen."""


def shares_named(prevalence: Mapping[str, float], labels: Sequence[str]) -> Floats | None:
    """Shares of the labels in use (labels,), as the brief names them; None: it names none.

    >>> shares_named({"b": 0.25, "a": 0.75}, ["a", "b"]).tolist()
    [0.75, 0.25]
    """
    if not prevalence:
        return None
    shares = np.array([prevalence[label] for label in labels])
    return np.asarray(shares / shares.sum())


def miss_weights(
    metric: str,
    shares: Floats,
    proba: Proba,
    counts: Floats | None = None,
    *,
    several: bool = False,
) -> tuple[float, ...]:
    """How much it counts to miss each label, for answers that suit the metric; empty: the same.

    Args:
        shares: of the rows that have each label (labels,), above 0.
        proba: of rows that trained no part of what gave them (n, labels).
        counts: how much each of them counts for (n,); None: as much as any other.
        several: whether a row may have several labels.

    Returns:
        One a label: against a miss of the commonest one, or where a row may have several labels
        against a label too many.

    >>> shares = np.array([0.75, 0.25])
    >>> miss_weights("macro_f1", shares, np.tile(shares, (4, 1)))
    ()
    >>> miss_weights("macro_f1", shares, np.array([[0.9, 0.1], [0.9, 0.1], [0.6, 0.4], [0.6, 0.4]]))
    (1.0, 1.51)
    """
    if metric not in WEIGHED or not len(proba):
        return ()
    rows = np.linspace(0, len(proba) - 1, min(len(proba), MOST_ROWS)).astype(np.int64)
    sure = proba[rows].astype(np.float64)
    each = np.ones(len(rows)) if counts is None else counts[rows]
    labels = sure.shape[1]
    rare = (1.0 if several else shares.max()) / shares
    if several and metric == "micro_f1":
        tried = [np.full(labels, weight) for weight in ALIKE]
    else:
        tried = [np.round(rare**power, 2) for power in POWERS]
    promised = [_promised(metric, sure, each, weights, several=several) for weights in tried]
    best = tried[int(np.argmax(promised))]
    return () if (best == 1.0).all() else tuple(best.tolist())


def _promised(metric: str, sure: Floats, each: Floats, weights: Floats, *, several: bool) -> float:
    """The metric that the probabilities themselves promise of the answers by these weights."""
    labels = sure.shape[1]
    true, hits, said = each @ sure, np.zeros(labels), np.zeros(labels)
    if several:
        given = sure * (1.0 + weights) > 1.0
        hits, said = each @ (sure * given), each @ given
    else:
        answer = (sure * weights).argmax(axis=1)
        np.add.at(hits, answer, each * sure[np.arange(len(sure)), answer])
        np.add.at(said, answer, each)
    if metric == "micro_f1":
        return float(2.0 * hits.sum() / (true.sum() + said.sum()))
    below = true if metric == "balanced_accuracy" else (true + said) / 2.0
    return float((hits / np.maximum(below, 1e-300)).mean())


def answer_costs(
    metric: str,
    shares: Floats,
    proba: Proba,
    costs: Floats | None = None,
    *,
    several: bool = False,
) -> Floats | None:
    """What the answers minimise in expectation; None: the most probable labels are given.

    Args:
        shares, proba, several: as in `miss_weights`.
        costs: what mistakes cost in the brief, which its own metric, `cost`, follows.

    Returns:
        Cost of answering j for a case of i (labels, labels); of several labels a row, of misses and
        of false alarms (2, labels).
    """
    if metric == "cost":
        return costs
    return miss_costs(miss_weights(metric, shares, proba, several=several), several=several)


def miss_costs(weights: Sequence[float], *, several: bool = False) -> Floats | None:
    """The same of weights that are known.

    >>> miss_costs((1.0, 3.0)).tolist(), miss_costs((4.0,), several=True).tolist()
    ([[0.0, 1.0], [3.0, 0.0]], [[4.0], [1.0]])
    """
    if not weights:
        return None
    missed = np.array(weights)
    if several:
        return np.vstack([missed, np.ones(len(missed))])
    return np.asarray(missed[:, None] * (1.0 - np.eye(len(missed))))
