"""Per class, confusion and the errors worth reading."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from headstart.evaluate.estimates import Answers
from headstart.metrics import confusion_matrix
from headstart.stats import wilson
from headstart.types.brief import ModalityName
from headstart.types.result import ClassRow, Estimate, MemoError, NotAvailable

ERRORS = 20
EXCERPT = 300
"""Characters of a text that are shown."""


def confusion_counts(
    y: NDArray[np.int64], predicted: NDArray[np.int64], classes: int
) -> NDArray[np.int64]:
    """Rows of class i answered with j, shape (classes, classes); zeros where no row decides."""
    if not len(y):
        return np.zeros((classes, classes), dtype=np.int64)
    return confusion_matrix(y, predicted, classes)


def class_rows(
    y: NDArray[np.int64],
    predicted: NDArray[np.int64],
    labels: Sequence[str],
    confidence: float,
) -> tuple[ClassRow, ...]:
    """Precision and recall of each class with Wilson intervals, and F1."""
    matrix = confusion_counts(y, predicted, len(labels))
    rows = []
    for code, label in enumerate(labels):
        hits, answered, cases = (
            int(matrix[code, code]),
            int(matrix[:, code].sum()),
            int(matrix[code].sum()),
        )
        precision: Estimate | NotAvailable = (
            wilson(hits, answered, confidence)
            if answered
            else NotAvailable(f"'{label}' was never the answer")
        )
        recall: Estimate | NotAvailable = (
            wilson(hits, cases, confidence)
            if cases
            else NotAvailable(f"no row of '{label}' decides")
        )
        f1 = 2.0 * hits / (answered + cases) if answered + cases else 0.0
        rows.append(ClassRow(label, cases, precision, recall, f1))
    return tuple(rows)


def confident_errors(
    y: NDArray[np.int64],
    said: Answers,
    labels: Sequence[str],
    values: Sequence[str],
    places: Sequence[str],
    modality: ModalityName,
) -> tuple[MemoError, ...]:
    """The wrong answers given with the highest probability, at most 20."""
    predicted, top = said.given, said.certainty
    wrong = np.flatnonzero(predicted != y)
    worst = wrong[np.argsort(-top[wrong], kind="stable")][:ERRORS]
    return tuple(memo_error(int(i), y, said, labels, values, places, modality) for i in worst)


def memo_error(
    row: int,
    y: NDArray[np.int64],
    said: Answers,
    labels: Sequence[str],
    values: Sequence[str],
    places: Sequence[str],
    modality: ModalityName,
) -> MemoError:
    """One wrong answer as the memo shows it."""
    return MemoError(
        place=places[row],
        value=values[row] if modality == "image" else excerpt(values[row]),
        label=labels[y[row]],
        predicted=labels[said.given[row]],
        probability=float(said.certainty[row]),
    )


def excerpt(text: str) -> str:
    """The first 300 characters.

    >>> len(excerpt("a" * 1000))
    300
    """
    return text if len(text) <= EXCERPT else text[: EXCERPT - 1] + "…"
