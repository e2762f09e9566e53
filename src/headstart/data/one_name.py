"""One class that is written in several ways gets one name."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace

from headstart.data.examples import with_examples
from headstart.data.label_names import label_name, spelling
from headstart.types.data import Dataset, Example

SHORTEST = 2
"""Characters of a name, at least, whose case says nothing: 'a' and 'A' may be two classes."""
SHOWN = 5


def one_name(counts: Mapping[str, int], named: Collection[str] = ()) -> dict[str, str]:
    """Names that only write another one in another way, and that one.

    Names are one class's that differ only by case, by spaces, '_' or '-' between words, or by the
    '.0' that a spreadsheet adds to a number. The most frequent one stays.

    Args:
        counts: rows of each name.
        named: names that the brief uses: the one that it uses stays, and of those of which it uses
            several nothing is changed.

    >>> one_name({"refund": 30, "Refund": 4, "a": 9, "A": 9, "1": 2, "1.0": 5})
    {'1': '1.0', 'Refund': 'refund'}
    >>> one_name({"refund": 30, "Refund": 4}, named={"refund", "Refund"})
    {}
    """
    found = {}
    for names in _alike(counts).values():
        said = [name for name in names if name in named]
        if len(names) > 1 and len(said) < 2:
            stays = said[0] if said else min(names, key=lambda name: (-counts[name], name))
            found.update({name: stays for name in names if name != stays})
    return found


def known_name(labels: Iterable[str], known: Collection[str]) -> dict[str, str]:
    """Labels that are not known, but only write a single known one in another way, and that one.

    >>> known_name(["Refund", "card", "other"], ["refund", "Card", "CARD"])
    {'Refund': 'refund'}
    """
    alike = _alike(known)
    others = {label: alike.get(_class_of(label), []) for label in set(labels) - {*known, ""}}
    return {label: names[0] for label, names in sorted(others.items()) if len(names) == 1}


def _alike(names: Iterable[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name in sorted(names):
        found.setdefault(_class_of(name), []).append(name)
    return found


def _class_of(name: str) -> str:
    """Equal for names that are one class's without any doubt."""
    found = spelling(name)
    return found if len(found) >= SHORTEST or found.lstrip("-").isdigit() else name


def read_as(dataset: Dataset, names: Mapping[str, str]) -> Dataset:
    """The same rows, each of these names read as the other one; a remark says so."""
    if not names:
        return dataset
    mark = dataset.separator
    examples = []
    for example, own in zip(dataset.examples, dataset.sets, strict=True):
        meant = sorted({names.get(label, label) for label in own})
        label = meant[0] if mark is None else mark.join(meant) or mark
        examples.append(replace(example, label=label))
    counts = Counter(label for own in dataset.sets for label in own)
    said = f"Labels {_remark(names, counts)} To keep two apart, define both in [labels]."
    return with_examples(dataset, examples, remarks=(*dataset.remarks, said))


def column_read_as(dataset: Dataset, column: str, names: Mapping[str, str]) -> Dataset:
    """The same for the values of another column."""
    if not names:
        return dataset

    def meant(example: Example) -> Example:
        fields = (
            (key, names.get(label_name(value), value) if key == column else value)
            for key, value in example.metadata
        )
        return replace(example, metadata=tuple(fields))

    counts = Counter(column_values(dataset, column))
    said = f"In column '{column}' labels {_remark(names, counts)}"
    return replace(
        dataset,
        examples=tuple(meant(example) for example in dataset.examples),
        remarks=(*dataset.remarks, said),
    )


def column_values(dataset: Dataset, column: str) -> list[str]:
    """What another column says of each row, as a label; empty where it says nothing."""
    return [label_name(dict(example.metadata).get(column, "")) for example in dataset.examples]


def _remark(names: Mapping[str, str], counts: Mapping[str, int]) -> str:
    shown = [
        f"'{name}' ({counts[name]:,} {'row' if counts[name] == 1 else 'rows'}) as '{names[name]}'"
        for name in sorted(names, key=lambda name: (-counts[name], name))[:SHOWN]
    ]
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return f"that only write another one in another way were read as it: {', '.join(shown)}{more}."
