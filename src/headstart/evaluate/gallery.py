"""The errors grouped by pattern."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from headstart.evaluate.estimates import Answers
from headstart.evaluate.slices import Known, Part
from headstart.evaluate.tables import memo_error
from headstart.types.result import ErrorGroup, GalleryReport, NotAvailable, SliceReport

DOUBT = 0.9
"""Probability of the answer from which on a label is doubted."""
NEIGHBOURS = 5
AGREE = 4
"""Of the nearest development rows, so many must have the model's label and none the row's own."""
PAIR = 3
"""Errors between two classes from which on they are a pattern."""
EXAMPLES = 6
GROUPS = 12


@dataclass(frozen=True, slots=True)
class Neighbours:
    """Development rows: features (n, width) and labels (n,)."""

    features: NDArray[np.floating]
    codes: NDArray[np.int64]


def doubted(
    y: NDArray[np.int64], said: Answers, features: NDArray[np.floating], near: Neighbours
) -> NDArray[np.bool_]:
    """Rows whose own label is likely wrong: the model is sure of another one, and so are the
    nearest development rows, of which none has the row's label (n,)."""
    own, others = (_unit(one) for one in (features, near.features))
    count = min(NEIGHBOURS, len(others))
    nearest = np.argpartition(-(own @ others.T), count - 1, axis=1)[:, :count]
    labels = near.codes[nearest]
    agree = (labels == said.given[:, None]).sum(axis=1)
    none = (labels != y[:, None]).all(axis=1)
    wrong = said.given != y
    return np.asarray(wrong & (said.certainty >= DOUBT) & (agree >= AGREE) & none)


def gallery_report(
    y: NDArray[np.int64],
    said: Answers,
    labels: Sequence[str],
    known: Known,
    places: Sequence[str],
    *,
    trained: int,
    near: Neighbours | None,
    parts: Sequence[Part],
    slices: SliceReport | NotAvailable,
) -> GalleryReport | NotAvailable:
    """Each wrong answer in the first group that it fits: a label never trained on, a doubted label,
    two classes that are taken for one another, a part that is credibly worse, none of these.

    Args:
        trained: labels that the model knows; the codes after them were never trained on.
        near: without them no label is doubted.
    """
    if not len(y):
        return NotAvailable("no row is left that may decide")
    wrong = said.given != y
    left = wrong.copy()
    groups: list[tuple[str, str, NDArray[np.bool_]]] = []

    def take(pattern: str, name: str, rows: NDArray[np.bool_]) -> None:
        mine = left & rows
        if mine.any():
            groups.append((pattern, name, mine))
            left[mine] = False

    take("label never trained on", "", y >= trained)
    if near is not None and known.features is not None:
        take("label in doubt", "", doubted(y, said, known.features, near))
    pairs = Counter(
        (min(a, b), max(a, b))
        for a, b in zip(y[left].tolist(), said.given[left].tolist(), strict=True)
    )
    for (a, b), times in pairs.most_common(GROUPS):
        if times >= PAIR:
            between = ((y == a) & (said.given == b)) | ((y == b) & (said.given == a))
            take("confused pair", f"{labels[a]} and {labels[b]}", between)
    if isinstance(slices, SliceReport):
        worse = {row.name for row in slices.rows if row.worse}
        for part in parts:
            if part.name in worse:
                take("weak part", part.name, part.of(known))
    take("other", "", np.ones(len(y), dtype=bool))
    doubts = sum(int(rows.sum()) for pattern, _, rows in groups if pattern == "label in doubt")
    made = []
    for pattern, name, rows in groups:
        first = np.flatnonzero(rows)[np.argsort(-said.certainty[rows], kind="stable")][:EXAMPLES]
        shown = tuple(
            memo_error(int(i), y, said, labels, known.values, places, known.modality) for i in first
        )
        made.append(ErrorGroup(pattern, name, int(rows.sum()), shown))
    return GalleryReport(int(wrong.sum()), len(y), doubts, near is not None, tuple(made))


def _unit(rows: NDArray[np.floating]) -> NDArray[np.float64]:
    wide = rows.astype(np.float64)
    return np.asarray(wide / np.maximum(np.linalg.norm(wide, axis=1, keepdims=True), 1e-12))
