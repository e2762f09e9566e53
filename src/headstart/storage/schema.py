"""The tables of headstart.db, as ordered migrations."""

from __future__ import annotations

import sqlite3

from headstart.types.errors import PilotError

MIGRATIONS: tuple[str, ...] = (
    """
    CREATE TABLE artifact (
        sha256 TEXT PRIMARY KEY,
        content BLOB NOT NULL
    ) STRICT;
    CREATE TABLE stage_run (
        id INTEGER PRIMARY KEY,
        stage TEXT NOT NULL,
        inputs TEXT NOT NULL,
        artifact TEXT NOT NULL REFERENCES artifact (sha256),
        provenance TEXT NOT NULL,
        seconds REAL NOT NULL,
        finished_at TEXT NOT NULL,
        UNIQUE (stage, inputs)
    ) STRICT;
    CREATE TABLE ledger (
        id INTEGER PRIMARY KEY,
        stage_run INTEGER NOT NULL REFERENCES stage_run (id),
        pointer TEXT NOT NULL,
        value TEXT NOT NULL
    ) STRICT;
    CREATE INDEX ledger_stage_run ON ledger (stage_run);
    CREATE TABLE opening (
        id INTEGER PRIMARY KEY,
        holdout TEXT NOT NULL,
        stage_run INTEGER NOT NULL REFERENCES stage_run (id)
    ) STRICT;
    """,
)
"""Applied in order, each in one transaction; `PRAGMA user_version` counts them."""

APPEND_ONLY = ("artifact", "stage_run", "ledger", "opening")


def _guards() -> str:
    """Triggers that refuse to change or remove what was written."""
    return "".join(
        f"CREATE TRIGGER IF NOT EXISTS {table}_no_{verb} BEFORE {verb.upper()} ON {table} "
        f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END;"
        for table in APPEND_ONLY
        for verb in ("update", "delete")
    )


def migrate(connection: sqlite3.Connection, place: str) -> None:
    """Bring the database to this version's schema.

    Raises:
        PilotError: the database was written by a newer Headstart.
    """
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version > len(MIGRATIONS):
        raise PilotError(
            f"the pilot was written by a newer Headstart (schema {version}; "
            f"this one knows {len(MIGRATIONS)})",
            place=place,
            tip="upgrade: pip install -U headstart",
        )
    for number, script in enumerate(MIGRATIONS[version:], start=version + 1):
        connection.executescript(
            f"BEGIN IMMEDIATE; {script} {_guards()} PRAGMA user_version = {number}; COMMIT;"
        )
