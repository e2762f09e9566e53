"""How pages are made from templates."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from headstart.decide.figures import Measure, ids_of
from headstart.decide.words import markdown_text


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
def environment(markdown: bool) -> Environment:
    """Templates of pages, or of Markdown."""
    made = Environment(
        loader=PackageLoader("headstart.decide", "templates"),
        autoescape=not markdown,
        finalize=_markdown if markdown else None,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    made.filters["capitalize_first"] = _capitalize_first
    if markdown:
        made.globals.update(refs=_refs, refs_of=_refs_of, measure=_measure)
    return made


def asset(name: str) -> str:
    """The text of a file beside the templates."""
    return files("headstart.decide").joinpath("templates", name).read_text(encoding="utf-8")
