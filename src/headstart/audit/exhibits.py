"""Rows of a data set as a person is shown them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from headstart.audit.personal import mask_personal
from headstart.types.data import Dataset, Example, Exhibit, Place

SHOWN = 10
LISTED = 200
"""Rows that a finding names; its numbers count all of them."""


def exhibit(
    examples: Sequence[Example],
    modality: str,
    *,
    note: str = "",
    score: float | None = None,
) -> Exhibit:
    """The rows side by side; texts are cut and personal data in them masked."""
    text = modality == "text"
    return Exhibit(
        places=tuple(example.place for example in examples),
        values=tuple(mask_personal(e.value) if text else e.value for e in examples),
        labels=tuple(example.label for example in examples),
        note=note,
        score=score,
    )


def exhibits_of(
    dataset: Dataset, rows: Iterable[int], notes: Sequence[str] = ()
) -> tuple[Exhibit, ...]:
    """One exhibit a row, at most ten."""
    shown = list(rows)[:SHOWN]
    return tuple(
        exhibit([dataset.examples[row]], dataset.modality, note=notes[i] if i < len(notes) else "")
        for i, row in enumerate(shown)
    )


def places_of(dataset: Dataset, rows: Iterable[int]) -> tuple[Place, ...]:
    return tuple(dataset.examples[int(row)].place for row in list(rows)[:LISTED])


def severity(part: float, floor: float) -> float:
    """From `floor`, up to 0.9 where a fifth of the rows or more is concerned.

    >>> severity(0.0, 0.5), severity(0.1, 0.5), severity(0.4, 0.5)
    (0.5, 0.7, 0.9)
    """
    return round(min(0.9, floor + (0.9 - floor) * part / 0.2), 3)


def count(n: int, one: str, many: str | None = None) -> str:
    """A number and its noun.

    >>> count(1, "row"), count(12000, "class", "classes")
    ('1 row', '12,000 classes')
    """
    return f"{n:,} {one if n == 1 else many or one + 's'}"


def share(part: float, whole: float) -> str:
    """A share in percent, small ones not rounded to nothing.

    >>> share(1, 3), share(1, 3000), share(0, 5)
    ('33%', '0.033%', '0%')
    """
    percent = 100 * part / whole if whole else 0.0
    if percent == 0 or percent >= 10:
        return f"{percent:.0f}%"
    return f"{percent:.1f}%" if percent >= 0.1 else f"{percent:.2g}%"
