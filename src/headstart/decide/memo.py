"""memo.html and memo.md, rendered from a ledger view alone."""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from headstart.decide import appendix, chapters
from headstart.decide.definitions import DEFINITIONS
from headstart.decide.figures import Measure, Reader, ids_of
from headstart.decide.opening import opening
from headstart.decide.words import markdown_text
from headstart.types.ledger import LedgerView


def _capitalize_first(text: str) -> str:
    return text[:1].upper() + text[1:]


def _refs(*items: Any) -> Markup:
    """Ledger rows of everything given, for a cell of Markdown."""
    return Markup(", ".join(f"L{number}" for number in ids_of(items)))


def _refs_of(*items: Any) -> Markup:
    """The same in brackets, for the end of a line."""
    found = _refs(*items)
    return Markup(f" [{found}]" if found else "")


def _measure(found: Measure) -> str:
    """An estimate with its interval, in plain text."""
    if found.value is None:
        return str(found.why)
    if found.low is None or found.high is None:
        return str(found.value)
    return f"{found.value} ({found.low} to {found.high})"


def _markdown(value: Any) -> Any:
    """Whatever is not markup already is escaped."""
    return value if isinstance(value, Markup) else markdown_text(str(value))


@cache
def _environment(markdown: bool) -> Environment:
    environment = Environment(
        loader=PackageLoader("headstart.decide", "templates"),
        autoescape=not markdown,
        finalize=_markdown if markdown else None,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["capitalize_first"] = _capitalize_first
    if markdown:
        environment.globals.update(refs=_refs, refs_of=_refs_of, measure=_measure)
    return environment


def _asset(name: str) -> str:
    return files("headstart.decide").joinpath("templates", name).read_text(encoding="utf-8")


def _context(view: LedgerView) -> dict[str, Any]:
    view.entry("/decide/ship")
    read = Reader(view)
    context = {
        "page": opening(read),
        "arms": chapters.arms(read),
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
    script = _asset("memo.js")
    digest = base64.b64encode(hashlib.sha256(script.encode("utf-8")).digest()).decode("ascii")
    return (
        _environment(False)
        .get_template("memo.html.j2")
        .render(
            **_context(view),
            css=Markup(_asset("memo.css")),
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
    text = _environment(True).get_template("memo.md.j2").render(**_context(view))
    lines = [line.rstrip() for line in text.strip().splitlines()]
    kept = [line for i, line in enumerate(lines) if line or (i and lines[i - 1])]
    return "\n".join(kept) + "\n"
