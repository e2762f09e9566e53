"""The feature store: computed features by content, in one SQLite file for each encoder."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from headstart.backbones.cache import VARIABLE, writable
from headstart.types.errors import BackboneError

BUSY_SECONDS = 60.0
LOOKUP = 500
"""Keys asked for at once; SQLite's oldest limit on parameters is 999."""


class FeatureStore:
    """Rows of float32 by content key, for one encoder.

    Features are added in batches as they are computed, each batch in one transaction of a
    write-ahead log: two processes may share the file, and one killed at any moment leaves whole
    rows only. The file belongs to one encoder: weights, layer, preprocessing and dtype name it.
    """

    def __init__(self, path: Path, width: int) -> None:
        self.path = path
        self.width = width
        with writable(path.parent), self._connect() as database:
            database.execute("PRAGMA journal_mode=WAL")
            database.execute(
                "CREATE TABLE IF NOT EXISTS features (key TEXT PRIMARY KEY, row BLOB NOT NULL "
                f"CHECK (typeof(row) = 'blob' AND length(row) = {4 * int(width)}))"
            )

    def get(self, keys: Sequence[str]) -> dict[str, NDArray[np.float32]]:
        """The features that are there, by key."""
        found: dict[str, NDArray[np.float32]] = {}
        with self._connect() as database:
            for start in range(0, len(keys), LOOKUP):
                part = list(keys[start : start + LOOKUP])
                marks = ",".join("?" * len(part))
                query = f"SELECT key, row FROM features WHERE key IN ({marks})"
                for key, blob in database.execute(query, part):
                    found[key] = np.frombuffer(blob, dtype="<f4")
        return found

    def add(self, rows: Sequence[tuple[str, NDArray[np.float32]]]) -> None:
        """Keep features; a key that is there already stays as it is."""
        blobs = [(key, np.ascontiguousarray(row, dtype="<f4").tobytes()) for key, row in rows]
        with self._connect() as database, database:
            database.execute("BEGIN IMMEDIATE")
            # Not INSERT OR IGNORE: that would pass over a row of the wrong width, too.
            database.executemany(
                "INSERT INTO features VALUES (?, ?) ON CONFLICT (key) DO NOTHING", blobs
            )

    def __len__(self) -> int:
        with self._connect() as database:
            return int(database.execute("SELECT COUNT(*) FROM features").fetchone()[0])

    @contextmanager
    def _connect(self) -> Iterator[sqlite3.Connection]:
        try:
            with closing(sqlite3.connect(self.path, timeout=BUSY_SECONDS)) as database:
                # The log alone makes a killed process harmless; syncing it at every commit would
                # only guard against power loss, which costs features that can be computed again.
                database.execute("PRAGMA synchronous=NORMAL")
                yield database
        except sqlite3.OperationalError as error:
            raise BackboneError(
                f"the feature store cannot be used: {error}",
                place=str(self.path),
                tip=f"make room or permit writing there, or set {VARIABLE} to another folder",
            ) from error
        except sqlite3.IntegrityError as error:
            raise BackboneError(
                f"features that are not {self.width} wide were given: {error}",
                place=str(self.path),
            ) from error
        except sqlite3.DatabaseError as error:
            raise BackboneError(
                f"the feature store is damaged: {error}",
                place=str(self.path),
                tip="delete the file; the features will be computed again",
            ) from error
