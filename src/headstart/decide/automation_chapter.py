"""How much to answer without a person: the memo's curve of automated share against cost."""

from __future__ import annotations

from typing import Any

from headstart.decide.chart import step
from headstart.decide.evidence import branches, kind
from headstart.decide.figures import Figure, Measure, Quote, Reader, Said
from headstart.metrics.words import percent, significant

ROOT = "/evaluate/automation"
WIDTH, HEIGHT = 520, 240
"""Of the picture."""


def _cost(value: float) -> str:
    return significant(value, 3).replace("-", "−")


def automation_sentence(read: Reader) -> Said:
    """The cheapest share to automate, on page one; empty where no cost of a review is named."""
    chosen = read.number(f"{ROOT}/chosen", lambda value: f"{value:.4f}")
    review = read.number(f"{ROOT}/review", _cost)
    share = read.measure("accuracy", read.at(f"{ROOT}/share"))
    cost, alone = (read.measure("", read.at(f"{ROOT}/{name}"), _cost) for name in ("cost", "alone"))
    if None in (chosen, review, share.value, cost.value, alone.value):
        return Said(())
    parts: tuple[str | Figure | Quote | None, ...] = (
        "With reviews counted, answering is cheapest from a probability of ", chosen, " on: ",
        share.value, " of the cases without a person, ", cost.value, " a case", *_range(cost),
        ". Answering everything costs ", alone.value, *_range(alone),
        ", a person for every case ", review, ".",
    )  # fmt: skip
    return Said(tuple(part for part in parts if part is not None))


def _range(found: Measure) -> tuple[str | Figure, ...]:
    if found.low is None or found.high is None:
        return ()
    return " (", found.low, " to ", found.high, ")"


def automation(read: Reader) -> dict[str, Any] | None:
    """The chapter; None where the brief names no cost of a review."""
    if read.value("/brief/review_cost") is None:
        return None
    why = read.at(ROOT)
    if why is not None and kind(why) == "NotAvailable":
        return {"why": read.prose(str(why.value["reason"]), why), "rows": []}
    points = [
        (entry, entry.value)
        for pointer in branches(read.view, f"{ROOT}/points")
        if (entry := read.view.entry(pointer))
    ]
    if not points:
        return None
    chosen, review = read.value(f"{ROOT}/chosen"), read.value(f"{ROOT}/review")
    values = [found["cost"] for _, found in points] + [review]
    ticks = _ticks(min(0.0, *values), max(values))
    low, high = ticks[0], ticks[-1]

    def at(share: float, cost: float) -> tuple[float, float]:
        return round(WIDTH * share, 1), round(HEIGHT * (high - cost) / (high - low), 1)

    rows = [
        {
            "threshold": read.figure(f"{found['threshold']:.4f}", entry),
            "share": read.figure(percent(found["share"]), entry),
            "cost": read.figure(_cost(found["cost"]), entry),
            "chosen": abs(found["threshold"] - chosen) < 1e-12,
        }
        for entry, found in points
    ]
    best = next((found for _, found in points if abs(found["threshold"] - chosen) < 1e-12), None)
    return {
        "why": Said(()),
        "sentence": automation_sentence(read),
        "rows": rows,
        "shown": [row for i, row in enumerate(rows) if row["chosen"] or i % 5 == 0],
        "width": WIDTH,
        "height": HEIGHT,
        "path": " ".join(
            f"{x},{y}" for x, y in (at(found["share"], found["cost"]) for _, found in points)
        ),
        "best": None if best is None else at(best["share"], best["cost"]),
        "review": at(0.0, review)[1],
        "ticks": [{"y": at(0.0, tick)[1], "text": _cost(tick)} for tick in ticks],
    }


def _ticks(low: float, high: float) -> list[float]:
    """Round numbers from at most `low` to at least `high`."""
    width = step(max(high - low, 1e-9))
    first, last = int(low // width), int(-(-high // width))
    return [round(width * number, 12) for number in range(first, max(last, first + 1) + 1)]
