"""A document whose every number knows its ledger row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from headstart.types.ledger import Entry, escape


@dataclass(frozen=True, slots=True)
class Cited:
    """A value of a document with the ledger rows that it was read from.

    `ids` has one row for numbers; a sentence names its own row first, then the rows it cites.
    """

    value: Any
    ids: tuple[int, ...]
    sentence: bool = False


def cite(entry: Entry, value: Any = None) -> Cited:
    """The leaf's value, or something read from it."""
    return Cited(entry.value if value is None else value, (entry.id,))


def split(document: Any) -> tuple[Any, dict[str, int | list[int]]]:
    """The plain document, and JSON pointer -> ledger id for each number (and sentence) in it.

    >>> split({"n": Cited(3, (7,)), "name": "x"})
    ({'n': 3, 'name': 'x'}, {'/n': 7})
    """
    ledger: dict[str, int | list[int]] = {}
    return _walk(document, "", None, ledger), ledger


def _walk(node: Any, pointer: str, id_: int | None, ledger: dict[str, int | list[int]]) -> Any:
    if isinstance(node, Cited):
        if node.sentence:
            ledger[pointer] = list(node.ids)
            return node.value
        return _walk(node.value, pointer, node.ids[0], ledger)
    if isinstance(node, dict):
        return {k: _walk(v, f"{pointer}/{escape(k)}", id_, ledger) for k, v in node.items()}
    if isinstance(node, list):
        return [_walk(v, f"{pointer}/{i}", id_, ledger) for i, v in enumerate(node)]
    if isinstance(node, (int, float)) and not isinstance(node, bool) and id_ is not None:
        ledger[pointer] = id_
    return node
