"""The brief: read, validate, write."""

from __future__ import annotations

from headstart.brief.page import brief_page
from headstart.brief.reading import infer_brief, read_brief
from headstart.brief.writing import write_toml

__all__ = ["brief_page", "infer_brief", "read_brief", "write_toml"]
