"""scorecard.html, its JSON and its text: which backbone, rendered from a ledger view alone."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

from markupsafe import Markup

from headstart.decide import appendix
from headstart.decide.environment import asset, environment
from headstart.decide.evidence import at, branches, kind, leaves, value
from headstart.decide.figures import Figure, Measure, Quote, Reader, Said
from headstart.decide.frontier import Point, frontier_plot
from headstart.decide.words import megabytes, milliseconds
from headstart.metrics.words import difference, metric_name, metric_value, significant
from headstart.types.ledger import Entry, LedgerView

ROOT = "/selection"
STATUS_WORDS = {
    "picked": "picked",
    "tied": "tied",
    "kept": "in the race to its end",
    "dropped": "dropped",
    "out": "out",
}


def scorecard_html(view: LedgerView) -> str:
    """The scorecard as one self-contained page: no network, and readable without JavaScript.

    Raises:
        KeyError: the view holds no selection.
    """
    view.entry(f"{ROOT}/pick")
    read = Reader(view)
    entries = [_entry(read, pointer) for pointer in branches(view, f"{ROOT}/entries")]
    metric = str(read.value(f"{ROOT}/metric"))
    script = asset("memo.js") + asset("sort.js")
    digest = base64.b64encode(hashlib.sha256(script.encode("utf-8")).digest()).decode("ascii")
    context = {
        "name": Quote(str(read.value("/brief/name", "")), 120),
        "created_at": str(read.value("/run/created_at", ""))[:10],
        "machine": Quote(str(read.value(f"{ROOT}/machine", ""))),
        "metric": metric_name(metric),
        "pick": next(one for one in entries if one["status"] == "picked"),
        "reasons": _sentences(read, f"{ROOT}/reasons"),
        "carried": _sentences(read, f"{ROOT}/carried"),
        "rows": read.number(f"{ROOT}/rows"),
        "entries": entries,
        "plot": frontier_plot(_points(view, metric), metric_name(metric)),
        "laps": [_lap(read, pointer, metric) for pointer in branches(view, f"{ROOT}/race/laps")],
        "diagnostics": _table(read, "diagnostics"),
        "relatedness": _table(read, "relatedness"),
        "input_fit": _table(read, "input_fit"),
        "curves": [
            curve for one in branches(view, f"{ROOT}/entries") if (curve := _curve(read, one))
        ],
    }
    ledger = appendix.ledger(read)
    page = environment(False).get_template("scorecard.html.j2")
    css = asset("memo.css") + asset("scorecard.css")
    return page.render(
        **context, ledger=ledger, css=Markup(css), script=Markup(script), script_sha256=digest
    ).lstrip()


def selection_chapter(read: Reader) -> dict[str, Any] | None:
    """Why this backbone, for the memo; None where no candidates were raced."""
    if read.at(f"{ROOT}/pick") is None:
        return None
    metric = str(read.value(f"{ROOT}/metric"))
    rows = []
    for pointer in branches(read.view, f"{ROOT}/entries"):
        reason = read.view.entry(f"{pointer}/standing/reason")
        rows.append(
            {
                "name": Quote(str(read.value(f"{pointer}/name"))),
                "status": STATUS_WORDS[str(read.value(f"{pointer}/standing/status"))],
                "score": read.measure(metric, at(read.view, f"{pointer}/standing/score")),
                "reason": read.prose(str(reason.value), reason),
            }
        )
    return {
        "metric": metric_name(metric),
        "rows": rows,
        "reasons": _sentences(read, f"{ROOT}/reasons"),
        "carried": _sentences(read, f"{ROOT}/carried"),
    }


def _sentences(read: Reader, pointer: str) -> list[Said]:
    entry = read.at(pointer)
    return [] if entry is None else [read.prose(text, entry) for text in entry.value]


def _entry(read: Reader, pointer: str) -> dict[str, Any]:
    view = read.view
    metric = str(read.value(f"{ROOT}/metric"))
    status = str(read.value(f"{pointer}/standing/status"))
    reason = view.entry(f"{pointer}/standing/reason")
    served = branches(view, f"{pointer}/operations")
    full = served[0] if served else f"{pointer}/operations/0"
    eight = served[1] if len(served) > 1 else None
    licence = view.entry(f"{pointer}/licence")
    allowed = read.value(f"{pointer}/allowed")
    hashed = bool(read.value(f"{pointer}/hash_known", False))
    return {
        "name": Quote(str(read.value(f"{pointer}/name"))),
        "ref": Quote(str(read.value(f"{pointer}/ref"))),
        "status": status,
        "status_words": STATUS_WORDS[status],
        "reason": read.prose(str(reason.value), reason),
        "score": read.measure(metric, at(view, f"{pointer}/standing/score")),
        "score_sort": _sort(at(view, f"{pointer}/standing/score")),
        "p50": read.measure("", at(view, f"{full}/latency_ms/p50"), milliseconds),
        "p95": read.measure("", at(view, f"{full}/latency_ms/p95"), milliseconds),
        "p99": read.measure("", at(view, f"{full}/latency_ms/p99"), milliseconds),
        "p95_sort": _sort(at(view, f"{full}/latency_ms/p95")),
        "rate": read.measure("", at(view, f"{full}/rows_per_second"), significant),
        "rate_sort": _sort(at(view, f"{full}/rows_per_second")),
        "cold": read.measure("", at(view, f"{full}/cold_start_ms"), milliseconds),
        "cold_sort": _sort(at(view, f"{full}/cold_start_ms")),
        "peak": read.measure("", at(view, f"{full}/peak_mb"), _whole_megabytes),
        "peak_sort": _sort(at(view, f"{full}/peak_mb")),
        "size": read.measure("", at(view, f"{full}/bundle_mb"), _whole_megabytes),
        "size_sort": _sort(at(view, f"{full}/bundle_mb")),
        "cost": read.measure("", at(view, f"{full}/cost_per_million"), significant),
        "cost_sort": _sort(at(view, f"{full}/cost_per_million")),
        "eight": None if eight is None else _eight(read, eight),
        "licence": read.prose(str(licence.value), licence),
        "licence_note": Quote(str(read.value(f"{pointer}/licence_note", ""))),
        "allowed": {True: "allowed", False: "not allowed", None: "to be checked"}[allowed],
        "publisher": Quote(str(read.value(f"{pointer}/publisher", "")), 160),
        "notes": Quote(str(read.value(f"{pointer}/notes", "")), 300),
        "hash": "its hash is the card's" if hashed else "the card names no hash",
        "adaptation": Quote(", ".join(read.value(f"{pointer}/adaptation", []))),
        "stages": Quote(", ".join(read.value(f"{pointer}/stages", []) or ["not known"]), 300),
        "limits": [_limit(read, one) for one in branches(view, f"{pointer}/limits")],
    }


def _whole_megabytes(value: float) -> str:
    return megabytes(1e6 * value)


def _sort(entry: Entry | None) -> str:
    """What a column is sorted by; empty where there is no number."""
    found = entry.value if entry is not None else None
    number = found.get("value") if isinstance(found, dict) else found
    return f"{number:.9g}" if isinstance(number, (int, float)) else ""


def _eight(read: Reader, pointer: str) -> dict[str, Any]:
    view = read.view
    loss = at(view, f"{pointer}/loss")
    said: Said | Figure
    if loss is None:
        said = Said(("not compared",))
    elif kind(loss) == "NotAvailable":
        said = read.prose(str(loss.value["reason"]), loss)
    else:
        found, metric = loss.value, loss.value["metric"]
        said = Said(
            (
                read.figure(difference(metric, -found["difference"]), loss),
                " (",
                read.figure(difference(metric, -found["high"]), loss),
                " to ",
                read.figure(difference(metric, -found["low"]), loss),
                ") points",
            )
        )
    return {
        "p95": read.measure("", at(view, f"{pointer}/latency_ms/p95"), milliseconds),
        "rate": read.measure("", at(view, f"{pointer}/rows_per_second"), significant),
        "size": read.measure("", at(view, f"{pointer}/bundle_mb"), _whole_megabytes),
        "peak": read.measure("", at(view, f"{pointer}/peak_mb"), _whole_megabytes),
        "loss": said,
    }


def _limit(read: Reader, pointer: str) -> dict[str, Any]:
    measured = read.view.entry(f"{pointer}/measured")
    limit = read.view.entry(f"{pointer}/limit")
    fits = read.value(f"{pointer}/fits")
    return {
        "name": Quote(str(read.value(f"{pointer}/name"))),
        "limit": read.prose(str(limit.value), limit),
        "measured": read.prose(str(measured.value), measured),
        "verdict": "fits" if fits else "fails" if fits is False else "not known",
    }


def _points(view: LedgerView, metric: str) -> list[Point]:
    found = []
    for pointer in branches(view, f"{ROOT}/entries"):
        score = at(view, f"{pointer}/standing/score")
        cost = at(view, f"{pointer}/standing/seconds_per_row")
        if kind(score) != "Estimate" or kind(cost) != "Estimate":
            continue
        assert score is not None
        assert cost is not None
        estimate = score.value
        found.append(
            Point(
                name=str(value(view, f"{pointer}/name")),
                picked=value(view, f"{pointer}/standing/status") == "picked",
                cost=1000 * float(cost.value["value"]),
                score=float(estimate["value"]),
                low=float(estimate["low"] if estimate["low"] is not None else estimate["value"]),
                high=float(estimate["high"] if estimate["high"] is not None else estimate["value"]),
                rows=int(estimate["n"]),
                text=metric_value(metric, estimate["value"]),
            )
        )
    return found


def _lap(read: Reader, pointer: str, metric: str) -> dict[str, Any]:
    view = read.view
    scores = [
        (Quote(token), read.measure(metric, entry))
        for token, entry in leaves(view, f"{pointer}/scores")
    ]
    left = [
        (Quote(token), read.prose(str(entry.value), entry))
        for token, entry in leaves(view, f"{pointer}/left")
    ]
    return {"rows": read.number(f"{pointer}/rows"), "scores": scores, "left": left}


def _table(read: Reader, what: str) -> dict[str, Any]:
    """Rows: candidates; columns: whatever was measured of any of them."""
    view = read.view
    rows: list[tuple[Quote, dict[str, Measure]]] = []
    columns: dict[str, None] = {}
    whole: list[tuple[Quote, Said]] = []
    for pointer in branches(view, f"{ROOT}/entries"):
        name = Quote(str(value(view, f"{pointer}/name")))
        found = {
            token: read.measure("", entry, _three)
            for token, entry in leaves(view, f"{pointer}/{what}")
        }
        if len(found) == 1 and next(iter(found.values())).value is None:
            whole.append((name, next(iter(found.values())).why))
            continue
        columns |= dict.fromkeys(found)
        rows.append((name, found))
    blank = Measure(why=Said(("not measured for this candidate",)))
    return {
        "columns": list(columns),
        "rows": [(name, [found.get(column, blank) for column in columns]) for name, found in rows],
        "without": whole,
    }


def _three(number: float) -> str:
    return f"{number:.3g}".replace("-", "−")


def _curve(read: Reader, pointer: str) -> dict[str, Any] | None:
    view = read.view
    sentence = at(view, f"{pointer}/curve/sentence")
    if sentence is None:
        return None
    metric = str(read.value(f"{ROOT}/metric"))

    def points(which: str) -> list[tuple[Figure | None, Measure]]:
        return [
            (read.number(f"{one}/rows"), read.measure(metric, at(view, f"{one}/score")))
            for one in branches(view, f"{pointer}/curve/{which}")
        ]

    return {
        "name": Quote(str(read.value(f"{pointer}/name"))),
        "sentence": read.prose(str(sentence.value), sentence),
        "points": points("points"),
        "expected": points("expected"),
        "method": Quote(str(read.value(f"{pointer}/curve/method"))),
    }


def scorecard_text(view: LedgerView) -> str:
    """The scorecard for the terminal: a line a candidate, then why.

    Raises:
        KeyError: the view holds no selection.
    """
    view.entry(f"{ROOT}/pick")
    read = Reader(view)
    metric = str(read.value(f"{ROOT}/metric"))
    head = ("candidate", metric_name(metric), "interval", "n", "p95", "rows/s", "licence", "status")
    lines = [head]
    for pointer in branches(view, f"{ROOT}/entries"):
        score = read.measure(metric, at(view, f"{pointer}/standing/score"))
        span = f"{score.low} to {score.high}" if score.low and score.high else ""
        full = f"{pointer}/operations/0"
        p95 = read.measure("", at(view, f"{full}/latency_ms/p95"), milliseconds)
        rate = read.measure("", at(view, f"{full}/rows_per_second"), significant)
        lines.append(
            (
                str(read.value(f"{pointer}/name")),
                str(score.value or "–"),
                span,
                str(score.n or "–"),
                str(p95.value or "–"),
                str(rate.value or "–"),
                str(read.value(f"{pointer}/licence")),
                str(read.value(f"{pointer}/standing/status")),
            )
        )
    widths = [max(len(line[i]) for line in lines) for i in range(len(head))]
    shown = [
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    ]
    why = [str(text) for text in value(view, f"{ROOT}/reasons", [])]
    return "\n".join([*shown, "", *why])


def scorecard_json(view: LedgerView) -> dict[str, Any]:
    """The whole selection for machines; every leaf is `value` with the `ledger` id of its row.

    Raises:
        KeyError: the view holds no selection.
    """
    view.entry(f"{ROOT}/pick")
    found = _tree(view, ROOT)
    assert isinstance(found, dict)
    return found


def _tree(view: LedgerView, pointer: str) -> Any:
    own = at(view, pointer)
    if own is not None:
        return {"value": own.value, "ledger": own.id}
    children = branches(view, pointer)
    tokens = [child.rsplit("/", 1)[1] for child in children]
    if tokens and all(token.isdecimal() for token in tokens):
        return [_tree(view, child) for child in children]
    plain = [token.replace("~1", "/").replace("~0", "~") for token in tokens]
    return {name: _tree(view, child) for name, child in zip(plain, children, strict=True)}
