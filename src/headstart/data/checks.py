"""Whether what was read is enough, and what a user should know of its labels."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Sequence
from typing import Literal

from headstart.data.encoding import wrong_byte
from headstart.data.label_names import spelling
from headstart.types.data import Dataset
from headstart.types.errors import DataError

Purpose = Literal["training", "hold-out"]
FEWEST_ROWS = 10
FEWEST_CLASSES = 2
LONGEST_LABEL = 200
SHOWN = 10
HIDDEN = frozenset({"Cc", "Cf", "Zl", "Zp"})
"""Unicode's controls, invisible marks and line separators."""
JOINERS = "\u200c\u200d"
"""Marks that belong into words, as in Persian and Hindi, and into emoji."""


def label_problem(label: str | None) -> str | None:
    """Why a label cannot be used; None where it can.

    >>> label_problem(" "), label_problem("card arrival")
    ('the label is missing', None)
    """
    if label is None or not label.strip():
        return "the label is missing"
    if len(label) > LONGEST_LABEL:
        return f"the label has {len(label):,} characters; at most {LONGEST_LABEL} are read"
    shown = label.strip()
    if not shown.isprintable() and any(map(_is_hidden, shown)):
        return "the label holds characters that cannot be printed"
    return wrong_byte(label)


def _is_hidden(character: str) -> bool:
    return unicodedata.category(character) in HIDDEN and character not in JOINERS


def label_remarks(labels: Sequence[str]) -> list[str]:
    """Sentences on classes with a single row."""
    counts = Counter(labels)
    classes = sorted(counts)
    single = [label for label in classes if counts[label] == 1]
    if not single:
        return []
    shown = ", ".join(f"'{label}'" for label in single[:SHOWN])
    more = f" and {len(single) - SHOWN} more" if len(single) > SHOWN else ""
    have = "has" if len(single) == 1 else "have"
    return [
        f"{len(single)} of {len(classes)} classes {have} a single row ({shown}{more}): "
        "it can be trained on or tested on, not both. Label more rows of it."
    ]


def _rows(count: int) -> str:
    return "1 row" if count == 1 else f"{count} rows"


def check_spellings(labels: Sequence[str], known: Sequence[str], place: str) -> None:
    """Refuse labels of a hold-out that only write a training label in another way: all their rows
    would count as wrong, and the hold-out is opened once.

    Raises:
        DataError: there are such labels.
    """
    meant = {spelling(label): label for label in known}
    other = [
        f"'{label}' is '{meant[spelling(label)]}' there"
        for label in sorted(set(labels) - set(known))
        if spelling(label) in meant
    ]
    if other:
        more = f" and {len(other) - SHOWN} more" if len(other) > SHOWN else ""
        raise DataError(
            "labels are written in another way than in the training rows: "
            f"{', '.join(other[:SHOWN])}{more}",
            place=place,
            tip="write them as in the training rows",
        )


def check_dataset(dataset: Dataset, purpose: Purpose) -> None:
    """Refuse a dataset from which nothing can be concluded.

    Raises:
        DataError: too few rows, one class, or hardly two rows a class; a hold-out without a row.
    """
    n, aside = len(dataset), dataset.set_aside
    fewest = FEWEST_ROWS if purpose == "training" else 1
    if n < fewest:
        first = f" (the first: {aside[0].place}: {aside[0].reason})" if aside else ""
        raise DataError(
            f"{_rows(n)} can be used and {len(aside)} were set aside{first}; "
            f"at least {fewest} are needed",
            place=dataset.source,
            tip="label more rows, or repair those that were set aside",
        )
    if purpose == "hold-out":
        return
    column = f", column '{dataset.label_column}'" if dataset.label_column else ""
    place = f"{dataset.source}{column}"
    labels = sorted({label for labels in dataset.sets for label in labels})
    if len(labels) < FEWEST_CLASSES:
        raise DataError(
            f"there is one class, '{labels[0]}', in all {n} rows; "
            f"at least {FEWEST_CLASSES} are needed",
            place=place,
            tip="add rows of another class"
            + (", or name another column with --label" if column else ""),
        )
    if len(labels) > n // 2:
        raise DataError(
            f"the {n} rows have {len(labels)} different labels; "
            "with fewer than 2 rows a class nothing can be learned",
            place=place,
            tip="merge classes or label more rows"
            + (", or name the column that holds the class with --label" if column else ""),
        )
