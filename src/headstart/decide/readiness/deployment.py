"""Deployment: what the ledger says to each line."""

from __future__ import annotations

from headstart.decide.evidence import is_estimate, kind
from headstart.decide.figures import Quote, Reader
from headstart.decide.readiness.line import DEPLOYMENT, Known, Line, asked, done, gap, interval
from headstart.decide.words import SHIP_WORDS, count, exact_milliseconds, milliseconds
from headstart.metrics.words import percent, significant


def _parity(read: Reader) -> Known:
    entry = read.at("/package/parity")
    if entry is None or kind(entry) != "Parity":
        return gap("no bundle was checked")
    same, rows = (read.figure(count(entry.value[key]), entry) for key in ("labels_equal", "rows"))
    return done("yes, ", same, " of ", rows, " answers equal")


def _latency(read: Reader) -> Known:
    entry = read.at("/package/latency_ms/p95")
    if entry is None or not is_estimate(entry):
        return gap("the latency was not measured")
    found = read.measure("", entry, milliseconds)
    budget = read.number("/brief/budget/latency_ms", exact_milliseconds)
    if budget is None:
        return asked("p95 ", *interval(found), "; the brief names no limit")
    said = ("p95 ", *interval(found), ", limit ", budget)
    within = entry.value["value"] <= read.value("/brief/budget/latency_ms")
    return done(*said) if within else gap(*said)


def _machine(read: Reader) -> Known:
    return asked("measured on ", Quote(str(read.value("/run/machine", "a machine not named")), 120))


def _price(read: Reader) -> Known:
    found = read.number("/package/cost_per_million", significant)
    return done("a million answers cost ", found) if found else gap("it was not measured")


def _decision(read: Reader) -> Known:
    ship = str(read.value("/decide/ship"))
    return (gap if ship == "no" else done)(SHIP_WORDS[ship].lower())


def _review(read: Reader) -> Known | None:
    entry = read.at("/evaluate/certificate")
    if entry is not None and kind(entry) == "SelectiveCertificate":
        share = read.figure(percent(entry.value["reviewed"]), entry)
        return asked(share, " of the cases go to a person")
    return asked("every answer goes to a person") if read.value("/decide/ship") != "yes" else None


def _nobody(read: Reader) -> Known:
    return asked("not yet")


LINES = (
    Line("decision", DEPLOYMENT, "What was decided?", "Follow the memo's next steps.", _decision),
    Line(
        "bundle_checked",
        DEPLOYMENT,
        "Does the bundle answer as the trained model does?",
        "Run again.",
        _parity,
    ),
    Line(
        "latency",
        DEPLOYMENT,
        "Is it fast enough?",
        "Set budget.latency_ms in headstart.toml and run again, or say what is enough.",
        _latency,
        "Run headstart select on this pilot for a faster backbone, or allow more.",
        "Name a faster backbone with --backbone and run again, or allow more.",
    ),
    Line("price", DEPLOYMENT, "Is it known what answers cost?", "Run again.", _price),
    Line(
        "target_machine",
        DEPLOYMENT,
        "Was it measured on the machine that will serve it?",
        "Run on such a machine, or time the bundle there.",
        _machine,
    ),
    Line(
        "review_path",
        DEPLOYMENT,
        "Who looks at the answers that need a person?",
        "Name the people, the hours and where the cases arrive.",
        _review,
    ),
    Line(
        "rollback_rehearsed",
        DEPLOYMENT,
        "Was switching it off rehearsed?",
        "Switch it off once, time it, and write down who may.",
        _nobody,
    ),
    Line(
        "monitoring",
        DEPLOYMENT,
        "Who watches it, and for what?",
        "Name a person, a signal and the value at which they act.",
        _nobody,
    ),
    Line(
        "training_again",
        DEPLOYMENT,
        "When is it trained again, and on which new labels?",
        "Say where new labels come from and what starts the next pilot.",
        _nobody,
    ),
)
