"""Rows that are none of the classes: the memo's curve and table."""

from __future__ import annotations

from typing import Any

from headstart.decide.evidence import at, branches, kind
from headstart.decide.figures import Quote, Reader, Said
from headstart.decide.words import confidence
from headstart.metrics.words import percent

ROOT = "/evaluate/outside"
CHOICE = "/outside"
SIDE = 300
WORDS = {
    "probability": "one less the largest probability",
    "energy": "energy of the logits",
    "neighbours": "distance to the fifth nearest training row",
    "mahalanobis": "Mahalanobis distance to the nearest class",
    "vim": "what the principal subspace leaves, with energy (ViM)",
}


def outside(read: Reader) -> dict[str, Any] | None:
    """The chapter; None where the brief names no label of rows out of scope."""
    if read.value("/brief/data/out_of_scope") is None:
        return None
    why = read.at(ROOT)
    if why is not None and kind(why) == "NotAvailable":
        return {"why": read.prose(str(why.value["reason"]), why), "rows": []}
    names = ("recall", "false_alarms", "accuracy", "confident", "alone")
    found = {name: read.measure("accuracy", read.at(f"{ROOT}/{name}")) for name in names}
    if found["recall"].value is None:
        return None
    score = str(read.value(f"{ROOT}/score"))
    entries = [read.view.entry(pointer) for pointer in branches(read.view, f"{ROOT}/points")]
    points = [(entry, entry.value) for entry in entries]
    return {
        "why": Said(()),
        **found,
        "label": Quote(str(read.value("/brief/data/out_of_scope")), 60),
        "score": WORDS.get(score, score),
        "n": read.number(f"{ROOT}/n"),
        "n_outside": read.number(f"{ROOT}/n_outside"),
        "auroc": read.number(f"{ROOT}/auroc", lambda value: f"{value:.3f}"),
        "allowed": read.number("/brief/requirement/false_alarms", confidence),
        "against": str(read.value(f"{CHOICE}/against", "")),
        "tried": [
            (WORDS.get(name, name), read.number(f"{CHOICE}/auroc/{name}", lambda v: f"{v:.3f}"))
            for name in WORDS
            if at(read.view, f"{CHOICE}/auroc/{name}") is not None
        ],
        "rows": [
            {
                "recall": read.figure(percent(one["recall"]), entry),
                "accuracy": read.figure(percent(one["accuracy"]), entry),
            }
            for i, (entry, one) in enumerate(points)
            if i % 5 == 0 or i == len(points) - 1
        ],
        "side": SIDE,
        "path": " ".join(
            f"{SIDE * one['recall']:.1f},{SIDE * (1 - one['accuracy']):.1f}" for _, one in points
        ),
        "dot": _dot(read),
    }


def _dot(read: Reader) -> tuple[float, float]:
    recall, accuracy = (read.at(f"{ROOT}/{name}") for name in ("recall", "accuracy"))
    assert recall is not None
    assert accuracy is not None
    return (
        round(SIDE * recall.value["value"], 1),
        round(SIDE * (1 - accuracy.value["value"]), 1),
    )
