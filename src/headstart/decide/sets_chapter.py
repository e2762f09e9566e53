"""Prediction sets: the memo's numbers of them, and their sizes."""

from __future__ import annotations

from typing import Any

from headstart.decide.certificate import probability
from headstart.decide.evidence import branches, kind
from headstart.decide.figures import Reader, Said
from headstart.decide.words import confidence, count
from headstart.metrics.words import percent

ROOT = "/evaluate/prediction_sets"
LEVEL = "/brief/requirement/sets"


def prediction_sets(read: Reader) -> dict[str, Any] | None:
    """The chapter; None where the brief asks for no sets."""
    if read.value(LEVEL) is None:
        return None
    asked = {"level": read.number(LEVEL, confidence)}
    why = read.at(ROOT)
    if why is not None and kind(why) == "NotAvailable":
        return {**asked, "why": read.prose(str(why.value["reason"]), why), "rows": []}
    if read.at(f"{ROOT}/coverage") is None:
        return None
    shares = ("coverage", "single", "empty")
    return {
        **asked,
        "why": Said(()),
        **{name: read.measure("accuracy", read.at(f"{ROOT}/{name}")) for name in shares},
        "size": read.measure("", read.at(f"{ROOT}/size"), lambda value: f"{value:.2f}"),
        "threshold": read.number(f"{ROOT}/threshold", probability),
        "n_reference": read.number(f"{ROOT}/n_reference"),
        "rows": [_row(read, pointer) for pointer in branches(read.view, f"{ROOT}/sizes")],
    }


def _row(read: Reader, pointer: str) -> dict[str, Any]:
    entry = read.view.entry(pointer)
    found = entry.value
    return {
        "size": Said(
            (read.figure(count(found["size"]), entry), " or more" if found["or_more"] else "")
        ),
        "n": read.figure(count(found["n"]), entry),
        "held": read.figure(count(found["held"]), entry),
        "share": read.figure(percent(found["held"] / found["n"]), entry, derived=True),
    }
