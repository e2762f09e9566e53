"""Labels with an order: the memo's numbers of how far off the answers are."""

from __future__ import annotations

from typing import Any

from headstart.decide.evidence import at, branches, kind, value
from headstart.decide.figures import Quote, Reader, Said
from headstart.decide.words import BASIS_WORDS, count

ROOT = "/evaluate/ordinal"
ORDER = "/brief/data/order"


def ordinal(read: Reader) -> dict[str, Any] | None:
    """The chapter; None where the brief names no order of the labels."""
    labels = read.value(ORDER, [])
    if not labels:
        return None
    order = Quote(" < ".join(str(label) for label in labels), 200)
    why = read.at(ROOT)
    if why is not None and kind(why) == "NotAvailable":
        return {"order": order, "why": read.prose(str(why.value["reason"]), why), "rows": []}
    rows = branches(read.view, f"{ROOT}/steps")
    if not rows:
        return None
    return {
        "order": order,
        "where": BASIS_WORDS[str(read.value("/evaluate/basis", "hold-out"))],
        "why": Said(()),
        "error": read.measure("", read.at(f"{ROOT}/mean_absolute_error"), _places(3)),
        "kappa": read.measure("", read.at(f"{ROOT}/kappa"), _places(3)),
        "rows": [_row(read, pointer) for pointer in rows],
    }


def _places(digits: int) -> Any:
    return lambda number: f"{number:.{digits}f}".replace("-", "−")


def _row(read: Reader, pointer: str) -> dict[str, Any]:
    steps = at(read.view, f"{pointer}/steps")
    more = " or more" if value(read.view, f"{pointer}/or_more") else ""
    return {
        "steps": Said((read.figure(count(steps.value), steps), more)) if steps else "",
        "n": read.number(f"{pointer}/n"),
        "share": read.measure("accuracy", at(read.view, f"{pointer}/share")),
    }
