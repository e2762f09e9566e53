"""The readiness page and the interview's scorecard: the ledger and people's answers together."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from headstart.brief import check_key, read_answers, with_answer, with_owner
from headstart.decide import (
    KEYS,
    interview_html,
    interview_markdown,
    readiness_html,
    readiness_markdown,
    readiness_text,
)
from headstart.types.ledger import LedgerView
from headstart.workflow.pilot import READINESS, Pilot


def keep(pilot: Pilot, answers: Sequence[tuple[str, str]], owner: str | None) -> None:
    """Put answers into readiness.toml, all or none; its other lines and comments stay.

    The file is not part of the brief: nothing that was measured depends on it, so a finished run
    stays finished.

    Raises:
        PilotError: no such line, an empty answer, or a file that cannot be read or changed.
    """
    for key, _ in answers:
        check_key(key, KEYS)
    path = pilot.folder / READINESS
    with pilot.lock():
        read_answers(path, KEYS)
        content = path.read_text(encoding="utf-8") if path.is_file() else ""
        for key, text in answers:
            content = with_answer(content, key, text, owner)
        if not answers and owner is not None:
            content = with_owner(content, owner)
        pilot.write(READINESS, content)


def write_readiness(pilot: Pilot, view: LedgerView, page: Path) -> tuple[str, tuple[Path, Path]]:
    """(what is open, for the terminal; the page and its Markdown)."""
    answers = read_answers(pilot.folder / READINESS, KEYS)
    html, markdown = readiness_html(view, answers), readiness_markdown(view, answers)
    return readiness_text(view, answers), _both(page, html, markdown)


def write_interview(view: LedgerView, page: Path) -> tuple[Path, Path]:
    """The page and its Markdown."""
    return _both(page, interview_html(view), interview_markdown(view))


def _both(page: Path, html: str, markdown: str) -> tuple[Path, Path]:
    beside = page.with_suffix(".md")
    folder = Pilot(page.parent)
    return folder.write(page.name, html), folder.write(beside.name, markdown)
