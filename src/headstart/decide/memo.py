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
from headstart.decide.definitions import DEFINITIONS
from headstart.decide.environment import asset, environment
from headstart.decide.figures import Reader
from headstart.decide.ladder_chapter import ladder
from headstart.decide.opening import opening
from headstart.decide.outside_chapter import outside
from headstart.decide.scorecard_page import selection_chapter
from headstart.decide.slices_chapter import gallery, slices, stress
from headstart.types.ledger import LedgerView


def _context(view: LedgerView) -> dict[str, Any]:
    view.entry("/decide/ship")
    read = Reader(view)
    context = {
        "page": opening(read),
        "arms": chapters.arms(read),
        "selection": selection_chapter(read),
        "ladder": ladder(read),
        "certificate": certificate_chapter(read),
        "outside": outside(read),
        "slices": slices(read),
        "stress": stress(read),
        "gallery": gallery(read),
        "automation": automation(read),
        "calibration": calibration(read),
        "comparisons": chapters.comparisons(read),
        "classes": chapters.classes(read),
        "confusion": chapters.confusion(read),
        "errors": chapters.errors(read),
        "data": appendix.data(read),
        "cost": appendix.cost(read),
        "brief": appendix.brief(read),
        "definitions": DEFINITIONS,
        "provenance": appendix.provenance(read),
    }
    return {**context, "ledger": appendix.ledger(read)}


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
