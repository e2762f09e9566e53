"""The brief: read, validate, write."""

from __future__ import annotations

from headstart.brief.answers import check_key, read_answers, with_answer, with_owner
from headstart.brief.page import brief_page
from headstart.brief.reading import infer_brief, read_brief
from headstart.brief.writing import write_toml

__all__ = [
    "brief_page",
    "check_key",
    "infer_brief",
    "read_answers",
    "read_brief",
    "with_answer",
    "with_owner",
    "write_toml",
]
