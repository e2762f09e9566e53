"""The run table and the ledger in SQLite."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from headstart.storage.schema import migrate
from headstart.types.errors import PilotError
from headstart.types.ledger import LedgerRow


class SQLiteStore:
    """A RunStore in one file: reports, stage runs, ledger rows and hold-out openings.

    A stage's report, its row in the run table, its ledger rows and the opening it needed are
    written in one transaction, so that a kill at any moment leaves all of it or nothing.

    Raises:
        PilotError: the file cannot be opened or written, or is of a newer schema.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        with self._errors():
            self._connection = sqlite3.connect(
                path, timeout=30, isolation_level=None, check_same_thread=False
            )
            self._connection.execute("PRAGMA journal_mode = WAL")
            self._connection.execute("PRAGMA synchronous = FULL")
            self._connection.execute("PRAGMA foreign_keys = ON")
            migrate(self._connection, str(path))

    def close(self) -> None:
        """Close the file; the store cannot be used afterwards."""
        self._connection.close()

    def finished(self, stage: str, inputs: str) -> bytes | None:
        """The encoded report of `stage` for these inputs (a hash), if it was finished.

        Raises:
            PilotError: the stored report was changed.
        """
        with self._errors():
            row = self._connection.execute(
                "SELECT artifact.sha256, content FROM stage_run "
                "JOIN artifact ON artifact.sha256 = stage_run.artifact "
                "WHERE stage = ? AND inputs = ?",
                (stage, inputs),
            ).fetchone()
        if row is None:
            return None
        sha256, content = row
        if hashlib.sha256(content).hexdigest() != sha256:
            raise PilotError(
                f"the stored report of stage '{stage}' was changed",
                place=str(self.path),
                tip="run again with another --out folder",
            )
        return bytes(content)

    def finish(
        self,
        stage: str,
        inputs: str,
        report: bytes,
        *,
        rows: Sequence[tuple[str, Any]],
        provenance: Mapping[str, str],
        seconds: float,
        opened: str | None = None,
    ) -> None:
        """Record a stage: its report, its ledger rows (pointer, value), the hold-out it opened."""
        sha256 = hashlib.sha256(report).hexdigest()
        with self._errors(), self._transaction() as connection:
            connection.execute("INSERT OR IGNORE INTO artifact VALUES (?, ?)", (sha256, report))
            cursor = connection.execute(
                "INSERT INTO stage_run (stage, inputs, artifact, provenance, seconds, finished_at) "
                "VALUES (?, ?, ?, ?, ?, ?)",
                (stage, inputs, sha256, _json(provenance), seconds, _now()),
            )
            run = cursor.lastrowid
            connection.executemany(
                "INSERT INTO ledger (stage_run, pointer, value) VALUES (?, ?, ?)",
                [(run, pointer, _json(value)) for pointer, value in rows],
            )
            if opened is not None:
                connection.execute(
                    "INSERT INTO opening (holdout, stage_run) VALUES (?, ?)", (opened, run)
                )

    def ledger(self, stages: Sequence[tuple[str, str]]) -> list[LedgerRow]:
        """The rows of the given (stage, inputs) pairs, in that order."""
        found: list[LedgerRow] = []
        with self._errors():
            for stage, inputs in stages:
                found += [
                    LedgerRow(id_, pointer, json.loads(value), json.loads(provenance), at)
                    for id_, pointer, value, provenance, at in self._connection.execute(
                        "SELECT ledger.id, pointer, value, provenance, finished_at FROM ledger "
                        "JOIN stage_run ON stage_run.id = ledger.stage_run "
                        "WHERE stage = ? AND inputs = ? ORDER BY ledger.id",
                        (stage, inputs),
                    )
                ]
        return found

    def openings(self, holdout: str) -> int:
        """How often the hold-out with this hash was opened."""
        with self._errors():
            (count,) = self._connection.execute(
                "SELECT count(*) FROM opening WHERE holdout = ?", (holdout,)
            ).fetchone()
        return int(count)

    def latest(self, stage: str) -> bytes | None:
        """The encoded report of the newest run of `stage`, if there is one."""
        with self._errors():
            row = self._connection.execute(
                "SELECT content FROM stage_run JOIN artifact ON sha256 = artifact "
                "WHERE stage = ? ORDER BY id DESC LIMIT 1",
                (stage,),
            ).fetchone()
        return None if row is None else bytes(row[0])

    def stages(self) -> list[tuple[str, float, str]]:
        """(stage, seconds, finished at) of every stage run, oldest first."""
        with self._errors():
            return list(
                self._connection.execute(
                    "SELECT stage, seconds, finished_at FROM stage_run ORDER BY id"
                )
            )

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield self._connection
        except BaseException:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("COMMIT")

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.DatabaseError as error:
            raise PilotError(
                f"the pilot's database cannot be used: {error}",
                place=str(self.path),
                tip="check that the folder is writable and the disk is not full, then run again",
            ) from error


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=dict)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
