"""Where it errs: parts that are worse, inputs that got worse, and errors by pattern."""

from __future__ import annotations

from typing import Any

from headstart.decide.evidence import at, branches, kind, value
from headstart.decide.figures import Quote, Reader, Said
from headstart.decide.words import count
from headstart.metrics.words import difference, percent

SLICES = "/evaluate/slices"
GALLERY = "/evaluate/gallery"
STRESS = "/evaluate/stress"
SHOWN = 12
EXAMPLES = 3


def slices(read: Reader) -> dict[str, Any] | None:
    """Parts of the hold-out, the worst first; None for a run that did not look."""
    why = read.at(SLICES)
    if why is not None and kind(why) == "NotAvailable":
        return {"why": read.prose(str(why.value["reason"]), why), "rows": []}
    pointers = branches(read.view, f"{SLICES}/rows")
    if not pointers:
        return None
    rows = [
        {
            "name": Quote(str(value(read.view, f"{pointer}/name")), 100),
            "worse": bool(value(read.view, f"{pointer}/worse")),
            "error": read.measure("accuracy", at(read.view, f"{pointer}/error")),
            "n": read.figure(
                count(read.view.entry(f"{pointer}/error").value["n"]),
                read.view.entry(f"{pointer}/error"),
            ),
            "rest": read.measure("accuracy", at(read.view, f"{pointer}/rest")),
            "p": read.number(f"{pointer}/p_value", lambda p: "<0.001" if p < 0.001 else f"{p:.3f}"),
        }
        for pointer in pointers[:SHOWN]
    ]
    return {
        "why": Said(()),
        "rows": rows,
        "tested": read.number(f"{SLICES}/tested"),
        "too_small": read.number(f"{SLICES}/too_small"),
        "worse": sum(bool(value(read.view, f"{pointer}/worse")) for pointer in pointers),
    }


def stress(read: Reader) -> dict[str, Any] | None:
    """The same rows changed in many ways; None for a run that did not change any."""
    pointers = branches(read.view, f"{STRESS}/rows")
    if not pointers:
        return None
    rows = []
    for pointer in pointers:
        entry = read.view.entry(pointer)
        found = entry.value

        def put(text: str, entry: Any = entry) -> Any:
            return read.figure(text, entry)

        same = not found["strength"]
        rows.append(
            {
                "kind": found["kind"],
                "strength": read.prose(found["strength"], entry),
                "accuracy": put(percent(found["accuracy"]["value"])),
                "change": None if same else put(difference("accuracy", found["change"])),
                "low": put(difference("accuracy", found["low"])),
                "high": put(difference("accuracy", found["high"])),
                "stated": put(percent(found["stated"])),
                "log_loss": put(f"{found['log_loss']:.3f}"),
                "falls": not same and found["high"] < 0,
            }
        )
    return {"n": read.number(f"{STRESS}/n"), "rows": rows}


def gallery(read: Reader) -> dict[str, Any] | None:
    """Errors by pattern; None for a run that did not group them."""
    groups = branches(read.view, f"{GALLERY}/groups")
    errors = read.at(f"{GALLERY}/errors")
    if not groups or errors is None:
        return None
    doubts = read.at(f"{GALLERY}/doubts")
    assert doubts is not None
    image = read.value("/data/modality") == "image"
    return {
        "errors": read.number(f"{GALLERY}/errors"),
        "n": read.number(f"{GALLERY}/n"),
        "compared": bool(read.value(f"{GALLERY}/compared")),
        "doubts": read.number(f"{GALLERY}/doubts") if doubts.value else None,
        "doubt_share": read.figure(
            percent(doubts.value / max(errors.value, 1), 0), doubts, derived=True
        ),
        "groups": [
            {
                "pattern": str(value(read.view, f"{pointer}/pattern")),
                "name": Quote(str(value(read.view, f"{pointer}/name")), 100)
                if value(read.view, f"{pointer}/name")
                else "",
                "n": read.number(f"{pointer}/n"),
                "examples": [
                    {
                        "text": None if image else Quote(entry.value["value"], 160),
                        "place": Quote(entry.value["place"], 90),
                        "label": Quote(entry.value["label"], 60),
                        "predicted": Quote(entry.value["predicted"], 60),
                        "probability": read.figure(percent(entry.value["probability"], 0), entry),
                    }
                    for one in branches(read.view, f"{pointer}/examples")[:EXAMPLES]
                    if (entry := read.view.entry(one))
                ],
            }
            for pointer in groups
        ],
    }
