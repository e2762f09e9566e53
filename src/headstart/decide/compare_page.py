"""Two finished runs side by side: a page, lines for the terminal and JSON, from ledgers alone."""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from headstart.decide import appendix
from headstart.decide.document import decision_json
from headstart.decide.environment import asset, environment
from headstart.decide.evidence import at, branches, is_estimate, kind, leaves, value
from headstart.decide.figures import Figure, Measure, Quote, Reader, Said
from headstart.decide.opening import BASIS_WORDS, TRANSFER_WORDS, backbone_name, statement
from headstart.decide.words import (
    LOWER_IS_BETTER,
    SHIP_WORDS,
    confidence,
    count,
    difference,
    megabytes,
    metric_name,
    milliseconds,
    p_value,
    percent,
    significant,
    unit,
)
from headstart.types.ledger import Entry, LedgerView, escape

ROOT = "/compare"
LABEL, CELL = 22, 36
"""Columns of the terminal's table."""
Part = str | Figure | Quote


@dataclass(frozen=True, slots=True)
class ComparedRuns:
    """Two ledgers and that of their comparison (leaves below `/compare`), no two rows of one id."""

    names: tuple[str, str]
    views: tuple[LedgerView, LedgerView]
    paired: LedgerView
    base: int
    """Rows of the second run are numbered from here, those of the comparison from twice this."""


def compare_html(runs: ComparedRuns) -> str:
    """The comparison as one self-contained page: no network, no script.

    Raises:
        KeyError: one of the runs has no decision.
    """
    context, readers = _context(runs)
    whose = (*(str(name) for name in context["names"]), "The comparison")
    ledgers = [(title, appendix.ledger(read)) for title, read in zip(whose, readers, strict=True)]
    page = environment(False).get_template("compare.html.j2")
    css = Markup(asset("memo.css"))
    return page.render(**context, ledgers=ledgers, base=runs.base, css=css).lstrip()


def compare_text(runs: ComparedRuns) -> str:
    """The comparison for the terminal: a table, the paired test, what to mind."""
    context, _ = _context(runs)
    lines = _row("", *(str(name) for name in context["names"]))
    lines.append("-" * len(lines[0].rstrip()))
    for label, left, right in context["rows"]:
        lines += _row(label, str(left), str(right))
    lines.append("")
    paired = context["paired"]
    said = [paired["verdict"], paired["counts"], *context["remarks"]]
    width = LABEL + 2 * CELL
    lines += [line for one in said if one for line in textwrap.wrap(str(one), width)]
    return "\n".join(line.rstrip() for line in lines)


def compare_json(runs: ComparedRuns) -> dict[str, Any]:
    """Both decisions (as in decision.json, without ledger rows) and the paired comparison."""
    context, _ = _context(runs)
    why = at(runs.paired, ROOT)
    return {
        "runs": [
            {
                "name": name,
                "decision": {k: v for k, v in decision_json(view).items() if k != "ledger"},
            }
            for name, view in zip(runs.names, runs.views, strict=True)
        ],
        "paired": {"unavailable": why.value["reason"]} if why else _tree(runs.paired, ROOT),
        "remarks": [str(remark) for remark in context["remarks"]],
    }


def _tree(view: LedgerView, pointer: str) -> Any:
    found = at(view, pointer)
    if found is None:
        below = branches(view, pointer)
        return {one.rsplit("/", 1)[1]: _tree(view, one) for one in below}
    if kind(found) == "NotAvailable":
        return {"unavailable": found.value["reason"]}
    if isinstance(found.value, dict):
        return {key: item for key, item in found.value.items() if key != "kind"}
    return found.value


def _row(label: str, left: str, right: str) -> list[str]:
    cells = [textwrap.wrap(text, width - 2) or [""] for text, width in
             ((label, LABEL), (left, CELL), (right, CELL))]  # fmt: skip
    height = max(map(len, cells))
    widths = (LABEL, CELL, CELL)
    return [
        "".join(
            (cell[i] if i < len(cell) else "").ljust(width)
            for cell, width in zip(cells, widths, strict=True)
        )
        for i in range(height)
    ]


def _context(runs: ComparedRuns) -> tuple[dict[str, Any], tuple[Reader, Reader, Reader]]:
    for view in runs.views:
        view.entry("/decide/ship")
    a, b, both = Reader(runs.views[0]), Reader(runs.views[1]), Reader(runs.paired)
    names = Quote(runs.names[0], 60), Quote(runs.names[1], 60)
    context = {
        "names": names,
        "rows": [(label, write(a), write(b)) for label, write in ROWS],
        "paired": _paired(both, names),
        "remarks": _remarks(a, b, both, names),
    }
    return context, (a, b, both)


def _said(found: Measure) -> Said:
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
    return Said((words, *(_gap(read, entry) if kind(entry) == "Comparison" else ())))


def _gap(read: Reader, entry: Entry | None) -> tuple[Part, ...]:
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
    return Said((metric_name(metric), " ", *_said(found).parts, " on ", found.n, " rows, ", basis))


def _cost(read: Reader) -> Said:
    which = "cheapest" if read.value("/adapt/metric") == "cost" else "answers"
    why = read.at("/evaluate/costs")
    entry = why if why is not None else read.at(f"/evaluate/costs/{which}")
    return _said(read.measure("cost", entry))


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
    return lambda read: _said(
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


def _paired(read: Reader, names: tuple[Quote, Quote]) -> dict[str, Any]:
    """The paired comparison: a verdict, the counts behind it and a row for each metric."""
    why = read.at(ROOT)
    if why is not None:
        reason = Said(("No paired test: ", *read.prose(str(why.value["reason"]), why).parts, "."))
        return {"verdict": reason, "counts": None, "rows": [], "table": None, "note": ""}
    metric = str(read.value(f"{ROOT}/metric"))
    rows = [_metric_row(read, name, entry) for name, entry in leaves(read.view, f"{ROOT}/of_a")]
    return {
        "verdict": _verdict(read, metric, names),
        "counts": _counts(read, names),
        "rows": rows,
        "table": {
            name: read.number(f"{ROOT}/right/{name}")
            for name in ("both", "only_a", "only_b", "neither")
        },
        "note": Quote(str(read.value(f"{ROOT}/metric_reason")), 120),
        "metric": metric_name(metric),
    }


def _verdict(read: Reader, metric: str, names: tuple[Quote, Quote]) -> Said:
    entry = read.at(f"{ROOT}/differences/{escape(metric)}")
    if entry is None or kind(entry) != "Comparison":
        return read.measure("", entry).why
    found = entry.value
    scores = [_said(read.measure(metric, read.at(f"{ROOT}/{of}/{escape(metric)}")))
              for of in ("of_a", "of_b")]  # fmt: skip
    better = read.value(f"{ROOT}/better")
    first: tuple[Part, ...] = (
        ("Not enough evidence that either answers better. ",)
        if better == "neither"
        else (names[0] if better == "a" else names[1], " answers better. ")
    )
    name = metric_name(metric)
    low = " (lower is better)" if metric in LOWER_IS_BETTER else ""
    return Said(
        (
            *first, f"{name[0].upper()}{name[1:]}{low}: ", names[0], " ", *scores[0].parts, ", ",
            names[1], " ", *scores[1].parts, "; difference", *_gap(read, entry), ", p ",
            read.figure(p_value(found["p_value"]), entry), ", on ",
            read.figure(count(found["n"]), entry), " common rows.",
        )
    )  # fmt: skip


def _counts(read: Reader, names: tuple[Quote, Quote]) -> Said:
    common, deciding, only_a, only_b = (
        read.number(f"{ROOT}/rows/{name}") or "—"
        for name in ("common", "deciding", "only_a", "only_b")
    )
    right_a, right_b = (read.number(f"{ROOT}/right/{name}") or "—" for name in ("only_a", "only_b"))
    return Said(
        (
            common, " hold-out rows are in both (", deciding, " of them decide), ", only_a,
            " only in ", names[0], ", ", only_b, " only in ", names[1], ". ", names[0],
            " alone is right on ", right_a, " rows, ", names[1], " alone on ", right_b, ".",
        )
    )  # fmt: skip


def _metric_row(read: Reader, metric: str, entry: Entry) -> dict[str, Any]:
    found = at(read.view, f"{ROOT}/differences/{escape(metric)}")
    other = at(read.view, f"{ROOT}/of_b/{escape(metric)}")
    compared = found is not None and kind(found) == "Comparison"
    return {
        "name": metric_name(metric) + (" (lower is better)" if metric in LOWER_IS_BETTER else ""),
        "a": _said(read.measure(metric, entry)),
        "b": _said(read.measure(metric, other)),
        "difference": Said(_gap(read, found)[1:]) if compared else read.measure("", found).why,
        "p": read.figure(p_value(found.value["p_value"]).removeprefix("= "), found)
        if found is not None and compared
        else None,
        "test": found.value["test"] if found is not None and compared else "",
    }


def _widened(a: Reader, b: Reader, both: Reader) -> list[Said]:
    """What the paired tests pay where a hold-out was opened several times."""
    found = both.at(f"{ROOT}/of_a/accuracy")
    asked = max(read.value("/brief/requirement/confidence", 0.0) for read in (a, b))
    if found is None or not is_estimate(found) or found.value["confidence"] <= asked:
        return []
    level = both.figure(confidence(found.value["confidence"]), found)
    return [Said(("The paired intervals are at ", level, ", which pays for every pair of looks."))]


def _remarks(a: Reader, b: Reader, both: Reader, names: tuple[Quote, Quote]) -> list[Said]:
    """What to mind when reading the comparison."""
    found = []
    for name, read in ((names[0], a), (names[1], b)):
        openings = read.number("/evaluate/openings")
        if openings is not None and read.value("/evaluate/openings", 0) > 1:
            found.append(
                Said(
                    (
                        name, " opened its hold-out ", openings, " times: what was changed in "
                        "between may have been fitted to these rows, so its figures flatter it.",
                    )
                )
            )  # fmt: skip
    found += _widened(a, b, both)
    if value(both.view, f"{ROOT}/rows/same"):
        found.append(
            Said(
                (
                    "Both runs looked at the same hold-out. Keeping the better one is a choice "
                    "made on it: take new rows for a figure that is to be quoted.",
                )
            )
        )
    if a.value("/run/machine") != b.value("/run/machine"):
        found.append(Said(("The latencies were measured on different machines.",)))
    data = [read.value("/data/sha256") for read in (a, b)]
    if data[0] != data[1]:
        found.append(Said(("The two runs were trained on different data.",)))
    reason = both.value(f"{ROOT}/metric_reason", "")
    if both.value(f"{ROOT}/metric") and "both" not in str(reason):
        found.append(Said(("Accuracy decides here, because ", Quote(str(reason), 120), ".")))
    return found
