"""Progress where the terminal cannot rewrite a line: a log."""

from __future__ import annotations

import io

import pytest

from headstart import terminal
from headstart.terminal import ProgressLine


def test_folds_that_take_turns_do_not_fill_a_log(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr(terminal.time, "monotonic", lambda: now[0])
    said = io.StringIO()
    with ProgressLine(said) as progress:
        for step in range(100):
            now[0] = 3600.0 + step / 10
            progress("top block", step, 100)
            progress("rows that say when to stop", step, 100)
        progress("packaging", 0, 1)
    lines = [line.strip() for line in said.getvalue().splitlines()]
    # What is new is said at once, the rest every five seconds.
    assert lines == [
        "1:00:00  top block 0/100",
        "1:00:00  rows that say when to stop 0/100",
        "1:00:05  top block 50/100",
        "1:00:09  packaging",
    ]
