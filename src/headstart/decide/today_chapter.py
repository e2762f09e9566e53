"""Today's process beside the model: the memo's table."""

from __future__ import annotations

from typing import Any

from headstart.decide.evidence import is_estimate, kind
from headstart.decide.figures import Figure, Measure, Quote, Reader, Said
from headstart.decide.today import TODAY, TODAY_POINTER
from headstart.decide.words import BASIS_WORDS, count, p_value
from headstart.metrics.words import difference, metric_name, significant, unit

COLUMN = "/brief/data/current"


def today(read: Reader) -> dict[str, Any] | None:
    """The chapter; None where the brief names no column of today's answers."""
    column = read.value(COLUMN)
    if column is None:
        return None
    said = {"column": Quote(str(column), 80)}
    why = read.at(TODAY)
    if why is not None and kind(why) == "NotAvailable":
        return {**said, "why": read.prose(str(why.value["reason"]), why), "rows": []}
    if read.at(f"{TODAY}/accuracy") is None:
        return None
    own = {
        name: read.measure("accuracy", read.at(f"{TODAY}/{name}"))
        for name in ("answered", "accuracy", "accuracy_of_model", "accuracy_of_all")
    }
    whole = read.measure("accuracy", read.at("/evaluate/metrics/accuracy"))
    rows = [
        _row("Rows that are answered", own["answered"]),
        _row("Accuracy, rows that today's process answers", own["accuracy"],
             own["accuracy_of_model"]),
        _row("Accuracy, all rows", own["accuracy_of_all"], whole),
    ]  # fmt: skip
    if is_estimate(read.at(f"{TODAY}/cost")):
        costs = (read.at(f"{TODAY}/{name}") for name in ("cost", "cost_of_model"))
        rows.append(
            _row("Cost of a case that it answers", *(read.measure("", c, _cost) for c in costs))
        )
    strange = read.number(f"{TODAY}/strange")
    return {
        **said,
        "where": BASIS_WORDS[str(read.value("/evaluate/basis", "hold-out"))],
        "why": Said(()),
        "rows": rows,
        "difference": _difference(read),
        "strange": strange if read.value(f"{TODAY}/strange", 0) else None,
    }


def _cost(value: float) -> str:
    return significant(value, 3)


def _row(name: str, own: Measure, model: Measure | None = None) -> dict[str, Any]:
    return {"name": name, "today": own, "model": model}


def _difference(read: Reader) -> Said:
    """`accuracy: +3.1 points (+1.0 to +5.2, p 0.004, 3,000 rows; McNemar's …)`."""
    entry = read.at(TODAY_POINTER)
    if entry is None or kind(entry) != "Comparison":
        return read.measure("", entry).why
    found, metric = entry.value, entry.value["metric"]

    def put(name: str) -> Figure:
        return read.figure(difference(metric, found[name]), entry)

    p = read.figure(p_value(found["p_value"]), entry)
    n = read.figure(count(found["n"]), entry)
    name, counted = metric_name(metric, steps=read.steps), unit(metric, steps=read.steps)
    return Said(
        (f"{name}: ", put("difference"), f" {counted} (", put("low"), " to ", put("high"),
         ", p ", p, ", ", n, " rows; ", str(found["test"]), ")")
    )  # fmt: skip
