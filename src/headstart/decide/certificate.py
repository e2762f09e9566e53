"""What the certificate says: in sentences, and as a table of the memo."""

from __future__ import annotations

from typing import Any

from headstart.decide.case import Case
from headstart.decide.evidence import branches, kind, value
from headstart.decide.figures import Quote, Reader, Said
from headstart.decide.sentences import Sentence, say
from headstart.decide.words import confidence, count
from headstart.metrics.words import percent
from headstart.types.result import NotAvailable

CERTIFICATE = "/evaluate/certificate"
CLASSES = "/evaluate/class_certificates"
MAX_ERROR = "/brief/requirement/max_error"
CERTAINTY = "/brief/requirement/certainty"


def rate(value: float) -> str:
    """A limit as it was written.

    >>> rate(0.02), rate(0.005)
    ('2%', '0.5%')
    """
    return confidence(value)


def probability(value: float) -> str:
    """
    >>> probability(0.98765)
    '0.9877'
    """
    return f"{value:.4f}"


def limit(case: Case) -> Sentence:
    """`at most 2%`."""
    return say("at most ", (rate(case.brief.requirement.max_error or 0.0), MAX_ERROR))


def in_scope(case: Case, what: str = "") -> str:
    """Which rows or cases the certificate speaks of, where some may lie out of scope."""
    return "" if case.brief.data.out_of_scope is None else f"{what} in scope"


def reviewed(case: Case) -> Sentence:
    """The share of the cases that goes to a person."""
    found = case.certificate
    return say() if found is None else say((percent(found.reviewed), CERTIFICATE))


def cause(case: Case) -> Sentence:
    """Why there is no certificate: `cannot be certified: needs 120 more labelled cases`."""
    found = case.evaluation.certificate
    return say((found.reason, CERTIFICATE)) if isinstance(found, NotAvailable) else say()


def certificate_reason(case: Case) -> Sentence | None:
    """The certificate with its numbers; None where the brief names no limit, or there is none."""
    found = case.certificate
    if found is None:
        return None

    def put(text: str) -> tuple[str, str]:
        return text, CERTIFICATE

    of = in_scope(case)
    return say(
        "The model may answer alone from a probability of ",
        put(probability(found.threshold)),
        " on: ",
        put(count(found.wrong)),
        " of the ",
        put(count(found.answered)),
        f" hold-out rows{of} that it answered there are wrong, at most ",
        put(percent(found.upper)),
        " of such answers with ",
        put(confidence(found.confidence)),
        " confidence; it answers ",
        put(percent(found.coverage)),
        f" of the cases{of} (interval ",
        put(percent(found.coverage_low)),
        " to ",
        put(percent(found.coverage_high)),
        "), and a person the other ",
        put(percent(found.reviewed)),
        ".",
    )


def certificate_chapter(read: Reader) -> dict[str, Any] | None:
    """The table; None where the brief names no limit."""
    entry = read.at(CERTIFICATE)
    limit_ = read.number(MAX_ERROR, rate)
    if entry is None or limit_ is None:
        return None
    certainty = read.number(CERTAINTY, confidence)
    if kind(entry) == "NotAvailable":
        why = read.prose(str(entry.value["reason"]), entry)
        none: dict[str, Any] = {"why": why, "rows": [], "method": ""}
        return {"limit": limit_, "certainty": certainty, **none, "classes": _classes(read)}
    found = entry.value

    def put(text: str) -> Any:
        return read.figure(text, entry)

    share = Said(
        (
            put(percent(found["coverage"])), " (", put(percent(found["coverage_low"])), " to ",
            put(percent(found["coverage_high"])), ")",
        )
    )  # fmt: skip
    wrong = Said((put(count(found["wrong"])), " of ", put(count(found["answered"]))))
    rows = [
        ("Answers alone from a probability of", Said((put(probability(found["threshold"])),))),
        ("Share of the cases that it answers", share),
        ("Share that goes to a person", Said((put(percent(found["reviewed"])),))),
        ("Wrong among the answered rows", wrong),
        ("Their share", Said((put(percent(found["error"])),))),
        ("Upper bound of that share", Said((put(percent(found["upper"])),))),
        ("Rows that it was tested on", Said((put(count(found["n"])),))),
    ]
    if found.get("tested"):
        counted = (put(count(found["tested_wrong"])), " of ", put(count(found["tested"])))
        rows.insert(4, ("Of these, counted by the test", Said(counted)))
    return {
        "limit": limit_,
        "certainty": certainty,
        "why": Said(()),
        "rows": rows,
        "method": str(found["method"]),
        "classes": _classes(read),
    }


def _classes(read: Reader) -> dict[str, Any] | None:
    """The classes whose own answers are certified, and how many are not; None for no classes."""
    rows, refused = [], []
    pointers = branches(read.view, CLASSES)
    for pointer in pointers:
        entry = read.at(f"{pointer}/certificate")
        if entry is None:
            continue
        label = Quote(str(value(read.view, f"{pointer}/label")), 60)
        if kind(entry) == "NotAvailable":
            refused.append(entry)
            continue
        found = entry.value
        rows.append(
            {
                "label": label,
                "threshold": read.figure(probability(found["threshold"]), entry),
                "coverage": read.figure(percent(found["coverage"]), entry),
                "wrong": read.figure(count(found["wrong"]), entry),
                "answered": read.figure(count(found["answered"]), entry),
            }
        )
    if not pointers:
        return None
    total = len(rows) + len(refused)
    return {
        "rows": rows,
        "refused": read.figure(count(len(refused)), refused[0], derived=True) if refused else None,
        "all": read.figure(count(total), refused[0], derived=True) if refused else None,
    }
