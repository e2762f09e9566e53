"""What two runs are shown side by side in, row by row."""

from __future__ import annotations

from collections.abc import Callable

from headstart.decide.evidence import kind
from headstart.decide.figures import Figure, Measure, Quote, Reader, Said
from headstart.decide.opening import TRANSFER_WORDS, backbone_name, statement
from headstart.decide.words import BASIS_WORDS, SHIP_WORDS, megabytes, milliseconds
from headstart.metrics.words import difference, metric_name, percent, significant, unit
from headstart.types.ledger import Entry, escape

Part = str | Figure | Quote


def said_of(found: Measure) -> Said:
    """An estimate with its interval."""
    if found.value is None:
        return found.why
    if found.low is None or found.high is None:
        return Said((found.value,))
    return Said((found.value, " (", found.low, " to ", found.high, ")"))


def _recommendation(read: Reader) -> Said:
    return Said((SHIP_WORDS[read.value("/decide/ship")], ". ", *statement(read).parts))


def _backbone(read: Reader) -> Said:
    name = backbone_name(read)
    return Said((Quote(name, 80),)) if name else Said(("none",))


def _transfer(read: Reader) -> Said:
    words = TRANSFER_WORDS[read.value("/decide/transfer")]
    entry = read.at("/adapt/transfer_comparison")
    return Said((words, *(gap(read, entry) if kind(entry) == "Comparison" else ())))


def gap(read: Reader, entry: Entry | None) -> tuple[Part, ...]:
    assert entry is not None
    found, metric = entry.value, entry.value["metric"]
    figures = [
        read.figure(difference(metric, found[key]), entry) for key in ("difference", "low", "high")
    ]
    return ": ", figures[0], f" {unit(metric)} (", figures[1], " to ", figures[2], ")"


def _result(read: Reader) -> Said:
    metric = str(read.value("/adapt/metric", "accuracy"))
    found = read.measure(metric, read.at(f"/evaluate/metrics/{escape(metric)}"))
    if found.value is None or found.n is None:
        return found.why
    basis = BASIS_WORDS.get(str(read.value("/evaluate/basis")), "")
    return Said(
        (metric_name(metric), " ", *said_of(found).parts, " on ", found.n, " rows, ", basis)
    )


def _cost(read: Reader) -> Said:
    which = "cheapest" if read.value("/adapt/metric") == "cost" else "answers"
    why = read.at("/evaluate/costs")
    entry = why if why is not None else read.at(f"/evaluate/costs/{which}")
    return said_of(read.measure("cost", entry))


def _certificate(read: Reader) -> Said:
    entry = read.at("/evaluate/certificate")
    if entry is None or kind(entry) != "SelectiveCertificate":
        return read.measure("", entry).why
    found = entry.value

    def put(text: str) -> Figure:
        return read.figure(text, entry)

    return Said(
        (
            "alone from a probability of ", put(f"{found['threshold']:.4f}"), " on: ",
            put(percent(found["coverage"])), " (", put(percent(found["coverage_low"])), " to ",
            put(percent(found["coverage_high"])), ") of the cases, at most ",
            put(percent(found["limit"])), " of them wrong",
        )
    )  # fmt: skip


def _latency(name: str) -> Callable[[Reader], Said]:
    return lambda read: said_of(
        read.measure("", read.at(f"/package/latency_ms/{name}"), milliseconds)
    )


def _number(pointer: str, write: Callable[[float], str]) -> Callable[[Reader], Said]:
    def cell(read: Reader) -> Said:
        found = read.number(pointer, write)
        return Said((found,)) if found else Said(("not measured",))

    return cell


def _holdout(read: Reader) -> Said:
    openings = read.number("/evaluate/openings")
    rows = read.number("/evaluate/n")
    if not read.value("/evaluate/openings") or openings is None or rows is None:
        return Said(("none",))
    times = " time" if read.value("/evaluate/openings") == 1 else " times"
    return Said((rows, " rows that decide, opened ", openings, times))


OF_THE_RUN = frozenset(
    {"Latency p50", "Latency p95", "Size of the bundle", "Cost of a million", "Machine"}
)
"""Rows that are the same for every label column."""
ROWS: tuple[tuple[str, Callable[[Reader], Said]], ...] = (
    ("Recommendation", _recommendation),
    ("Approach", lambda read: Said((str(read.value("/decide/approach")),))),
    ("Backbone", _backbone),
    ("Transfer", _transfer),
    ("Primary metric", _result),
    ("Expected cost of a case", _cost),
    ("Certificate", _certificate),
    ("Latency p50", _latency("p50")),
    ("Latency p95", _latency("p95")),
    ("Size of the bundle", _number("/package/size_bytes", megabytes)),
    ("Cost of a million", _number("/package/cost_per_million", significant)),
    ("Hold-out", _holdout),
    ("Machine", lambda read: Said((Quote(str(read.value("/run/machine", "not recorded")), 90),))),
)
