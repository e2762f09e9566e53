"""Several label columns in the ledger: which there are, and each as if it stood alone."""

from __future__ import annotations

from headstart.decide.evidence import branches
from headstart.decide.figures import Reader
from headstart.types.ledger import escape, unescape


def output_columns(read: Reader) -> list[str]:
    """The label columns, the first one first; empty where there is one only."""
    found = branches(read.view, "/decide/outputs")
    return [unescape(pointer.rsplit("/", 1)[1]) for pointer in found]


def output_reader(read: Reader, column: str) -> Reader:
    """Reads what was found about one column; the rows that it uses are counted by `read`."""
    return Reader(read.view.within(f"/outputs/{escape(column)}"), read.used)
