"""The run table and the ledger: whole or not at all, never changed afterwards."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from headstart.storage.sqlite import SQLiteStore
from headstart.types.errors import PilotError


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SQLiteStore]:
    opened = SQLiteStore(tmp_path / "headstart.db")
    yield opened
    opened.close()


def _finish(store: SQLiteStore, inputs: str = "a", **more: object) -> None:
    store.finish(
        "audit",
        inputs,
        b"report",
        rows=[("/audit/rows", 12), ("/audit/metric", "accuracy")],
        provenance={"data": "d1"},
        seconds=0.5,
        **more,  # type: ignore[arg-type]
    )


def test_a_finished_stage_answers_for_its_inputs_only(store: SQLiteStore) -> None:
    _finish(store)
    assert store.finished("audit", "a") == b"report"
    assert store.finished("audit", "b") is None
    assert store.finished("adapt", "a") is None


def test_ledger_rows_carry_value_and_provenance(store: SQLiteStore) -> None:
    _finish(store)
    rows = store.ledger([("audit", "a")])
    assert [(row.pointer, row.value) for row in rows] == [
        ("/audit/rows", 12),
        ("/audit/metric", "accuracy"),
    ]
    assert rows[0].provenance == {"data": "d1"}
    assert rows[0].id < rows[1].id


def test_openings_are_counted_for_each_holdout(store: SQLiteStore) -> None:
    _finish(store, "a", opened="h1")
    _finish(store, "b", opened="h1")
    assert store.openings("h1") == 2
    assert store.openings("h2") == 0


def test_the_newest_run_of_a_stage_is_the_latest(store: SQLiteStore) -> None:
    assert store.latest("finished") is None
    for inputs, report in (("a", b"first"), ("b", b"second")):
        store.finish("finished", inputs, report, rows=[], provenance={}, seconds=0)
    assert store.latest("finished") == b"second"


@pytest.mark.parametrize("table", ["artifact", "stage_run", "ledger", "opening"])
def test_what_was_written_cannot_be_changed(store: SQLiteStore, table: str) -> None:
    _finish(store, opened="h1")
    raw = sqlite3.connect(store.path)
    column = "sha256" if table == "artifact" else "id"
    for change in (f"DELETE FROM {table}", f"UPDATE {table} SET {column} = {column}"):
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            raw.execute(change)
    raw.close()


def test_a_failing_transaction_leaves_nothing(store: SQLiteStore) -> None:
    with pytest.raises(TypeError):
        store.finish(
            "audit", "a", b"r", rows=[("/x", object())], provenance={}, seconds=0, opened="h"
        )
    assert store.finished("audit", "a") is None
    assert store.openings("h") == 0
    _finish(store)
    assert store.finished("audit", "a") == b"report"


def test_a_newer_schema_is_refused_with_the_next_step(tmp_path: Path) -> None:
    path = tmp_path / "headstart.db"
    raw = sqlite3.connect(path)
    raw.execute("PRAGMA user_version = 99")
    raw.close()
    with pytest.raises(PilotError, match=r"newer Headstart \(schema 99") as caught:
        SQLiteStore(path)
    assert str(path) in str(caught.value)
    assert caught.value.tip is not None
    assert "pip install -U headstart" in caught.value.tip


def test_a_file_that_is_no_database_is_a_clear_error(tmp_path: Path) -> None:
    path = tmp_path / "headstart.db"
    path.write_bytes(b"this is not a database, it is a text file" * 100)
    with pytest.raises(PilotError, match="cannot be used"):
        SQLiteStore(path)


def test_a_changed_report_is_noticed(store: SQLiteStore) -> None:
    _finish(store)
    raw = sqlite3.connect(store.path)
    raw.execute("DROP TRIGGER artifact_no_update")
    raw.execute("UPDATE artifact SET content = x'00'")
    raw.commit()
    raw.close()
    with pytest.raises(PilotError, match="was changed"):
        store.finished("audit", "a")


WRITER = """
import sys
from pathlib import Path
from headstart.storage.sqlite import SQLiteStore
store = SQLiteStore(Path(sys.argv[1]))
for number in range(100_000):
    rows = [(f"/x/{i}", number) for i in range(50)]
    store.finish("s", str(number), b"%d" % number, rows=rows, provenance={}, seconds=0, opened="h")
    print(number, flush=True)
"""


def test_a_killed_writer_leaves_whole_stages(tmp_path: Path) -> None:
    path = tmp_path / "headstart.db"
    writer = subprocess.Popen([sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE)
    assert writer.stdout is not None
    for _ in range(20):
        writer.stdout.readline()
    os.kill(writer.pid, signal.SIGKILL)
    written = 20 + len(writer.stdout.read().split())
    writer.wait()
    writer.stdout.close()
    store = SQLiteStore(path)
    stages = store.stages()
    assert len(stages) in {written, written + 1}
    assert store.openings("h") == len(stages)
    for number in range(len(stages)):
        assert len(store.ledger([("s", str(number))])) == 50
    store.close()
