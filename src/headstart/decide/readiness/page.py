"""readiness.html and readiness.md: gaps first, each with its owner and next step."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Mapping
from typing import Any

from markupsafe import Markup

from headstart.decide import appendix
from headstart.decide.environment import asset, environment
from headstart.decide.figures import Quote, Reader, Said
from headstart.decide.opening import several_labels
from headstart.decide.outputs import output_columns, output_reader
from headstart.decide.readiness import data, deployment, evaluation, selection
from headstart.decide.readiness.line import Known, Line, Part, State
from headstart.types.ledger import LedgerView
from headstart.types.readiness import Answers

LINES: tuple[Line, ...] = (
    *selection.LINES,
    *data.LINES,
    *evaluation.LINES,
    *deployment.LINES,
)
"""In the order in which they are shown."""
KEYS = tuple(line.key for line in LINES)
NO = re.compile(r"\s*(no|not)\b", re.IGNORECASE)
WORDS = {"gap": "gap", "asked": "?", "answered": "answered", "done": "yes"}
OPEN = ("gap", "asked")
"""What is to be done, the measured first."""
MOST_OPEN: tuple[State, ...] = ("gap", "asked", "done")
NOBODY = "nobody yet"
WIDTH = 96


def readiness_html(view: LedgerView, answers: Answers) -> str:
    """The page as one self-contained file: no network, no script.

    Raises:
        KeyError: the view holds no decision.
    """
    css = Markup(asset("memo.css") + asset("readiness.css"))
    page = environment(False).get_template("readiness.html.j2")
    return page.render(**_context(view, answers), css=css).lstrip()


def readiness_markdown(view: LedgerView, answers: Answers) -> str:
    """The same in Markdown; each number is followed by the ledger row it was read from.

    Raises:
        KeyError: the view holds no decision.
    """
    text = environment(True).get_template("readiness.md.j2").render(**_context(view, answers))
    return tidied(text)


def readiness_text(view: LedgerView, answers: Answers) -> str:
    """The gaps for the terminal, each with the key under which it can be answered."""
    lines = []
    for row in _context(view, answers)["gaps"]:
        lines.append(f"{WORDS[row['state']]:<4} {row['key']}: {row['question']}")
        owner = f"{row['step']} ({row['owner']})"
        for text in (str(row["known"]), owner):
            lines += textwrap.wrap(text, WIDTH, initial_indent=" " * 5, subsequent_indent=" " * 5)
    return "\n".join(lines or ["No gap is known."])


def tidied(text: str) -> str:
    """Markdown without spaces at the end of lines or several empty lines in a row."""
    lines = [line.rstrip() for line in text.strip().splitlines()]
    kept = [line for i, line in enumerate(lines) if line or (i and lines[i - 1])]
    return "\n".join(kept) + "\n"


def _context(view: LedgerView, answers: Answers) -> dict[str, Any]:
    view.entry("/decide/ship")
    read = Reader(view)
    columns = {name: output_reader(read, name) for name in output_columns(read)} or {"": read}
    rows = [row for line in LINES if (row := _row(columns, line, answers)) is not None]
    gaps = sorted(
        (row for row in rows if row["state"] in OPEN), key=lambda row: OPEN.index(row["state"])
    )
    areas = [
        (area, [row for row in rows if row["area"] == area])
        for area in dict.fromkeys(line.area for line in LINES)
    ]
    return {
        "name": Quote(str(read.value("/brief/name", "")), 120),
        "created_at": str(read.value("/run/created_at", ""))[:10],
        "gaps": gaps,
        "areas": areas,
        "ledger": appendix.ledger(read),
    }


def _known(columns: Mapping[str, Reader], line: Line) -> Known | None:
    """What is known of a line; where the label columns differ, the most open state of any, and each
    with its name."""
    found = [(name, known) for name, read in columns.items() if (known := line.look(read))]
    if not found:
        return None
    first = found[0][1]
    alike = {(state, str(said)) for _, (state, said) in found}
    if len(found) == len(columns) and len(alike) == 1:
        return first
    parts: list[Part] = []
    for name, (_, said) in found:
        parts += ["; " if parts else "", "‘", Quote(name, 40), "’: ", *said.parts]
    return min((state for _, (state, _) in found), key=MOST_OPEN.index), Said(tuple(parts))


def _row(columns: Mapping[str, Reader], line: Line, answers: Answers) -> dict[str, Any] | None:
    """Evidence outranks words: an answer settles what was asked, never a gap that was measured."""
    found = _known(columns, line)
    if found is None:
        return None
    state, known = found
    said = answers.texts.get(line.key, "")
    settled: str = state
    if state == "asked" and said:
        settled = "gap" if NO.match(said) else "answered"
    owner = answers.owner_of(line.key)
    return {
        "key": line.key,
        "area": line.area,
        "question": line.question,
        "state": settled,
        "word": WORDS[settled],
        "known": known,
        "said": Quote(said, 400) if said else None,
        "owner": Quote(owner, 60) if owner else Said((NOBODY if settled in OPEN else "",)),
        "step": line.next_step(state, several=any(map(several_labels, columns.values()))),
    }
