"""The decision and the memo."""

from __future__ import annotations

from headstart.decide.document import SCHEMA_VERSION, decision_json
from headstart.decide.memo import memo_html, memo_markdown
from headstart.decide.rules import RULES_VERSION, decide
from headstart.decide.schema import decision_schema
from headstart.decide.summary import summary_text

__all__ = [
    "RULES_VERSION",
    "SCHEMA_VERSION",
    "decide",
    "decision_json",
    "decision_schema",
    "memo_html",
    "memo_markdown",
    "summary_text",
]
