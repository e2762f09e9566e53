"""How long the stages of a run took together."""

from __future__ import annotations

from collections.abc import Callable

from headstart.decide.evidence import leaves
from headstart.decide.figures import Figure, Reader
from headstart.decide.words import duration
from headstart.types.ledger import unescape


def time_spent(
    read: Reader, under: str = "", write: Callable[[float], str] = duration
) -> Figure | None:
    """The time of all stages whose names begin with `under`, cited by the longest one; None where
    there is none."""
    stages = [
        entry for name, entry in leaves(read.view, "/timings") if unescape(name).startswith(under)
    ]
    if not stages:
        return None
    longest = max(stages, key=lambda entry: (entry.value, -entry.id))
    return read.figure(write(sum(entry.value for entry in stages)), longest, derived=True)
