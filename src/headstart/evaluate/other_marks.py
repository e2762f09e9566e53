"""What a model might have answered for labels that it gave all rightly or all wrongly, where a row
may have several."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from headstart.metrics import SetStatistic
from headstart.stats import Others

Marks = NDArray[np.int64]
Floats = NDArray[np.float64]
Proba = NDArray[np.floating]
Model = tuple[Proba, NDArray[np.bool_]]
"""(what is judged: 1 where a label is given, or for the average precision how probable it is
(n, labels); labels that may be given (labels,))"""
Turned = tuple[int, int, float, float]
"""(row, label, what is judged there instead, how probable that is)"""
POOLED = ("micro_f1", "hamming_loss")
"""Metrics that count the labels of all rows together."""


def other_marks(metric: str, y: Marks, models: Sequence[Model], seed: int) -> Others | None:
    """For the bootstrap over the rows (`Others`): a label that no row misses is missed once, one
    that all rows miss is found; one that is right each time it is given is given wrongly. For the
    average precision, a label whose rows all come first has a later one, and the only row of
    another comes first. Of several models one answers otherwise, the others as they do in that row.

    How probable each is follows from the mean over the labels, or where the metric counts the
    labels of all rows together from all of them. There are none of a model that answers all rows
    alike, and none (None) for metrics that are a mean over the rows' losses.

    Args:
        y: 1 where a label applies (n, labels).

    Returns:
        Columns: a row's truth beside what is judged of each model (k, labels · (1 + models)).
    """
    if metric not in ("average_precision", "macro_f1", *POOLED):
        return None
    random, columns, chances = np.random.default_rng(seed), [], []
    for model, (judged, possible) in enumerate(models):
        for row, label, value, chance in _turned(metric, y, judged, possible, random):
            each = [own[row].astype(np.float64) for own, _ in models]
            each[model][label] = value
            columns.append(np.concatenate([y[row], *each]))
            chances.append(chance)
    width = y.shape[1] * (1 + len(models))
    codes = np.zeros(len(chances), dtype=np.int64)
    return Others(codes, np.array(columns).reshape(-1, width), np.array(chances, dtype=np.float64))


def _turned(
    metric: str,
    y: Marks,
    judged: Proba,
    possible: NDArray[np.bool_],
    random: np.random.Generator,
) -> Iterator[Turned]:
    labels = np.arange(y.shape[1])
    if (judged == judged[0]).all():
        return iter(())
    if metric == "average_precision":
        return _ranked_otherwise(y, judged, possible, random)
    groups = labels[None, :] if metric in POOLED else labels[:, None]
    return _given_otherwise(y, judged, groups, possible, random)


def _given_otherwise(
    y: Marks,
    given: Proba,
    groups: NDArray[np.int64],
    possible: NDArray[np.bool_],
    random: np.random.Generator,
) -> Iterator[Turned]:
    """groups: labels that count together (groups, of each)."""
    true, said = y == 1, given == 1.0
    rows, answers, right = (
        cells.sum(axis=0, dtype=np.float64)[groups].sum(axis=1)
        for cells in (true, said, true & said)
    )
    found, correct = _typical(right, rows), _typical(right, answers)

    def one(cells: NDArray[np.bool_], group: NDArray[np.int64]) -> tuple[int, int]:
        at, label = random.choice(np.argwhere(cells[:, group]))
        return int(at), int(group[label])

    for i, group in enumerate(groups):
        if rows[i] > 0.0 and right[i] == rows[i]:
            yield *one(true, group), 0.0, 1.0 - found
        if rows[i] > 0.0 and right[i] == 0.0 and possible[group].any():
            yield *one(true & possible, group), 1.0, found
        if answers[i] > 0.0 and right[i] == answers[i] and not true[:, group].all():
            yield *one(~true, group), 1.0, 1.0 - correct


def _ranked_otherwise(
    y: Marks, proba: Proba, possible: NDArray[np.bool_], random: np.random.Generator
) -> Iterator[Turned]:
    true = y == 1
    whole = [one for one in range(y.shape[1]) if 0 < true[:, one].sum() < len(y) and possible[one]]
    areas = [SetStatistic("average_precision", 1).of(y[:, [i]], proba[:, [i]]) for i in whole]
    mean = _typical(np.array(areas), np.ones(len(areas)))
    for label, area in zip(whole, areas, strict=True):
        row = int(random.choice(np.flatnonzero(true[:, label])))
        if area >= 1.0:
            yield row, label, float(random.choice(proba[~true[:, label], label])), 1.0 - mean
        elif true[:, label].sum() == 1:
            yield row, label, float(proba[:, label].max()), mean


def _typical(part: Floats, of: Floats) -> float:
    """Mean of part / of where there is any, drawn towards 1/2 by half of one."""
    there = of > 0.0
    return float(((part[there] / of[there]).sum() + 0.5) / (there.sum() + 1))
