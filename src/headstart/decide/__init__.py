"""The decision and the memo."""

from __future__ import annotations

from headstart.decide.document import decision_json
from headstart.decide.rules import decide

__all__ = ["decide", "decision_json"]
