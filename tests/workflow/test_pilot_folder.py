"""Writing into a pilot folder: whole or not at all, one run at a time."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from headstart.types.errors import PilotError
from headstart.workflow.pilot import Pilot


def test_files_are_written_whole(tmp_path: Path) -> None:
    pilot = Pilot(tmp_path / "new" / "pilot")
    pilot.create()
    pilot.write("memo.md", "ä")
    pilot.write("memo.md", "new")
    assert (pilot.folder / "memo.md").read_text() == "new"
    assert [p.name for p in pilot.folder.iterdir()] == ["memo.md"]


def test_a_file_in_the_way_is_named(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("x")
    with pytest.raises(PilotError, match="a file, not a folder") as caught:
        Pilot(tmp_path / "out").create()
    assert str(tmp_path / "out") in str(caught.value)


def test_a_read_only_file_system_is_a_clear_error() -> None:
    if not Path("/proc/self").is_dir():
        pytest.skip("no /proc, the read-only place that even root cannot write to")
    with pytest.raises(PilotError, match=r"cannot be written|writing failed") as caught:
        Pilot(Path("/proc/headstart-pilot")).create()
    assert "--out" in str(caught.value)


FULL = """
import resource, signal, sys
from pathlib import Path
from headstart.types.errors import PilotError
from headstart.workflow.pilot import Pilot
pilot = Pilot(Path(sys.argv[1]))
pilot.write("memo.html", "old")
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, 10_000))
try:
    pilot.write("memo.html", "x" * 1_000_000)
except PilotError as error:
    print(error)
"""


def test_a_full_disk_leaves_the_old_file(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", FULL, str(tmp_path)], capture_output=True, text=True, check=True
    )
    assert "writing failed" in done.stdout
    assert "free some space" in done.stdout
    assert (tmp_path / "memo.html").read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["memo.html"]


def test_two_runs_in_one_folder_are_refused(tmp_path: Path) -> None:
    first, second = Pilot(tmp_path), Pilot(tmp_path)
    with first.lock(), pytest.raises(PilotError, match="another headstart"), second.lock():
        pass
    with second.lock():
        pass


def test_leftovers_of_a_kill_are_cleared_and_nothing_else(tmp_path: Path) -> None:
    pilot = Pilot(tmp_path)
    for name in (".memo.html.abc123", "memo.html", ".notes.mine123"):
        (tmp_path / name).write_text("x")
    (tmp_path / ".staging").mkdir()
    pilot.clear_staging()
    assert sorted(os.listdir(tmp_path)) == [".notes.mine123", "memo.html"]
