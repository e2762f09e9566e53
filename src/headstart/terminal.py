"""Progress on a terminal: one line that is rewritten, or plain lines into a file."""

from __future__ import annotations

import threading
import time
from types import TracebackType
from typing import TextIO

from headstart.types.errors import InterruptedRunError

REDRAW_SECONDS = 0.1
PLAIN_SECONDS = 5.0

STOP = threading.Event()
"""Once set, every progress line raises `InterruptedRunError` at its next call."""


class ProgressLine:
    """A `Progress` that writes to `stream` (standard error, so that output stays clean)."""

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream
        self.rewrites = stream.isatty()
        self._last = 0.0
        self._what = ""
        self._width = 0

    def __enter__(self) -> ProgressLine:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self.rewrites and self._width:
            self.stream.write("\r" + " " * self._width + "\r")
            self.stream.flush()

    def __call__(self, what: str, done: int, total: int) -> None:
        """Say that `done` of `total` steps of `what` are done.

        Raises:
            InterruptedRunError: the user asked to stop.
        """
        if STOP.is_set():
            raise InterruptedRunError("stopped by the user")
        now = time.monotonic()
        changed = what != self._what
        wait = REDRAW_SECONDS if self.rewrites else PLAIN_SECONDS
        if not changed and done < total and now - self._last < wait:
            return
        if not changed and not self.rewrites and now - self._last < wait:
            return
        self._what, self._last = what, now
        count = f" {done}/{total}" if total > 1 else ""
        line = f"  {what}{count}"
        if self.rewrites:
            self.stream.write("\r" + line.ljust(self._width)[:200])
            self._width = max(self._width, len(line))
        else:
            self.stream.write(line + "\n")
        self.stream.flush()
