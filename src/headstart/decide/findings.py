"""What the audit found: a chapter of the memo, and a page of its own."""

from __future__ import annotations

import re
from hashlib import sha256
from typing import Any

from headstart.decide.evidence import at, branches, value
from headstart.decide.figures import Quote, Reader, Said
from headstart.types.ledger import Entry, LedgerView

SHOWN = 20
SIDE_BY_SIDE = 4
PICTURE = re.compile(r"data:image/(?:png|jpeg|gif|webp);base64,[A-Za-z0-9+/]+=*")
"""The only pictures that are put into a page."""
WORDS = ((0.5, "serious"), (0.2, "worth a look"), (0.0, "note"))


def picture_name(path: str) -> str:
    """Where the ledger keeps the thumbnail of the picture at a path, below `/pictures`."""
    return sha256(path.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def finding_pointers(view: LedgerView) -> list[str]:
    """Every finding of the audit and of its checks, the most severe first."""
    found = branches(view, "/audit/findings")
    for check in branches(view, "/checks"):
        found += branches(view, f"{check}/findings")
    found.sort(key=lambda pointer: -value(view, f"{pointer}/severity", 0.0))
    return found


def findings(read: Reader, exhibits: int, shown: int = SHOWN) -> dict[str, Any]:
    """The findings with their clearest cases, and how many are left out."""
    pointers = finding_pointers(read.view)
    rows = [_finding(read, pointer, exhibits) for pointer in pointers[:shown]]
    return {"rows": rows, "hidden": max(0, len(pointers) - shown)}


def skipped(read: Reader) -> list[tuple[str, Said]]:
    """(check, why it could not run)."""
    found = []
    for check in branches(read.view, "/checks"):
        entry = at(read.view, f"{check}/skipped")
        if entry is not None and entry.value:
            name = str(value(read.view, f"{check}/check", ""))
            found.append((name, read.prose(str(entry.value["reason"]), entry)))
    return found


def _finding(read: Reader, pointer: str, exhibits: int) -> dict[str, Any]:
    said = dict.fromkeys(("title", "detail", "done", "advice", "method"), Said(()))
    for name in said:
        entry = at(read.view, f"{pointer}/{name}")
        if entry is not None and entry.value and entry.value != "nothing":
            said[name] = read.prose(str(entry.value), entry)
    severity = value(read.view, f"{pointer}/severity", 0.0)
    shown = branches(read.view, f"{pointer}/exhibits")[:exhibits]
    return {
        **said,
        "severity": next(word for least, word in WORDS if severity >= least),
        "number": read.number(f"{pointer}/severity", "{:.2f}".format),
        "exhibits": [_exhibit(read, read.view.entry(one)) for one in shown],
    }


def _exhibit(read: Reader, entry: Entry) -> dict[str, Any]:
    found = entry.value
    image = read.value("/data/modality") == "image"
    rows = []
    for text, label, place in list(
        zip(found["values"], found["labels"], found["places"], strict=True)
    )[:SIDE_BY_SIDE]:
        picture = str(read.value(f"/pictures/{picture_name(text)}", "")) if image else ""
        rows.append(
            {
                "picture": picture if PICTURE.fullmatch(picture) else "",
                "text": None if image else Quote(text, 240),
                "label": Quote(label, 60),
                "place": Quote(_place(place), 90),
            }
        )
    score = found["score"]
    return {
        "rows": rows,
        "note": Quote(found["note"], 120) if found["note"] else None,
        "score": None if score is None else read.figure(f"{score:.2f}", entry),
    }


def _place(found: dict[str, Any]) -> str:
    return f"{found['file']}, row {found['row']}" if found["row"] is not None else found["file"]
