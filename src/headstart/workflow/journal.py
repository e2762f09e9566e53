"""A stage runs once for the same inputs; its report and its numbers are kept."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, TypeVar, cast

from headstart.ports import RunStore
from headstart.types.codec import decode, encode, encode_once
from headstart.types.ledger import LedgerView, escape, flatten

Report = TypeVar("Report")


@cache
def code_version() -> str:
    """sha256 over the package's own source: another code may give another answer."""
    digest = hashlib.sha256()
    root = Path(__file__).parents[1]
    for path in sorted(root.rglob("*.py")):
        digest.update(path.relative_to(root).as_posix().encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def fingerprint(value: Any) -> str:
    """sha256 of a value that `encode` can store, or of bytes."""
    return hashlib.sha256(value if isinstance(value, bytes) else encode_once(value)).hexdigest()


def _key(name: str, inputs: Mapping[str, str]) -> tuple[dict[str, str], str]:
    """(provenance of the stage's rows, its key in the run table)."""
    provenance = {**inputs, "code": code_version()}
    text = json.dumps([name, provenance], sort_keys=True)
    return provenance, hashlib.sha256(text.encode()).hexdigest()


class Journal:
    """Answers a stage from the run table where it was finished, else runs and records it.

    `visited` holds the (stage, inputs) pairs of this run in order: what the memo is made of.
    """

    def __init__(self, store: RunStore, under: str = "") -> None:
        self.store = store
        self.visited: list[tuple[str, str]] = []
        self._under = under

    def within(self, output: str) -> Journal:
        """The same journal, with stages and ledger rows below `outputs/<label column>`."""
        found = Journal(self.store, f"outputs/{escape(output)}")
        found.visited = self.visited
        return found

    def stage(
        self,
        name: str,
        inputs: Mapping[str, str],
        work: Callable[[], Report],
        *,
        pointer: str | None = None,
        rows: Callable[[Report], Sequence[tuple[str, Any]]] | None = None,
        opens: str | None = None,
        seconds: float | None = None,
    ) -> Report:
        """The report of stage `name`.

        inputs: hashes of everything that the answer depends on; they become the provenance of its
        ledger rows. pointer: where the report's leaves stand in the ledger; None keeps them out.
        opens: the hash of the hold-out that the work opens. seconds: what it took, where it was
        done beforehand and `work` only hands it over.
        """
        root = f"/{self._under}" if self._under else ""
        name = f"{self._under}/{name}" if self._under else name
        provenance, key = _key(name, inputs)
        known = self.store.finished(name, key)
        if known is None:
            start = time.perf_counter()
            report = work()
            seconds = time.perf_counter() - start if seconds is None else seconds
            leaves = list(flatten(report, f"{root}{pointer}")) if pointer else []
            leaves += [(f"{root}{place}", leaf) for place, leaf in rows(report)] if rows else []
            leaves.append((f"/timings/{escape(name)}", round(seconds, 3)))
            known = encode(report)
            self.store.finish(
                name,
                key,
                known,
                rows=leaves,
                provenance=provenance,
                seconds=seconds,
                opened=opens,
            )
        self.visited.append((name, key))
        return cast(Report, decode(known))

    def finished(self, name: str, inputs: Mapping[str, str]) -> bool:
        """Whether `stage` would be answered without any work."""
        return self.store.finished(name, _key(name, inputs)[1]) is not None

    def finish(self) -> None:
        """Mark the stages of this run as those of the newest finished one, once."""
        visited = tuple(self.visited)
        latest = self.store.latest("finished")
        if latest is not None and decode(latest) == visited:
            return
        # An earlier answer that is given again is a new ending: its row must be the newest.
        before = sum(name == "finished" for name, _, _ in self.store.stages())
        inputs = {"stages": fingerprint(visited), "before": str(before)}
        self.stage("finished", inputs, lambda: visited)

    def view(self) -> LedgerView:
        """The ledger rows of this run's stages."""
        return LedgerView(self.store.ledger(self.visited))
