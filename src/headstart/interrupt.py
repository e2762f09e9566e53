"""Ctrl-C: heard while native code runs, and the end of the process soon after."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable
from typing import TypeVar

from headstart.terminal import STOP

Result = TypeVar("Result")
GRACE_SECONDS = 0.8
"""How long work may take to stop by itself after Ctrl-C; then the process ends. What was finished
is on disk already, and nothing half-written can be left, so ending it is safe."""

_ENDED = threading.Event()
"""Whether the work has ended. A thread cannot be asked: where a signal interrupts `Thread.join`,
CPython up to 3.12 takes a thread that still runs for one that has ended."""


def interruptible(work: Callable[[], Result]) -> Result:
    """Run `work` on a second thread, so that SIGINT and SIGTERM are heard while native code runs.

    Raises:
        KeyboardInterrupt: one of the two came; the work goes on until `stopped` is called.
    """
    outcome: list[Result] = []
    failure: list[BaseException] = []

    def target() -> None:
        try:
            outcome.append(work())
        except BaseException as error:
            failure.append(error)
        finally:
            _ENDED.set()

    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, _interrupt)
    _ENDED.clear()
    threading.Thread(target=target, name="headstart", daemon=True).start()
    while not _ENDED.wait(0.2):
        pass
    if failure:
        raise failure[0]
    return outcome[0]


def _interrupt(signum: int, frame: object) -> None:
    raise KeyboardInterrupt


def stopped() -> int:
    """Ask the work to stop, give it a moment, and end; the exit status 3.

    Where the work does not stop in time, the process ends here. A second signal changes nothing.
    """
    if threading.current_thread() is threading.main_thread():
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)
    STOP.set()
    if not _ENDED.wait(GRACE_SECONDS):
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(3)
    return 3
