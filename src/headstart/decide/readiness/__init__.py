"""The readiness page: four areas, filled from the ledger and from what people have answered."""

from __future__ import annotations

from headstart.decide.readiness.interview import interview_html, interview_markdown
from headstart.decide.readiness.page import KEYS, readiness_html, readiness_markdown, readiness_text

__all__ = [
    "KEYS",
    "interview_html",
    "interview_markdown",
    "readiness_html",
    "readiness_markdown",
    "readiness_text",
]
