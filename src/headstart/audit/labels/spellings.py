"""One class under several names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from headstart.audit.exhibits import count, places_of, severity
from headstart.audit.near_duplicates.align import edit_distance
from headstart.data.label_names import spelling
from headstart.types.data import Dataset, Finding

CHECK = "label-names"
SHOWN = 5
SHORTEST = 6
"""Characters of a name, at least, in which a letter may be a slip."""
RARE, RARE_SHARE = 2, 0.05
"""A misspelt name has at most so many rows, or this share of the right one's."""
FLOOR = 0.5
"""Severity where hardly a row is concerned: it is always among the risks."""


def label_spellings(counts: Mapping[str, int]) -> list[tuple[str, ...]]:
    """Names that are probably one class's, the most frequent of each group first.

    Names belong together that differ only by case, by spaces, '_' or '-', by the '.0' of a number;
    or by one letter (put in, left out, another, or swapped with the next; but not put before the
    others, as in 'atypical'), where one of them is rare beside the other.

    counts: rows of each name.

    >>> label_spellings({"refund": 30, "Refund": 4, "refudn": 1, "card": 20})
    [('refund', 'Refund', 'refudn')]
    """
    groups: dict[str, list[str]] = {}
    for name in sorted(counts, key=lambda name: (-counts[name], name)):
        groups.setdefault(spelling(name), []).append(name)
    rows = {key: sum(counts[name] for name in names) for key, names in groups.items()}
    by_rows = sorted(groups, key=lambda key: (-rows[key], key))
    for key in reversed(by_rows):
        near = [
            other
            for other in by_rows
            if other in groups
            and other != key
            and rows[key] <= max(RARE, RARE_SHARE * rows[other])
            and rows[key] < rows[other]
            and _slip(key, other)
        ]
        if near:
            groups[near[0]] += groups.pop(key)
    return [tuple(names) for names in groups.values() if len(names) > 1]


def _slip(a: str, b: str) -> bool:
    if min(len(a), len(b)) < SHORTEST or abs(len(a) - len(b)) > 1:
        return False
    if a[:2] != b[:2] and a[-2:] != b[-2:]:
        return False
    if a[1:] == b or b[1:] == a or _digits(a) != _digits(b):
        return False
    return edit_distance(a, b, 1) == 1


def _digits(name: str) -> str:
    return "".join(character for character in name if character.isdigit())


def spelling_findings(dataset: Dataset, counts: Mapping[str, int]) -> list[Finding]:
    """The names of each such class, with their rows."""
    found = label_spellings(counts)
    if not found:
        return []
    others = {name for names in found for name in names[1:]}
    rows = [row for row, own in enumerate(dataset.sets) if others.intersection(own)]
    named = [_together(names, counts) for names in found[:SHOWN]]
    more = f"; and {len(found) - SHOWN} more" if len(found) > SHOWN else ""
    return [
        Finding(
            CHECK,
            severity(len(rows) / len(dataset), FLOOR),
            f"{count(len(found), 'class', 'classes')} probably "
            f"{'goes' if len(found) == 1 else 'go'} by several names",
            f"{'; '.join(named)}{more}. They are kept apart: each name is a class of its own, "
            "which is learned from its own rows, and taking one for the other counts as wrong.",
            rows=places_of(dataset, rows),
            advice=f"Give one name to what is one class: {'; '.join(named)}{more}.",
            method="equal but for case, spaces, '_', '-' and the '.0' of numbers, or one letter "
            "apart where one name is rare",
            numbers={"classes": len(found), "rows": len(rows)},
        )
    ]


def _together(names: Sequence[str], counts: Mapping[str, int]) -> str:
    shown = [f"'{name}' ({count(counts[name], 'row')})" for name in names[:SHOWN]]
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(shown) + more
