"""The decision and the memo."""

from __future__ import annotations

from headstart.decide.audit_page import audit_html, audit_json, audit_text
from headstart.decide.compare_page import ComparedRuns, compare_html, compare_json, compare_text
from headstart.decide.document import SCHEMA_VERSION, decision_json
from headstart.decide.findings import picture_name
from headstart.decide.memo import memo_html, memo_markdown
from headstart.decide.readiness import (
    KEYS,
    interview_html,
    interview_markdown,
    readiness_html,
    readiness_markdown,
    readiness_text,
)
from headstart.decide.rules import RULES_VERSION, decide
from headstart.decide.schema import decision_schema
from headstart.decide.scorecard_page import scorecard_html, scorecard_json, scorecard_text
from headstart.decide.summary import summary_text
from headstart.decide.together import decide_together

__all__ = [
    "KEYS",
    "RULES_VERSION",
    "SCHEMA_VERSION",
    "ComparedRuns",
    "audit_html",
    "audit_json",
    "audit_text",
    "compare_html",
    "compare_json",
    "compare_text",
    "decide",
    "decide_together",
    "decision_json",
    "decision_schema",
    "interview_html",
    "interview_markdown",
    "memo_html",
    "memo_markdown",
    "picture_name",
    "readiness_html",
    "readiness_markdown",
    "readiness_text",
    "scorecard_html",
    "scorecard_json",
    "scorecard_text",
    "summary_text",
]
