"""Whether stated probabilities come true: the memo's reliability picture and table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from headstart.decide.evidence import branches, kind
from headstart.decide.figures import Reader, Said
from headstart.decide.words import count
from headstart.metrics.words import percent, significant

ROOT = "/evaluate/calibration"
TEMPERATURE = "/temperature"
SIDE = 300
"""Width and height of the picture."""
MOST = 9.0
"""Radius of the dot of a range that holds every row."""


@dataclass(frozen=True, slots=True)
class Dot:
    """One range of probabilities: where it stands in the picture, its interval and its size."""

    x: float
    y: float
    low: float
    high: float
    radius: float


def calibration(read: Reader) -> dict[str, Any] | None:
    """The chapter; None for a run that did not measure it."""
    why = read.at(ROOT)
    if why is not None and kind(why) == "NotAvailable":
        return {"why": read.prose(str(why.value["reason"]), why), "rows": []}
    if read.at(f"{ROOT}/error") is None:
        return None
    rows, dots = [], []
    for pointer in branches(read.view, f"{ROOT}/reliability"):
        entry = read.view.entry(pointer)
        found = entry.value

        def put(text: str, entry: Any = entry) -> Any:
            return read.figure(text, entry)

        ends = (put(percent(found["low"], 0)), " to ", put(percent(found["high"], 0)))
        rows.append(
            {
                "range": Said(ends),
                "n": put(count(found["n"])),
                "stated": put(percent(found["stated"])),
                "right": put(percent(found["right"])),
                "low": put(percent(found["right_low"])),
                "high": put(percent(found["right_high"])),
            }
        )
        dots.append(found)
    total = sum(found["n"] for found in dots) or 1
    points = read.at(f"{ROOT}/error")
    return {
        "why": Said(()),
        "error": read.measure("", points, lambda value: f"{100 * value:.1f}"),
        "log_loss": read.measure("log_loss", read.at("/evaluate/metrics/log_loss")),
        "sure": read.measure("accuracy", read.at(f"{ROOT}/sure")),
        "sure_wrong": read.measure("accuracy", read.at(f"{ROOT}/sure_wrong")),
        "sure_from": read.number(f"{ROOT}/sure_from", lambda value: percent(value, 0)),
        "temperature": _temperature(read),
        "brier": _brier(read),
        "rows": rows,
        "side": SIDE,
        "dots": [
            Dot(
                round(SIDE * found["stated"], 1),
                round(SIDE * (1 - found["right"]), 1),
                round(SIDE * (1 - found["right_low"]), 1),
                round(SIDE * (1 - found["right_high"]), 1),
                round(max(2.5, MOST * (found["n"] / total) ** 0.5), 1),
            )
            for found in dots
        ],
    }


def _brier(read: Reader) -> Said:
    """The Brier score in parts (Murphy 1973); nothing for a run that did not take it apart."""
    found = {
        name: read.at(f"{ROOT}/brier/{name}")
        for name in ("reliability", "resolution", "uncertainty", "within")
    }
    if any(entry is None for entry in found.values()):
        return Said(())
    parts = {
        name: read.figure(f"{round(entry.value, 3) + 0.0:.3f}".replace("-", "−"), entry)
        for name, entry in found.items()
        if entry is not None
    }
    signed = {"resolution": -1.0}
    total = sum(signed.get(n, 1.0) * entry.value for n, entry in found.items() if entry is not None)
    first = found["reliability"]
    assert first is not None
    several = read.value("/data/separator") is not None
    return Said(
        (
            "The Brier score of whole answers, " if several else "The Brier score, ",
            read.figure(f"{total:.3f}", first, derived=True),
            ", is ", parts["reliability"], " of stated probabilities that do not come true "
            "(reliability), less ", parts["resolution"], " of telling cases apart (resolution), "
            "plus ", parts["uncertainty"], " of uncertainty, which the labels alone have, and ",
            parts["within"], " within the ranges of probabilities.",
        )
    )  # fmt: skip


def _temperature(read: Reader) -> Said:
    """What was done to the probabilities, and what it is worth."""
    why = read.at(TEMPERATURE)
    if why is not None and kind(why) == "NotAvailable":
        return Said(("The probabilities are as they are: ", *read.prose(
            str(why.value["reason"]), why).parts, "."))  # fmt: skip
    heat = read.number(f"{TEMPERATURE}/temperature", lambda value: significant(value, 3))
    before = read.number(f"{TEMPERATURE}/log_loss_as_it_is", lambda value: f"{value:.4f}")
    after = read.number(f"{TEMPERATURE}/log_loss_scaled", lambda value: f"{value:.4f}")
    if heat is None or before is None or after is None:
        return Said(())
    vector = read.number(f"{TEMPERATURE}/vector/log_loss", lambda value: f"{value:.4f}")
    if vector is not None and read.value(f"{TEMPERATURE}/vector/used"):
        return Said(
            (
                "The bundle gives the logit of each class a slope and a shift of its own, which "
                "takes the out-of-fold log-loss from ", before, " to ", vector, " (cross-fitted); "
                "one temperature for all would take it to ", after, ".",
            )
        )  # fmt: skip
    more: tuple[Any, ...] = ()
    if vector is not None:
        more = (" A slope and a shift for each class would take it to ", vector, ".")
    if not read.value(f"{TEMPERATURE}/used"):
        return Said(
            (
                "The probabilities are as the head gives them: a temperature would change the "
                "out-of-fold log-loss from ", before, " to ", after, ".", *more,
            )
        )  # fmt: skip
    return Said(
        (
            "The bundle divides its logits by a temperature of ", heat, ", which takes the "
            "out-of-fold log-loss from ", before, " to ", after, " (cross-fitted).", *more,
        )
    )  # fmt: skip
