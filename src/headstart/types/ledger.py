"""Ledger rows: every number that reaches a person, and where it came from.

A report is flattened to rows: nested reports and mappings become a JSON pointer
(`/evaluate/metrics/accuracy`), and each leaf (an `Estimate`, a `Comparison`, a number, a sentence,
a list of plain values) becomes one row. A `LedgerView` is the way back: it is built from rows alone
and gives every leaf with the id of its row, so that what is rendered from it can be traced.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any

import numpy as np

from headstart.types.artifact import Parity
from headstart.types.data import Exhibit, Place, SetAside
from headstart.types.result import (
    AutomationPoint,
    Comparison,
    Estimate,
    MemoError,
    NotAvailable,
    OutsidePoint,
    ReliabilityRow,
    SelectiveCertificate,
    SetSizeRow,
    StressRow,
)

LEAVES: tuple[type, ...] = (
    Estimate,
    Comparison,
    NotAvailable,
    SetAside,
    Place,
    Exhibit,
    MemoError,
    Parity,
    ReliabilityRow,
    SelectiveCertificate,
    AutomationPoint,
    OutsidePoint,
    SetSizeRow,
    StressRow,
)
"""Records that stand in one row."""


@dataclass(frozen=True, slots=True)
class LedgerRow:
    """One row of the append-only ledger."""

    id: int
    pointer: str
    value: Any
    """Plain JSON; a leaf record is an object with its class name under `kind`."""
    provenance: Mapping[str, str]
    """Hashes of the data, split, backbone, plan and code that gave the value."""
    written_at: str


def escape(token: str) -> str:
    """One reference token of a JSON pointer (RFC 6901).

    >>> escape("a/b~c")
    'a~1b~0c'
    """
    return token.replace("~", "~0").replace("/", "~1")


def unescape(token: str) -> str:
    """The inverse of `escape`."""
    return token.replace("~1", "/").replace("~0", "~")


def plain(value: Any) -> Any:
    """`value` as plain JSON: records become objects with their class name under `kind`.

    >>> plain(NotAvailable("no rows"))
    {'kind': 'NotAvailable', 'reason': 'no rows'}
    """
    if is_dataclass(value) and not isinstance(value, type):
        body = {f.name: plain(getattr(value, f.name)) for f in fields(value)}
        return {"kind": type(value).__name__, **body}
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, np.generic):
        return value.item()
    return value


def flatten(report: Any, pointer: str) -> Iterator[tuple[str, Any]]:
    """(pointer, plain value) for each leaf of a report, in field order. Arrays are left out."""
    if isinstance(report, np.ndarray):
        return
    if isinstance(report, LEAVES):
        yield pointer, plain(report)
    elif is_dataclass(report) and not isinstance(report, type):
        for f in fields(report):
            yield from flatten(getattr(report, f.name), f"{pointer}/{escape(f.name)}")
    elif isinstance(report, Mapping):
        if not report:
            yield pointer, {}
        for key, item in report.items():
            yield from flatten(item, f"{pointer}/{escape(str(key))}")
    elif isinstance(report, (list, tuple)) and any(is_dataclass(item) for item in report):
        for index, item in enumerate(report):
            yield from flatten(item, f"{pointer}/{index}")
    else:
        yield pointer, plain(report)


@dataclass(frozen=True, slots=True)
class Entry:
    """A leaf and the id of its row."""

    id: int
    value: Any


class LedgerView:
    """A tree over ledger rows; the newest row of a pointer wins.

    >>> view = LedgerView([LedgerRow(7, "/evaluate/n", 300, {}, "")])
    >>> view["evaluate"]["n"].value, view.entry("/evaluate/n").id
    (300, 7)
    >>> "adapt" in view
    False
    """

    def __init__(self, rows: Iterable[LedgerRow]) -> None:
        self.rows = tuple(rows)
        self._tree: dict[str, Any] = {}
        for row in self.rows:
            node = self._tree
            *parents, last = [unescape(token) for token in row.pointer.split("/")[1:]]
            for token in parents:
                node = node.setdefault(token, {})
            node[last] = Entry(row.id, row.value)

    def within(self, pointer: str) -> LedgerView:
        """The rows below `pointer` as if they stood at the top, and of all others those whose first
        token is none of theirs. Rows keep their ids.

        >>> rows = [("/evaluate/n", 300), ("/run/seed", 0), ("/outputs/area/evaluate/n", 200)]
        >>> view = LedgerView(LedgerRow(i, p, v, {}, "") for i, (p, v) in enumerate(rows))
        >>> part = view.within("/outputs/area")
        >>> part.entry("/evaluate/n"), part.entry("/run/seed")
        (Entry(id=2, value=200), Entry(id=1, value=0))
        """
        root = f"{pointer}/"
        own = [
            replace(row, pointer=row.pointer.removeprefix(pointer))
            for row in self.rows
            if row.pointer.startswith(root)
        ]
        taken = {row.pointer.split("/")[1] for row in own} | {pointer.split("/")[1]}
        shared = [row for row in self.rows if row.pointer.split("/")[1] not in taken]
        return LedgerView([*shared, *own])

    def __contains__(self, key: str) -> bool:
        return key in self._tree

    def __getitem__(self, key: str) -> Any:
        return self._tree[key]

    def entry(self, pointer: str) -> Entry:
        """The leaf at `pointer`.

        Raises:
            KeyError: nothing was recorded there.
        """
        node: Any = self._tree
        for token in pointer.split("/")[1:]:
            node = node[unescape(token)]
        if not isinstance(node, Entry):
            raise KeyError(pointer)
        return node

    def children(self, pointer: str) -> list[tuple[str, Any]]:
        """(token, node) below `pointer`, in order of recording; list items in index order."""
        node: Any = self._tree
        for token in pointer.split("/")[1:]:
            node = node.get(unescape(token), {}) if isinstance(node, dict) else {}
        return list(node.items()) if isinstance(node, dict) else []
