"""A run that reached a decision, read from its store."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from headstart.ports import RunStore
from headstart.types.codec import decode
from headstart.types.errors import PilotError
from headstart.types.ledger import unescape


@dataclass(frozen=True, slots=True)
class Finished:
    """The stored reports of a run that reached a decision."""

    store: RunStore
    visited: Sequence[tuple[str, str]]
    place: str

    def report(self, stage: str) -> Any:
        """The report of a stage.

        Raises:
            PilotError: it is of a version whose reports this one cannot read.
        """
        try:
            return decode(self.store.finished(stage, dict(self.visited)[stage]) or b"null")
        except (KeyError, TypeError) as error:
            raise PilotError(
                f"the report of stage '{stage}' was written by another version of Headstart",
                place=self.place,
                tip=f"measure again: headstart run {self.place}",
            ) from error

    @property
    def columns(self) -> tuple[str, ...]:
        """The label columns, the first one first; none where there is only one."""
        roots = [stage.split("/") for stage, _ in self.visited]
        return tuple(
            unescape(one[1]) for one in roots if one[0] == "outputs" and one[2] == "decide"
        )
