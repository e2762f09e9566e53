"""Two finished runs side by side: a page, lines for the terminal and JSON, from ledgers alone."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from headstart.decide import appendix
from headstart.decide.compare_rows import OF_THE_RUN, ROWS, Part, gap, said_of
from headstart.decide.document import decision_json
from headstart.decide.environment import asset, environment
from headstart.decide.evidence import at, branches, is_estimate, kind, leaves, value
from headstart.decide.figures import Quote, Reader, Said
from headstart.decide.outputs import output_columns, output_reader
from headstart.decide.words import confidence, count, p_value
from headstart.metrics.words import LOWER_IS_BETTER, metric_name
from headstart.types.ledger import Entry, LedgerView, escape

ROOT = "/compare"
LABEL, CELL = 22, 36
"""Columns of the terminal's table."""


@dataclass(frozen=True, slots=True)
class ComparedRuns:
    """Two ledgers and that of their comparison (leaves below `/compare`), no two rows of one id.

    columns: the label columns that both have, where one of them has several; then the comparison of
    each stands below `/outputs/<column>/compare`.
    """

    names: tuple[str, str]
    views: tuple[LedgerView, LedgerView]
    paired: LedgerView
    base: int
    """Rows of the second run are numbered from here, those of the comparison from twice this."""
    columns: tuple[str, ...] = ()


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
        lines += _row(str(label), str(left), str(right))
    lines.append("")
    said: list[Any] = []
    for one in context["paired"]:
        said += [f"{one['column']}: {one['verdict']}" if one["column"] else one["verdict"]]
        said += [one["counts"]]
    said += context["remarks"]
    width = LABEL + 2 * CELL
    lines += [line for one in said if one for line in textwrap.wrap(str(one), width)]
    return "\n".join(line.rstrip() for line in lines)


def compare_json(runs: ComparedRuns) -> dict[str, Any]:
    """Both decisions (as in decision.json, without ledger rows) and the paired comparison."""
    context, _ = _context(runs)
    columns = {
        name: _paired_json(runs.paired.within(f"/outputs/{escape(name)}")) for name in runs.columns
    }
    first = next(iter(columns.values())) if columns else _paired_json(runs.paired)
    return {
        "runs": [
            {
                "name": name,
                "decision": {k: v for k, v in decision_json(view).items() if k != "ledger"},
            }
            for name, view in zip(runs.names, runs.views, strict=True)
        ],
        "paired": first,
        **({"columns": columns} if columns else {}),
        "remarks": [str(remark) for remark in context["remarks"]],
    }


def _paired_json(view: LedgerView) -> Any:
    why = at(view, ROOT)
    return {"unavailable": why.value["reason"]} if why else _tree(view, ROOT)


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
    found = [
        (column, _of_column(a, column), _of_column(b, column), _of_column(both, column, True))
        for column in runs.columns
    ] or [("", a, b, both)]
    rows: list[tuple[Any, Said, Said]] = []
    for label, write in ROWS:
        if label in OF_THE_RUN or not runs.columns:
            rows.append((label, write(a), write(b)))
        else:
            rows += [(Said((f"{label}, ", Quote(column, 40))), write(own_a), write(own_b))
                     for column, own_a, own_b, _ in found]  # fmt: skip
    remarks = {
        str(said): said
        for _, own_a, own_b, own in found
        for said in _remarks(own_a, own_b, own, names)
    }
    context = {
        "names": names,
        "rows": rows,
        "paired": [
            {"column": Quote(column, 60) if column else None, **_paired(own, names)}
            for column, _, _, own in found
        ],
        "remarks": [*remarks.values(), *_alone(a, b, runs.columns, names)],
    }
    return context, (a, b, both)


def _of_column(read: Reader, column: str, always: bool = False) -> Reader:
    """What is said of one label column; of a run with a single one, all of it."""
    return output_reader(read, column) if always or output_columns(read) else read


def _alone(
    a: Reader, b: Reader, columns: tuple[str, ...], names: tuple[Quote, Quote]
) -> list[Said]:
    """Label columns that only one of the runs has."""
    found = []
    for name, read in zip(names, (a, b), strict=True):
        own = [Quote(column, 40) for column in output_columns(read) if column not in columns]
        parts = [part for one in own for part in (", ", one)][1:]
        if parts:
            found.append(Said(("Only ", name, " answers: ", *parts, ".")))
    return found


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
    scores = [said_of(read.measure(metric, read.at(f"{ROOT}/{of}/{escape(metric)}")))
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
            names[1], " ", *scores[1].parts, "; difference", *gap(read, entry), ", p ",
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
        "a": said_of(read.measure(metric, entry)),
        "b": said_of(read.measure(metric, other)),
        "difference": Said(gap(read, found)[1:]) if compared else read.measure("", found).why,
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
