"""The terminal: progress on one line, and a conversation about labels."""

from __future__ import annotations

import threading
import time
from types import TracebackType
from typing import TYPE_CHECKING, TextIO

from headstart.types.errors import InterruptedRunError, did_you_mean

if TYPE_CHECKING:
    from headstart.workflow.relabel import Session

REDRAW_SECONDS = 0.1
PLAIN_SECONDS = 5.0

STOP = threading.Event()
"""Once set, every progress line raises `InterruptedRunError` at its next call."""


class ProgressLine:
    """A `Progress` that writes to `stream` (standard error, so that output stays clean): the time
    since it began, what is done, and how much of that.
    """

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream
        self.rewrites = stream.isatty()
        self._begun = time.monotonic()
        self._last = 0.0
        self._what = ""
        self._known: set[str] = set()
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
        soon = now - self._last < (REDRAW_SECONDS if self.rewrites else PLAIN_SECONDS)
        # On a line of their own, folds that are trained beside each other would take turns.
        new = what != self._what if self.rewrites else what not in self._known
        if soon and not new and (done < total or not self.rewrites):
            return
        self._what, self._last = what, now
        self._known.add(what)
        count = f" {done}/{total}" if total > 1 else ""
        line = f"{clock(now - self._begun):>7}  {what}{count}"
        if self.rewrites:
            self.stream.write("\r" + line.ljust(self._width)[:200])
            self._width = max(self._width, len(line))
        else:
            self.stream.write(line + "\n")
        self.stream.flush()


def clock(seconds: float) -> str:
    """Time that has passed.

    >>> clock(7.9), clock(754), clock(7265)
    ('0:07', '12:34', '2:01:05')
    """
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


HELP = "a accept the suggestion, k keep the label, c change to …, s skip, u undo, q stop"


def converse(session: Session, answers: TextIO, said: TextIO) -> None:
    """Go through the suspicious labels until enough were read, none is left, or the user stops."""

    def say(text: str) -> None:
        said.write(text + "\n")
        said.flush()

    say(HELP)
    while (one := session.current) is not None:
        if session.enough:
            say("Enough: hardly any of the last rows was wrong, so few of the rest will be.")
            break
        say(f"\n{one.text}\n  {one.place}\n  label: {one.label}   suggestion: {one.suggestion}"
            f"   probably wrong: {one.wrong:.0%}")  # fmt: skip
        said.write("> ")
        said.flush()
        line = answers.readline()
        if not line or line.strip() == "q":
            break
        say(_answered(session, line.strip()))
    found = session.precision()
    if session.current is None:
        say("No suspicious label is left.")
    if found is not None:
        labels = "label" if found.n == 1 else "labels"
        say(f"{found.n} {labels} read, {found.value:.0%} of them wrong "
            f"(95% interval {found.low:.0%} to {found.high:.0%}).")  # fmt: skip


def _answered(session: Session, line: str) -> str:
    letter, _, rest = line.partition(" ")
    actions = {"a": "accept", "k": "keep", "c": "change", "s": "skip"}
    try:
        if letter == "u":
            return "taken back" if session.undo() else "there is nothing to take back"
        if letter not in actions:
            return HELP
        session.answer(actions[letter], rest.strip() or None)
    except ValueError as error:
        return f"{error}; {did_you_mean(rest.strip(), session.labels)}"
    found = session.precision()
    return "" if found is None else f"wrong so far: {found.value:.0%} of {found.n}"
