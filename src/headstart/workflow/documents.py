"""The documents of a decision, rendered from the ledger alone."""

from __future__ import annotations

import json

from headstart.decide import audit_html, decision_json, memo_html, memo_markdown
from headstart.types.ledger import LedgerView
from headstart.workflow.pilot import AUDIT_HTML, DECISION, MEMO_HTML, MEMO_MARKDOWN, Pilot


def write_documents(pilot: Pilot, view: LedgerView) -> None:
    """audit.html, memo.html, memo.md and decision.json; the same ledger gives the same bytes."""
    document = json.dumps(decision_json(view), ensure_ascii=False, indent=2)
    pilot.write(AUDIT_HTML, audit_html(view))
    pilot.write(MEMO_HTML, memo_html(view))
    pilot.write(MEMO_MARKDOWN, memo_markdown(view))
    pilot.write(DECISION, document + "\n")
