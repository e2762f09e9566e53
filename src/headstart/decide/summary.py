"""What `headstart run` says at its end."""

from __future__ import annotations

import textwrap

from headstart.decide.evidence import is_estimate, kind, value
from headstart.decide.figures import Quote, Reader
from headstart.decide.opening import TRANSFER_WORDS, statement
from headstart.decide.outputs import output_columns, output_reader
from headstart.decide.words import SHIP_WORDS, milliseconds
from headstart.metrics.words import difference, metric_name, unit
from headstart.types.ledger import LedgerView, escape

WIDTH = 96
LABEL = 11


def _line(label: str, text: str) -> str:
    return label.ljust(LABEL) + text


def _estimate(read: Reader, metric: str) -> str:
    found = read.measure(metric, read.at(f"/evaluate/metrics/{escape(metric)}"))
    if found.value is None:
        return f"not known: {found.why}"
    span = f" ({found.confidence} interval {found.low} to {found.high})" if found.low else ""
    basis = read.value("/evaluate/basis")
    where = "hold-out rows" if basis == "hold-out" else "rows, cross-validated"
    return f"{metric_name(metric, steps=read.steps)} {found.value}{span} on {found.n} {where}"


def _transfer(read: Reader) -> str:
    words = TRANSFER_WORDS[read.value("/decide/transfer")]
    entry = read.at("/adapt/transfer_comparison")
    if entry is None or kind(entry) != "Comparison":
        return words
    found, metric = entry.value, entry.value["metric"]
    low, high = difference(metric, found["low"]), difference(metric, found["high"])
    counted = unit(metric, steps=read.steps)
    return (
        f"{words}: {difference(metric, found['difference'])} {counted} ({low} to {high}) "
        f"against {Quote(found['b'], 40)}"
    )


def _cost(read: Reader) -> str:
    p95 = read.at("/package/latency_ms/p95")
    if not is_estimate(p95):
        return "latency not measured"
    return f"{read.measure('', p95, milliseconds).value} a request at p95"


def _results(read: Reader) -> list[str]:
    """The result, and what transfer gained; of several label columns a line for each."""
    columns = output_columns(read)
    if columns:
        return [f"  {_verdict(output_reader(read, column), column)}" for column in columns]
    metric = read.value("/adapt/metric", "accuracy")
    return [
        "  " + _line("Result", _estimate(read, metric)),
        "  " + _line("Transfer", _transfer(read)),
    ]


def _verdict(own: Reader, column: str) -> str:
    said = f"{SHIP_WORDS[own.value('/decide/ship')].lower()}, {own.value('/decide/approach')}"
    result = _estimate(own, own.value("/adapt/metric", "accuracy"))
    name = str(Quote(column, 40))
    return f"{name}{' ' * max(1, LABEL - len(name))}{said}; {result}"


def summary_text(view: LedgerView, memo: str = "memo.html") -> str:
    """Six to ten lines for the terminal: the verdict, its numbers, the next step, the memo.

    memo: where the memo is, as the user would type it.

    Raises:
        KeyError: the view holds no decision.
    """
    ship = view.entry("/decide/ship").value
    read = Reader(view)
    steps = value(view, "/decide/next_steps", [])
    lines = [
        f"{SHIP_WORDS[ship]}: {Quote(str(read.value('/brief/name', '')), 60)}",
        *textwrap.wrap(str(statement(read)), WIDTH, initial_indent="  ", subsequent_indent="  "),
        *_results(read),
        "  " + _line("Latency", _cost(read)),
    ]
    if steps:
        text = textwrap.shorten(str(Quote(steps[0])), 2 * WIDTH, placeholder=" …")
        indent = "  " + " " * LABEL
        first = "  " + "Next".ljust(LABEL)
        lines += textwrap.wrap(text, WIDTH, initial_indent=first, subsequent_indent=indent)
    lines.append("  " + _line("Memo", memo))
    return "\n".join(lines)
