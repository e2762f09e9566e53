"""The end of a process whose work does not listen."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

DEAF = """
import sys, time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory
from headstart.interrupt import interruptible, stopped

def writes(folder):
    for number in range(10**9):
        Path(folder, str(number % 1000)).touch()

def work():
    with TemporaryDirectory(dir=sys.argv[1]) as folder, ThreadPoolExecutor(1) as pool:
        print("began", flush=True)
        pool.submit(writes, folder).result()

try:
    interruptible(work)
except KeyboardInterrupt:
    sys.exit(stopped())
"""


@pytest.mark.parametrize("first", [signal.SIGINT, signal.SIGTERM])
def test_work_that_does_not_listen_is_ended_however_often_it_is_asked(
    first: signal.Signals, tmp_path: Path
) -> None:
    """A thread that still runs is not taken for one that has ended: else the interpreter would wait
    for the pool, or remove the folder under its hands."""
    process = subprocess.Popen(
        [sys.executable, "-c", DEAF, str(tmp_path)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stdout.readline() == "began\n"
    try:
        process.send_signal(first)
        time.sleep(0.3)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=20)
    finally:
        process.kill()
    assert (process.returncode, said) == (3, "")
