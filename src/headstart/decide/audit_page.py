"""audit.html and its JSON: what is wrong with the data, rendered from a ledger view alone."""

from __future__ import annotations

from typing import Any

from markupsafe import Markup

from headstart.decide import appendix
from headstart.decide.environment import asset, environment
from headstart.decide.evidence import branches, value
from headstart.decide.figures import Quote, Reader
from headstart.decide.findings import finding_pointers, findings, skipped
from headstart.types.ledger import LedgerView

SHOWN, EXHIBITS = 100, 10


def audit_html(view: LedgerView) -> str:
    """The audit as one self-contained page: no network, no script.

    Raises:
        KeyError: the view holds no audit.
    """
    view.entry("/audit/rows")
    read = Reader(view)
    context = {
        "name": Quote(str(read.value("/brief/name", "")), 120),
        "created_at": str(read.value("/run/created_at", ""))[:10],
        "data": appendix.data(read),
        "findings": findings(read, EXHIBITS, SHOWN),
        "skipped": skipped(read),
        "checks": [str(value(view, f"{one}/check", "")) for one in branches(view, "/checks")],
    }
    ledger = appendix.ledger(read)
    page = environment(False).get_template("audit.html.j2")
    return page.render(**context, ledger=ledger, css=Markup(asset("memo.css"))).lstrip()


def audit_text(view: LedgerView) -> str:
    """The findings for the terminal, the most severe first."""
    found = [
        f"{value(view, f'{one}/severity', 0.0):.2f}  {value(view, f'{one}/title')}"
        for one in finding_pointers(view)
    ]
    return "\n".join(found or ["The checks found nothing to report."])


def audit_json(view: LedgerView) -> dict[str, Any]:
    """The findings for machines: those of the page, with every number and place."""
    rows = []
    for pointer in finding_pointers(view):
        names = ("check", "severity", "title", "detail", "done", "advice", "method")
        rows.append(
            {
                **{name: value(view, f"{pointer}/{name}") for name in names},
                "numbers": {
                    token: node.value
                    for token, node in view.children(f"{pointer}/numbers")
                    if hasattr(node, "value")
                },
                "rows": [view.entry(one).value for one in branches(view, f"{pointer}/rows")],
            }
        )
    return {
        "rows": value(view, "/audit/rows"),
        "holdout_kind": value(view, "/audit/holdout_kind"),
        "metric": value(view, "/audit/metric"),
        "findings": rows,
        "skipped": [
            {"check": name, "reason": str(reason)} for name, reason in skipped(Reader(view))
        ],
    }
