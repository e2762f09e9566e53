"""How far the backbone was thawed, and why no further: the memo's picture of the ladder."""

from __future__ import annotations

from typing import Any

from headstart.decide.chart import Bar, interval_chart
from headstart.decide.evidence import at, branches, kind, value
from headstart.decide.figures import Quote, Reader, Said
from headstart.decide.time_spent import time_spent
from headstart.metrics.words import difference, metric_name, significant, unit

ROOT = "/adapt/ladder"
WORDS = {
    "adopt": "adopted",
    "stay": "stay below",
    "not enough evidence": "not enough evidence",
    "failed": "failed",
    "not tried": "not tried",
}


def ladder(read: Reader) -> dict[str, Any] | None:
    """Rows and chart; None for a run that knows of no ladder."""
    if read.at(f"{ROOT}/base") is None:
        return None
    metric = str(read.value(f"{ROOT}/metric"))
    adopted = read.value(f"{ROOT}/adopted")
    rows, bars = [], []
    for pointer in branches(read.view, f"{ROOT}/outcomes"):
        row = _rung(read, pointer, metric)
        rows.append(row)
        if row["bar"] is not None:
            bars.append(row["bar"])
    why, note = read.at(f"{ROOT}/not_climbed"), read.at(f"{ROOT}/note")
    return {
        "metric": metric_name(metric, steps=read.steps),
        "unit": unit(metric, steps=read.steps),
        "base": Quote(str(read.value(f"{ROOT}/base")), 80),
        "adopted": None if adopted is None else Quote(str(adopted), 80),
        "alpha": read.number(f"{ROOT}/alpha"),
        "rows": rows,
        "why": read.prose(str(why.value), why) if why is not None and why.value else Said(()),
        "note": read.prose(str(note.value), note) if note is not None and note.value else None,
        "chart": interval_chart(
            f"Gain in {metric_name(metric, steps=read.steps)} of each rung over the best so far",
            f"{len(bars)} rungs, one dot and interval each.",
            metric,
            bars,
            [],
            signed=True,
        )
        if bars
        else None,
    }


def _rung(read: Reader, pointer: str, metric: str) -> dict[str, Any]:
    verdict = str(value(read.view, f"{pointer}/verdict"))
    gain = at(read.view, f"{pointer}/gain")
    reason = read.view.entry(f"{pointer}/reason")
    name = str(value(read.view, f"{pointer}/rung"))
    figures, bar = None, None
    if gain is not None and kind(gain) == "Comparison":
        value_, low, high = (gain.value[key] for key in ("difference", "low", "high"))
        figures = tuple(read.figure(difference(metric, one), gain) for one in (value_, low, high))
        style = "chosen" if verdict == "adopt" else "other"
        bar = Bar(
            name, WORDS[verdict], style, value_, low, high, (figures[0], figures[1], figures[2])
        )
    guards = []
    for guard in branches(read.view, f"{pointer}/guards"):
        said = read.view.entry(f"{guard}/reason")
        guards.append(
            {"name": str(value(read.view, f"{guard}/name")), "said": read.prose(said.value, said)}
        )
    remarks = read.at(f"{pointer}/remarks")
    return {
        "name": Quote(name, 40),
        "describe": Quote(str(value(read.view, f"{pointer}/describe", "")), 200),
        "verdict": WORDS[verdict],
        "chosen": verdict == "adopt",
        "gain": figures,
        "reason": read.prose(str(reason.value), reason),
        "folds": read.number(f"{pointer}/folds_run"),
        "minutes": time_spent(read, f"ladder/{name}/", lambda taken: significant(taken / 60)),
        "guards": guards,
        "remarks": [read.prose(str(one), remarks) for one in remarks.value] if remarks else [],
        "bar": bar,
    }
