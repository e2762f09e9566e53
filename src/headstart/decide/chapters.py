"""The evidence chapters of the memo: arms, comparisons, classes, mistakes."""

from __future__ import annotations

from heapq import nsmallest
from typing import Any

from headstart.decide.chart import Bar, Chart, Line, interval_chart
from headstart.decide.evidence import at, branches, is_estimate, kind, leaves, value
from headstart.decide.figures import Figure, Measure, Quote, Reader, Said
from headstart.decide.findings import PICTURE
from headstart.decide.words import count, p_value
from headstart.metrics.words import (
    LOWER_IS_BETTER,
    difference,
    metric_name,
    metric_value,
    percent,
    unit,
)
from headstart.types.ledger import Entry, escape, unescape

MOST_CONFUSION = 20
"""Classes up to which the whole confusion matrix is readable."""
SHOWN_PAIRS = 12
SHOWN_CLASSES = 12
ALL_CLASSES = 200
SHOWN_ERRORS = 6
ALL_ERRORS = 24
ARMS = 40
SHOWN_WEIGHTS = 3
ANSWERS = "/answers"
WEIGHTS = f"{ANSWERS}/weights"


def _tag(pretrained: bool, deployable: bool) -> str:
    if not deployable:
        return "not packaged" if pretrained else "control"
    return "pretrained" if pretrained else ""


def arms(read: Reader) -> dict[str, Any]:
    """Every arm with its estimate: the table's rows and the chart."""
    metric = read.value("/adapt/metric", "accuracy")
    chosen = read.value("/adapt/chosen")
    bars: list[Bar] = []
    rows: list[dict[str, Any]] = []
    for arm in branches(read.view, "/adapt/arms")[:ARMS]:
        entry = at(read.view, f"{arm}/metrics/{escape(metric)}")
        found = read.measure(metric, entry)
        name = str(value(read.view, f"{arm}/name", ""))
        tag = _tag(
            bool(value(read.view, f"{arm}/pretrained")),
            bool(value(read.view, f"{arm}/deployable", True)),
        )
        others = {
            str(metric_name(other)): read.measure(other, at(read.view, f"{arm}/metrics/{other}"))
            for other in ("accuracy", "macro_f1", "log_loss")
            if other != metric
        }
        rows.append(
            {
                "name": Quote(name, 80),
                "tag": tag,
                "chosen": name == chosen,
                "describe": Quote(str(value(read.view, f"{arm}/describe", "")), 200),
                "measure": found,
                "others": others,
            }
        )
        if is_estimate(entry) and entry is not None:
            bars.append(_bar(name, tag, "chosen" if name == chosen else "other", entry, found))
    unavailable = [
        {
            "name": Quote(str(value(read.view, f"{arm}/name", "")), 80),
            "why": read.measure(metric, at(read.view, f"{arm}/why")).why,
        }
        for arm in branches(read.view, "/adapt/unavailable")
    ]
    first = rows[0]["measure"] if rows else Measure()
    return {
        "metric": metric_name(metric, steps=read.steps),
        "smaller_is_better": metric in LOWER_IS_BETTER,
        "rows": rows,
        "others": list(rows[0]["others"]) if rows else [],
        "unavailable": unavailable,
        "chart": _chart(read, metric, bars) if bars else None,
        "n": first.n,
        "confidence": first.confidence,
        "method": first.method,
        "reason": _told(read, "/audit/metric_reason"),
        "answers": _weighed(read, metric),
        "choice": _told(read, "/adapt/choice_reason"),
        "remarks": _remarks(read),
    }


def _told(read: Reader, pointer: str) -> Said:
    entry = read.at(pointer)
    return read.prose(str(entry.value).rstrip("."), entry) if entry else Said(())


def _weighed(read: Reader, metric: str) -> Said:
    """How much it counts to miss each label, the highest first, where the answers follow that."""
    several = read.value("/data/separator") is not None
    weights = sorted(leaves(read.view, WEIGHTS), key=lambda pair: -pair[1].value)
    weights = [(name, entry) for name, entry in weights if several or entry.value != 1.0]
    if not weights:
        return Said(())
    said: list[str | Figure | Quote] = [f"Answers follow {metric_name(metric)}: to miss "]
    for number, (name, entry) in enumerate(weights[:SHOWN_WEIGHTS]):
        said += [", ‘" if number else "‘", Quote(unescape(name), 40), "’"]
        said += [" " if number else " counts ", read.figure(f"{entry.value:g}", entry)]
        said += [] if number else [" times"]
    more = len(weights) > SHOWN_WEIGHTS
    against = "a label too many" if several else "to miss the commonest class"
    after, before = (
        read.number(f"{ANSWERS}/{name}", lambda value: metric_value(metric, value))
        for name in ("score", "score_of_most_probable")
    )
    said += [", others less," if more else "", f" as much as {against}. Out of fold they reach "]
    return Said((*said, after or "", ", the most probable ones ", before or ""))


def _remarks(read: Reader) -> list[Said]:
    entry = read.at("/adapt/remarks")
    return [read.prose(str(text), entry) for text in entry.value] if entry else []


def _bar(name: str, tag: str, style: str, entry: Entry, found: Measure) -> Bar:
    numbers = entry.value
    return Bar(
        name,
        tag,
        style,
        numbers["value"],
        numbers["low"],
        numbers["high"],
        (found.value, found.low, found.high),
    )


def _chart(read: Reader, metric: str, bars: list[Bar]) -> Chart:
    better = max if metric not in LOWER_IS_BETTER else min
    best = better(bars, key=lambda bar: bar.value)
    decided = at(read.view, f"/evaluate/metrics/{escape(metric)}")
    if is_estimate(decided) and decided is not None and read.value("/evaluate/basis") == "hold-out":
        name = "Chosen model on the hold-out"
        bars = [*bars, _bar(name, "", "deciding", decided, read.measure(metric, decided))]
    lines: list[Line] = []
    majority = at(read.view, f"/evaluate/majority/{escape(metric)}")
    if is_estimate(majority) and majority is not None:
        figure = read.figure(metric_value(metric, majority.value["value"]), majority)
        one = metric == "cost" or read.value("/data/separator") is not None
        least = "one answer for all" if one else "largest class"
        lines.append(Line(least, majority.value["value"], figure))
    level = read.at("/brief/requirement/level")
    if level is not None and level.value is not None:
        figure = read.figure(metric_value(metric, level.value), level)
        lines.append(Line("required", level.value, figure))
    name = metric_name(metric, steps=read.steps)
    return interval_chart(
        f"{name[0].upper()}{name[1:]} of every arm with its interval",
        f"{len(bars)} rows, one dot and interval each. Best in cross-validation: "
        f"{Quote(best.name, 60)}, {metric_value(metric, best.value)}.",
        metric,
        bars,
        lines,
    )


def comparisons(read: Reader) -> list[dict[str, Any]]:
    """Paired comparisons, the transfer comparison first; each pair of arms once."""
    rows: dict[tuple[str, str], dict[str, Any]] = {}
    for pointer in branches(read.view, "/adapt/comparisons")[:ARMS]:
        entry = read.view.entry(pointer)
        if kind(entry) == "Comparison":
            pair = (entry.value["a"], entry.value["b"])
            if pair not in rows:
                rows[pair] = _comparison(read, entry)
    return list(rows.values())


def _comparison(read: Reader, entry: Entry) -> dict[str, Any]:
    found = entry.value
    metric = found["metric"]

    def gap(name: str) -> Figure | None:
        number = found[name]
        return None if number is None else read.figure(difference(metric, number), entry)

    needed = found["labels_needed"]
    smallest = found["minimum_detectable"]
    return {
        "a": Quote(found["a"], 60),
        "b": Quote(found["b"], 60),
        "unit": unit(metric, steps=read.steps),
        "difference": gap("difference"),
        "low": gap("low"),
        "high": gap("high"),
        "p": read.figure(p_value(found["p_value"]).removeprefix("= "), entry),
        "verdict": {"helps": "better", "harms": "worse", "inconclusive": "not settled"}[
            found["verdict"]
        ],
        "test": found["test"],
        "n": read.figure(count(found["n"]), entry),
        "folds": read.figure(count(found["folds"]), entry),
        "repeats": read.figure(count(found["repeats"]), entry),
        "smallest": None
        if smallest is None
        else read.figure(difference(metric, smallest).lstrip("+"), entry),
        "needed": None if needed is None else read.figure(count(needed), entry),
    }


def classes(read: Reader) -> dict[str, Any]:
    """Per-class numbers; of many classes the weakest, and further down all of them."""
    pointers = branches(read.view, "/evaluate/per_class")
    if len(pointers) <= SHOWN_CLASSES:
        return {"many": False, "rows": [_class(read, p) for p in pointers], "all": [], "hidden": 0}
    weakest = sorted(pointers, key=lambda p: float(value(read.view, f"{p}/f1", 0.0)))
    return {
        "many": True,
        "rows": [_class(read, pointer) for pointer in weakest[:SHOWN_CLASSES]],
        "all": [_class(read, pointer) for pointer in pointers[:ALL_CLASSES]],
        "hidden": max(0, len(pointers) - ALL_CLASSES),
    }


def _class(read: Reader, pointer: str) -> dict[str, Any]:
    recall = at(read.view, f"{pointer}/recall")
    known = recall is not None and is_estimate(recall)
    return {
        "label": Quote(str(value(read.view, f"{pointer}/label")), 60),
        "n": read.number(f"{pointer}/n"),
        "precision": read.measure("precision", at(read.view, f"{pointer}/precision")),
        "recall": read.measure("recall", recall),
        "bar": percent(recall.value["value"], 0) if known and recall else "0%",
        "f1": read.number(f"{pointer}/f1", percent),
    }


def confusion(read: Reader) -> dict[str, Any] | None:
    """The matrix for few classes, the most confused pairs for many."""
    entry, labels = read.at("/evaluate/confusion"), read.value("/evaluate/labels", [])
    if entry is None or not labels or not entry.value:
        return None
    matrix, totals = entry.value, [sum(row) or 1 for row in entry.value]
    wrong = [
        (-times, i, j)
        for i, row in enumerate(matrix)
        for j, times in enumerate(row)
        if i != j and times
    ]
    shown = [
        {
            "label": Quote(labels[i], 60),
            "predicted": Quote(labels[j], 60),
            "times": read.figure(count(-times), entry),
            "share": read.figure(percent(-times / totals[i], 0), entry, derived=True),
        }
        for times, i, j in nsmallest(SHOWN_PAIRS, wrong)
    ]
    few = len(labels) <= MOST_CONFUSION
    return {
        "few": few,
        "labels": [Quote(label, 32) for label in labels],
        "cells": _cells(read, entry, totals) if few else [],
        "pairs": shown,
        "upright": len(labels) > 6 or max(len(label) for label in labels) > 14,
    }


def _cells(read: Reader, entry: Entry, totals: list[int]) -> list[list[dict[str, Any]]]:
    """The matrix cell by cell; `heat` is the share of the class, 0 to 9."""
    return [
        [
            {
                "times": read.figure(count(times), entry) if times else None,
                "heat": min(9, int(10 * times / totals[i])),
                "hit": i == j,
            }
            for j, times in enumerate(row)
        ]
        for i, row in enumerate(entry.value)
    ]


def errors(read: Reader) -> dict[str, Any]:
    """The most confident mistakes, with their text or picture."""
    rows = []
    for index, pointer in enumerate(branches(read.view, "/evaluate/errors")[:ALL_ERRORS]):
        entry = read.view.entry(pointer)
        found = entry.value
        picture = str(read.value(f"/thumbnails/{index}", ""))
        picture = picture if PICTURE.fullmatch(picture) else ""
        image = read.value("/data/modality") == "image"
        rows.append(
            {
                "picture": picture,
                "text": None if image else Quote(found["value"], 320),
                "place": Quote(found["place"], 90),
                "label": Quote(found["label"], 60),
                "predicted": Quote(found["predicted"], 60),
                "probability": read.figure(percent(found["probability"], 0), entry),
            }
        )
    return {"first": rows[:SHOWN_ERRORS], "more": rows[SHOWN_ERRORS:]}
