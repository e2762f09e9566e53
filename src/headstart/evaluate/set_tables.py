"""Per label, the errors worth reading and their patterns, of rows that may have several labels."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from headstart.evaluate.gallery import EXAMPLES, GROUPS, PAIR
from headstart.evaluate.set_answers import NO_ROWS, Marks, SetAnswers
from headstart.evaluate.slices import Known, Part
from headstart.evaluate.tables import ERRORS, excerpt
from headstart.stats import wilson
from headstart.types.result import (
    ClassRow,
    ErrorGroup,
    Estimate,
    GalleryReport,
    MemoError,
    NotAvailable,
    SliceReport,
)

NONE = "no label"


def label_rows(
    y: Marks, given: NDArray[np.bool_], labels: Sequence[str], confidence: float
) -> tuple[ClassRow, ...]:
    """Precision and recall of each label with Wilson intervals, and F1."""
    rows = []
    for code, label in enumerate(labels):
        cases, answered = int(y[:, code].sum()), int(given[:, code].sum())
        hits = int((given[:, code] & (y[:, code] == 1)).sum())
        precision: Estimate | NotAvailable = (
            wilson(hits, answered, confidence)
            if answered
            else NotAvailable(f"'{label}' was never given")
        )
        recall: Estimate | NotAvailable = (
            wilson(hits, cases, confidence)
            if cases
            else NotAvailable(f"no row of '{label}' decides")
        )
        f1 = 2.0 * hits / (answered + cases) if answered + cases else 0.0
        rows.append(ClassRow(label, cases, precision, recall, f1))
    return tuple(rows)


def named(marks: NDArray[np.generic], labels: Sequence[str]) -> str:
    """The labels of a row.

    >>> named(np.array([1, 0, 1]), ["a", "b", "c"]), named(np.array([0]), ["a"])
    ('a, c', 'no label')
    """
    return ", ".join(labels[int(i)] for i in np.flatnonzero(marks)) or NONE


def set_error(
    row: int, y: Marks, said: SetAnswers, labels: Sequence[str], known: Known, place: str
) -> MemoError:
    """One wrong answer as the memo shows it."""
    value = known.values[row]
    return MemoError(
        place=place,
        value=value if known.modality == "image" else excerpt(value),
        label=named(y[row], labels),
        predicted=named(said.given[row], labels),
        probability=float(said.certainty[row]),
    )


def surest_errors(
    y: Marks, said: SetAnswers, labels: Sequence[str], known: Known, places: Sequence[str]
) -> tuple[MemoError, ...]:
    """The wrong answers given with the highest probability, at most 20."""
    wrong = np.flatnonzero(said.wrong(y))
    worst = wrong[np.argsort(-said.certainty[wrong], kind="stable")][:ERRORS]
    return tuple(set_error(int(i), y, said, labels, known, places[int(i)]) for i in worst)


def set_gallery(
    y: Marks,
    said: SetAnswers,
    labels: Sequence[str],
    known: Known,
    places: Sequence[str],
    *,
    trained: int,
    parts: Sequence[Part],
    slices: SliceReport | NotAvailable,
) -> GalleryReport | NotAvailable:
    """Each wrong row in the first group that it fits: a label never trained on, a label that is
    often missed or often too many (the most frequent first), a part that is credibly worse, none.

    No label is doubted here: that is looked for with one label a row only.
    """
    if not len(y):
        return NO_ROWS
    wrong = said.wrong(y)
    left = wrong.copy()
    groups: list[tuple[str, str, NDArray[np.bool_]]] = []

    def take(pattern: str, name: str, rows: NDArray[np.bool_]) -> None:
        mine = left & rows
        if mine.any():
            groups.append((pattern, name, mine))
            left[mine] = False

    take("label never trained on", "", (y[:, trained:] == 1).any(axis=1))
    missed, added = (y == 1) & ~said.given, (y == 0) & said.given
    kinds = [("label missed", missed), ("label too many", added)]
    while len(groups) < GROUPS:
        counts = [
            (int((left & table[:, code]).sum()), pattern, code, table)
            for pattern, table in kinds
            for code in range(y.shape[1])
        ]
        most, pattern, code, table = max(counts, key=lambda one: (one[0], one[1], -one[2]))
        if most < PAIR:
            break
        take(pattern, labels[code], table[:, code])
    if isinstance(slices, SliceReport):
        worse = {row.name for row in slices.rows if row.worse}
        for part in parts:
            if part.name in worse:
                take("weak part", part.name, part.of(known))
    take("other", "", np.ones(len(y), dtype=bool))
    made = []
    for pattern, name, rows in groups:
        first = np.flatnonzero(rows)[np.argsort(-said.certainty[rows], kind="stable")][:EXAMPLES]
        shown = tuple(set_error(int(i), y, said, labels, known, places[int(i)]) for i in first)
        made.append(ErrorGroup(pattern, name, int(rows.sum()), shown))
    return GalleryReport(int(wrong.sum()), len(y), 0, compared=False, groups=tuple(made))
