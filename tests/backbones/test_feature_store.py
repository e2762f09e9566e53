from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from headstart.backbones import load_encoder
from headstart.backbones.store import FeatureStore
from headstart.types.errors import BackboneError

WIDTH = 384

WRITER = """
import sys
from pathlib import Path
import numpy as np
from headstart.backbones.store import FeatureStore
store = FeatureStore(Path(sys.argv[1]), 384)
start, count, step = int(sys.argv[2]), int(sys.argv[3]), 16
for first in range(start, start + count, step):
    store.add([(f"row-{i}", np.full(384, i, dtype=np.float32)) for i in range(first, first + step)])
    print(first, flush=True)
"""


def writer(path: Path, start: int, count: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", WRITER, str(path), str(start), str(count)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def sound(path: Path) -> dict[str, float]:
    """Every row of the file: whole, and its own. Key -> value."""
    with closing(sqlite3.connect(path)) as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        rows = database.execute("SELECT key, row FROM features").fetchall()
    values = {key: np.frombuffer(blob, dtype=np.float32) for key, blob in rows}
    for key, value in values.items():
        assert value.shape == (WIDTH,)
        assert (value == float(key.removeprefix("row-"))).all()
    return {key: float(value[0]) for key, value in values.items()}


def test_rows_come_back_as_they_were(tmp_path: Path) -> None:
    rows = np.random.default_rng(0).normal(size=(1200, 7)).astype(np.float32)
    store = FeatureStore(tmp_path / "a.sqlite", 7)
    store.add([(f"{i}", row) for i, row in enumerate(rows)])
    found = FeatureStore(tmp_path / "a.sqlite", 7).get([f"{i}" for i in range(1300)])
    assert len(found) == len(store) == 1200
    assert all(np.array_equal(found[f"{i}"], row) for i, row in enumerate(rows))


def test_the_first_value_of_a_key_stays(tmp_path: Path) -> None:
    store = FeatureStore(tmp_path / "a.sqlite", 2)
    store.add([("a", np.zeros(2, dtype=np.float32))])
    store.add([("a", np.ones(2, dtype=np.float32)), ("b", np.ones(2, dtype=np.float32))])
    assert store.get(["a"])["a"].tolist() == [0, 0]
    assert len(store) == 2


def test_a_row_of_another_width_is_refused_whole(tmp_path: Path) -> None:
    store = FeatureStore(tmp_path / "a.sqlite", 2)
    good = ("a", np.zeros(2, dtype=np.float32))
    with pytest.raises(BackboneError):
        store.add([good, ("b", np.zeros(3, dtype=np.float32))])
    assert len(store) == 0


@pytest.mark.parametrize("batches", [1, 7, 40])
def test_a_kill_leaves_whole_rows_and_the_work_goes_on(tmp_path: Path, batches: int) -> None:
    path = tmp_path / "a.sqlite"
    process = writer(path, 0, 100_000)
    assert process.stdout is not None
    for _ in range(batches):
        process.stdout.readline()
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    process.communicate()
    kept = sound(path)
    assert len(kept) >= 16 * batches
    assert len(kept) % 16 == 0
    follower = writer(path, 0, 160)
    _, errors = follower.communicate(timeout=60)
    assert follower.returncode == 0, errors
    assert len(sound(path)) == max(len(kept), 160)


def test_two_processes_share_a_store(tmp_path: Path) -> None:
    path = tmp_path / "a.sqlite"
    both = [writer(path, 0, 960), writer(path, 480, 960)]
    for process in both:
        _, errors = process.communicate(timeout=60)
        assert process.returncode == 0, errors
    assert len(sound(path)) == 1440


FULL = """
import resource, signal, sys
from pathlib import Path
import numpy as np
from headstart.backbones.store import FeatureStore
from headstart.types.errors import BackboneError
store = FeatureStore(Path(sys.argv[1]), 384)
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
try:
    for i in range(1000):
        store.add([(f"row-{i}", np.full(384, i, dtype=np.float32))])
except BackboneError as error:
    print(error)
    sys.exit(2)
"""


def test_a_full_disk_is_one_clear_error_and_the_rows_stay(tmp_path: Path) -> None:
    path = tmp_path / "a.sqlite"
    done = subprocess.run(
        [sys.executable, "-c", FULL, str(path)], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 2, done.stderr
    assert "a.sqlite: the feature store cannot be used" in done.stdout
    assert "HEADSTART_CACHE" in done.stdout
    assert len(sound(path)) > 5


def test_a_cache_that_cannot_be_written_is_one_clear_error(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    with pytest.raises(BackboneError) as caught:
        load_encoder("all-MiniLM-L6-v2", cache=blocked).encode(["a"], ["a"])
    assert "cannot be written" in caught.value.message
    assert "HEADSTART_CACHE" in (caught.value.tip or "")


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write all")
def test_a_read_only_cache_is_one_clear_error(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(BackboneError, match="cannot be written"):
        FeatureStore(tmp_path / "features" / "a.sqlite", 2)
    tmp_path.chmod(0o700)


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    path = tmp_path / "a.sqlite"
    path.write_bytes(b"not a database at all" * 100)
    with pytest.raises(BackboneError) as caught:
        FeatureStore(path, 2)
    assert caught.value.tip == "delete the file; the features will be computed again"


def test_a_waiting_writer_waits(tmp_path: Path) -> None:
    path = tmp_path / "a.sqlite"
    FeatureStore(path, WIDTH)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        process = writer(path, 0, 16)
        time.sleep(1.0)
        assert process.poll() is None
        other.execute("COMMIT")
        _, errors = process.communicate(timeout=60)
    assert process.returncode == 0, errors
    assert len(sound(path)) == 16
