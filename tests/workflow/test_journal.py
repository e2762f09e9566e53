"""A stage runs once for the same inputs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from headstart.storage.sqlite import SQLiteStore
from headstart.types.codec import decode
from headstart.types.result import Estimate
from headstart.workflow.journal import Journal, code_version, fingerprint


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SQLiteStore]:
    opened = SQLiteStore(tmp_path / "headstart.db")
    yield opened
    opened.close()


def test_the_second_run_answers_from_the_table(store: SQLiteStore) -> None:
    calls: list[int] = []

    def work() -> Estimate:
        calls.append(1)
        return Estimate(0.5, 0.4, 0.6, 10, "m")

    for _ in range(2):
        report = Journal(store).stage("select", {"data": "d"}, work, pointer="/select")
        assert report == Estimate(0.5, 0.4, 0.6, 10, "m")
    assert len(calls) == 1
    Journal(store).stage("select", {"data": "other"}, work)
    assert len(calls) == 2


def test_the_view_holds_this_runs_stages_only(store: SQLiteStore) -> None:
    Journal(store).stage("old", {}, lambda: {"n": 1}, pointer="/old")
    journal = Journal(store)
    journal.stage("new/part", {"data": "d"}, lambda: {"n": 2}, pointer="/new")
    view = journal.view()
    assert "old" not in view
    assert view["new"]["n"].value == 2
    assert view["timings"]["new/part"].value >= 0
    assert view.rows[0].provenance == {"data": "d", "code": code_version()}


def test_work_that_was_done_beforehand_is_recorded_with_what_it_took(store: SQLiteStore) -> None:
    journal = Journal(store)
    journal.stage("fold", {}, lambda: {"n": 1}, seconds=12.3456)
    assert journal.view()["timings"]["fold"].value == 12.346


def test_an_error_records_nothing(store: SQLiteStore) -> None:
    def fail() -> None:
        raise ValueError("x")

    with pytest.raises(ValueError, match="x"):
        Journal(store).stage("s", {}, fail, opens="h")
    assert store.stages() == []
    assert store.openings("h") == 0


def test_a_resumed_opening_counts_once_and_another_question_again(store: SQLiteStore) -> None:
    """What the work is told is how often the hold-out was opened, its own time included."""

    def look(model: str, *, killed: bool = False) -> int:
        def work() -> int:
            if killed:
                raise KeyboardInterrupt
            return store.openings("h") + 1

        return Journal(store).stage("evaluate", {"model": model}, work, opens="h")

    assert look("a") == 1
    with pytest.raises(KeyboardInterrupt):
        look("b", killed=True)
    assert [look("b"), look("b"), look("a")] == [2, 2, 1]
    assert store.openings("h") == 2


def test_the_newest_ending_is_the_one_that_was_reached_last(store: SQLiteStore) -> None:
    """Also where it was reached before, as after an edit that was taken back."""

    def run(brief: str) -> tuple[tuple[str, str], ...]:
        journal = Journal(store)
        journal.stage("brief", {"brief": brief}, lambda: brief)
        visited = tuple(journal.visited)
        journal.finish()
        return visited

    for brief in ("a", "b", "a", "b", "b"):
        visited = run(brief)
        assert decode(store.latest("finished") or b"") == visited
    assert [name for name, _, _ in store.stages()].count("finished") == 4


def test_fingerprints_differ_with_the_value() -> None:
    assert fingerprint((1, "a")) != fingerprint((1, "b"))
    assert fingerprint(b"a") != fingerprint("a")
