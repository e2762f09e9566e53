"""memo.html and memo.md, rendered from a ledger view alone."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

from markupsafe import Markup

from headstart.decide import appendix, chapters
from headstart.decide.automation_chapter import automation
from headstart.decide.calibration_chapter import calibration
from headstart.decide.certificate import certificate_chapter
from headstart.decide.definitions import DEFINITIONS, SEVERAL
from headstart.decide.environment import asset, environment
from headstart.decide.figures import Quote, Reader, Said
from headstart.decide.ladder_chapter import ladder
from headstart.decide.opening import opening, sentences, several_labels, statement
from headstart.decide.ordinal_chapter import ordinal
from headstart.decide.outputs import output_columns, output_reader
from headstart.decide.outside_chapter import outside
from headstart.decide.scorecard_page import selection_chapter
from headstart.decide.sets_chapter import prediction_sets
from headstart.decide.slices_chapter import gallery, slices, stress
from headstart.decide.today_chapter import today
from headstart.decide.words import SHIP_WORDS, count
from headstart.types.ledger import LedgerView


def _context(view: LedgerView) -> dict[str, Any]:
    view.entry("/decide/ship")
    read = Reader(view)
    several = output_columns(read)
    context = {
        "page": opening(read),
        "selection": selection_chapter(read),
        "outputs": [_output(read, number, one) for number, one in enumerate(several, start=1)],
        **({} if several else _evidence(read)),
        "data": appendix.data(read),
        "cost": appendix.cost(read),
        "brief": appendix.brief(read),
        "definitions": (*DEFINITIONS, *(SEVERAL if several_labels(read) else ())),
        "provenance": appendix.provenance(read),
    }
    return {**context, "ledger": appendix.ledger(read)}


def _evidence(read: Reader) -> dict[str, Any]:
    """The chapters about one label column."""
    return {
        "arms": chapters.arms(read),
        "ladder": ladder(read),
        "certificate": certificate_chapter(read),
        "outside": outside(read),
        "automation": automation(read),
        "calibration": calibration(read),
        "sets": prediction_sets(read),
        "ordinal": ordinal(read),
        "today": today(read),
        "comparisons": chapters.comparisons(read),
        "classes": chapters.classes(read),
        "confusion": chapters.confusion(read),
        "errors": chapters.errors(read),
        "slices": slices(read),
        "stress": stress(read),
        "gallery": gallery(read),
    }


def _output(read: Reader, number: int, column: str) -> dict[str, Any]:
    """One label column of several: its verdict, why, and its evidence."""
    own = output_reader(read, column)
    labels = own.at("/data/classes")
    unlabelled = own.number("/data/unlabelled")
    found = _evidence(own)
    return {
        "column": Quote(column, 60),
        "mark": f"output-{number}-",
        "suffix": Said((" · ", Quote(column, 60))),
        "headline": SHIP_WORDS[own.value("/decide/ship")],
        "statement": statement(own),
        "reasons": sentences(own, "reasons"),
        "rows": own.number("/data/rows"),
        "classes": own.figure(count(len(labels.value)), labels) if labels else None,
        "unlabelled": unlabelled if own.value("/data/unlabelled") else None,
        "classes_of": found.pop("classes"),
        **found,
    }


def memo_html(view: LedgerView) -> str:
    """The memo as one self-contained page: no network, and readable without JavaScript.

    Raises:
        KeyError: the view holds no decision.
    """
    script = asset("memo.js")
    digest = base64.b64encode(hashlib.sha256(script.encode("utf-8")).digest()).decode("ascii")
    return (
        environment(False)
        .get_template("memo.html.j2")
        .render(
            **_context(view),
            css=Markup(asset("memo.css")),
            script=Markup(script),
            script_sha256=digest,
        )
        .lstrip()
    )


def memo_markdown(view: LedgerView) -> str:
    """The memo in Markdown; each number is followed by the ledger row it was read from.

    Raises:
        KeyError: the view holds no decision.
    """
    text = environment(True).get_template("memo.md.j2").render(**_context(view))
    lines = [line.rstrip() for line in text.strip().splitlines()]
    kept = [line for i, line in enumerate(lines) if line or (i and lines[i - 1])]
    return "\n".join(kept) + "\n"
