"""Metrics of predicted classes.

Classes are codes 0 … n_classes − 1. The code −1 in `y` stands for a label that the model has never
seen: such a row is an error under every metric, and where a metric averages over classes, −1 is one
class more.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Codes = NDArray[np.integer]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class PerClass:
    """Precision, recall, F1 and number of rows of each class, each of shape (n_classes,).

    Precision is 0 for a class that was never predicted, recall and F1 for one that never occurs.
    """

    precision: Floats
    recall: Floats
    f1: Floats
    rows: NDArray[np.int64]


def check_codes(y: Codes, predicted: Codes, n_classes: int) -> None:
    """Raises:
    ValueError: no rows, unequal lengths, or a code outside of its range.
    """
    if y.ndim != 1 or y.shape != predicted.shape:
        raise ValueError(f"labels {y.shape} and predictions {predicted.shape} must be as many")
    if not y.size:
        raise ValueError("a metric needs at least one row")
    if y.min() < -1 or y.max() >= n_classes:
        raise ValueError(f"labels must be codes from -1 to {n_classes - 1}")
    if predicted.min() < 0 or predicted.max() >= n_classes:
        raise ValueError(f"predictions must be codes from 0 to {n_classes - 1}")


def _counts(y: Codes, predicted: Codes, n_classes: int) -> NDArray[np.int64]:
    """Confusion counts with one more row and column, the last, for the code −1."""
    check_codes(y, predicted, n_classes)
    size = n_classes + 1
    true = np.where(y < 0, n_classes, y).astype(np.int64)
    flat = np.bincount(true * size + predicted, minlength=size * size)
    return flat.reshape(size, size).astype(np.int64)


def confusion_matrix(y: Codes, predicted: Codes, n_classes: int) -> NDArray[np.int64]:
    """Rows of class i that were predicted as j, shape (n_classes, n_classes).

    Rows whose label is −1 have no place in the matrix and are left out.

    >>> confusion_matrix(np.array([0, 0, 1, -1]), np.array([0, 1, 1, 1]), 2).tolist()
    [[1, 1], [0, 1]]
    """
    return _counts(y, predicted, n_classes)[:n_classes, :n_classes]


def accuracy(y: Codes, predicted: Codes) -> float:
    """Share of rows predicted right.

    >>> accuracy(np.array([0, 1, -1]), np.array([0, 0, 0]))
    0.3333333333333333
    """
    if y.shape != predicted.shape or not y.size:
        raise ValueError(f"labels {y.shape} and predictions {predicted.shape} must be as many")
    return float(np.mean(y == predicted))


def macro_f1(y: Codes, predicted: Codes, n_classes: int) -> float:
    """Mean F1 over the classes that occur in `y` or in `predicted`.

    The same as `sklearn.metrics.f1_score(average="macro", zero_division=0)`: a class that occurs in
    neither does not count, one that is only predicted, or never predicted, counts as 0.

    >>> macro_f1(np.array([0, 0, 1]), np.array([0, 1, 1]), 3)
    0.6666666666666666
    """
    counts = _counts(y, predicted, n_classes)
    return float(f1_of_margins(np.diagonal(counts), counts.sum(axis=1), counts.sum(axis=0)))


def balanced_accuracy(y: Codes, predicted: Codes, n_classes: int) -> float:
    """Mean recall over the classes that occur in `y`.

    The same as `sklearn.metrics.balanced_accuracy_score`.

    >>> balanced_accuracy(np.array([0, 0, 0, 1]), np.array([0, 0, 0, 0]), 2)
    0.5
    """
    counts = _counts(y, predicted, n_classes)
    return float(recall_of_margins(np.diagonal(counts), counts.sum(axis=1)))


def precision_recall_f1(y: Codes, predicted: Codes, n_classes: int) -> PerClass:
    """Precision, recall and F1 of each class; an undefined ratio is 0.

    Rows whose label is −1 lower the precision of the class that they were predicted as.
    """
    counts = _counts(y, predicted, n_classes)
    hits, true = np.diagonal(counts)[:n_classes], counts.sum(axis=1)[:n_classes]
    said = counts.sum(axis=0)[:n_classes]
    return PerClass(
        precision=_ratio(hits, said),
        recall=_ratio(hits, true),
        f1=_ratio(2 * hits, true + said),
        rows=true,
    )


def _ratio(above: NDArray[Any], below: NDArray[Any]) -> Floats:
    zeros = np.zeros(np.broadcast_shapes(above.shape, below.shape))
    out: Floats = np.divide(above, below, out=zeros, where=np.asarray(below) > 0)
    return out


def f1_of_margins(hits: NDArray[Any], true: NDArray[Any], said: NDArray[Any]) -> Floats:
    """Macro-F1 from each class's hits, rows and predictions, over the last axis."""
    either = true + said
    f1 = _ratio(2 * hits, either)
    mean: Floats = f1.sum(axis=-1) / np.maximum((either > 0).sum(axis=-1), 1)
    return mean


def recall_of_margins(hits: NDArray[Any], true: NDArray[Any]) -> Floats:
    """Mean recall from each class's hits and rows, over the last axis."""
    present = np.asarray(true) > 0
    mean: Floats = _ratio(hits, true).sum(axis=-1) / np.maximum(present.sum(axis=-1), 1)
    return mean
