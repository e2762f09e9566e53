"""Reading a ledger view: leaves with the id of their row, lists in order, holes as holes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from headstart.types.ledger import Entry, LedgerView, escape


def at(view: LedgerView, pointer: str) -> Entry | None:
    """The leaf at `pointer`, or None where nothing was recorded."""
    try:
        return view.entry(pointer)
    except (KeyError, TypeError):
        return None


def value(view: LedgerView, pointer: str, default: Any = None) -> Any:
    """The value at `pointer`, or `default`."""
    found = at(view, pointer)
    return default if found is None else found.value


def branches(view: LedgerView, pointer: str) -> list[str]:
    """Pointers of what stands below `pointer`: list items by index, mappings as recorded."""
    tokens = [token for token, _ in view.children(pointer)]
    if tokens and all(token.isdecimal() for token in tokens):
        tokens.sort(key=int)
    return [f"{pointer}/{escape(token)}" for token in tokens]


def leaves(view: LedgerView, pointer: str) -> Iterator[tuple[str, Entry]]:
    """(token, leaf) of every leaf directly below `pointer`, in order of recording."""
    for token, node in view.children(pointer):
        if isinstance(node, Entry):
            yield token, node


def kind(entry: Entry | None) -> str:
    """Class name of the record in a leaf; empty for anything else."""
    if entry is None or not isinstance(entry.value, dict):
        return ""
    return str(entry.value.get("kind", ""))


def is_estimate(entry: Entry | None) -> bool:
    return kind(entry) == "Estimate"


def estimates(view: LedgerView, pointer: str) -> dict[str, Entry]:
    """Metric name -> leaf (an estimate, or why there is none)."""
    return dict(leaves(view, pointer))
