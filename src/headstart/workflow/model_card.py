"""What a bundle's model card says of the run that made it, from the ledger."""

from __future__ import annotations

from typing import Any

from headstart.types.ledger import LedgerView, escape, unescape


def model_card(view: LedgerView) -> dict[str, str]:
    """Sections of the card in Markdown: what was measured, decided, and on which data."""
    data, decide = view["data"], view["decide"]
    columns = [unescape(token) for token, _ in view.children("/decide/outputs")]
    lines = [] if columns else _measured(view)
    for column in columns:
        own = view.within(f"/outputs/{escape(column)}")
        lines += [f"### {_plain(column)}: ship {own['decide']['ship'].value}", ""]
        lines += [*_measured(own), ""]
    decision = [
        f"Transfer {decide['transfer'].value}; approach {decide['approach'].value}; "
        f"ship: {decide['ship'].value}.",
        "",
        *(f"- {_plain(reason)}" for reason in decide["reasons"].value),
    ]
    return {
        "metrics": "\n".join(lines),
        "decision": "\n".join(decision),
        "data": f"{data['rows'].value} labelled rows of {len(data['classes'].value)} classes, "
        f"sha256 `{data['sha256'].value}`.",
    }


def _measured(view: LedgerView) -> list[str]:
    evaluate = view["evaluate"]
    return [
        f"On {evaluate['n'].value} rows ({evaluate['basis'].value}):",
        "",
        "| metric | value | interval | method |",
        "| --- | --- | --- | --- |",
        *(_metric(name, entry.value) for name, entry in evaluate["metrics"].items()),
    ]


def _metric(name: str, value: dict[str, Any]) -> str:
    words = name.replace("_", " ")
    if value["kind"] == "NotAvailable":
        return f"| {words} | not available | | {_plain(value['reason'])} |"
    if value["low"] is None or value["high"] is None:
        return f"| {words} | {value['value']:.4f} | | {value['method']} |"
    low, high = value["low"], value["high"]
    return f"| {words} | {value['value']:.4f} | {low:.4f} to {high:.4f} | {value['method']} |"


def _plain(text: str) -> str:
    """User text that neither breaks a table nor becomes markup."""
    return " ".join(text.split()).replace("|", "/").replace("<", "&lt;").replace("`", "'")
