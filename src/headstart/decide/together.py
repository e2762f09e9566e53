"""One answer about several label columns: a bundle ships as its weakest output may.

Every column passes its own gates at their own level. That all of them pass is claimed only where
each does, which needs no correction for several tests (intersection-union test, Berger 1982).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from headstart.decide.sentences import QUOTE
from headstart.decide.words import SHIP_WORDS
from headstart.types.ledger import escape
from headstart.types.result import Decision, OutputVerdict, ShipVerdict

WORST_FIRST: tuple[ShipVerdict, ...] = ("no", "with-review", "yes")
OWN = frozenset({"brief", "data", "audit", "adapt", "temperature", "outside", "evaluate"})
"""First tokens of the ledger rows that each further column has of its own."""
OF_A_COLUMN = frozenset({"adapt", "temperature", "outside", "evaluate"})
"""Those that say something about one column alone; the rest is about the data of all."""

Pieces = Sequence[Sequence[str]]


def decide_together(decisions: Mapping[str, Decision], metrics: Mapping[str, str]) -> Decision:
    """The decision about all label columns: the first one's, with the worst `ship` of all.

    decisions: by label column, the first one first. metrics: the primary metric of each.
    The first reason of every column, and what could go wrong and what to do next without saying
    the same twice; what is about one column names it.
    """
    first = next(iter(decisions.values()))
    weakest = min(decisions.values(), key=lambda one: WORST_FIRST.index(one.ship))
    cited = {
        "reasons": [
            _named(column, f" ({SHIP_WORDS[one.ship].lower()}): ", pieces, one is not first)
            for column, one in decisions.items()
            for pieces in one.cited["reasons"][:1]
        ],
        "risks": _gathered(decisions, "risks"),
        "next_steps": _gathered(decisions, "next_steps"),
    }
    said = {name: tuple(_text(one) for one in found) for name, found in cited.items()}
    return replace(
        first,
        ship=weakest.ship,
        rule=weakest.rule,
        reasons=said["reasons"],
        risks=said["risks"],
        next_steps=said["next_steps"],
        cited=cited,
        outputs={
            column: OutputVerdict(one.ship, one.approach, one.transfer, metrics[column], one.rule)
            for column, one in decisions.items()
        },
    )


def _gathered(decisions: Mapping[str, Decision], part: str) -> list[list[list[str]]]:
    """The sentences of all columns, each once."""
    found: list[list[list[str]]] = []
    said: set[str] = set()
    texts = [{_text(pieces) for pieces in one.cited[part]} for one in decisions.values()]
    common = set.intersection(*texts)
    for number, (column, one) in enumerate(decisions.items()):
        for pieces in one.cited[part]:
            if _text(pieces) in said:
                continue
            said.add(_text(pieces))
            roots = {source.split("/")[1] for _, source in pieces if source.startswith("/")}
            of_the_data = number == 0 and bool(roots) and not roots & OF_A_COLUMN
            if of_the_data or (number == 0 and _text(pieces) in common):
                found.append([list(piece) for piece in pieces])
            else:
                found.append(_named(column, ": ", pieces, number > 0))
    return found


def _named(column: str, colon: str, pieces: Pieces, further: bool) -> list[list[str]]:
    """The sentence with its column's name, its numbers at the column's own ledger rows."""
    root = f"/outputs/{escape(column)}" if further else ""
    moved = [
        [text, root + source if source.startswith("/") and source.split("/")[1] in OWN else source]
        for text, source in pieces
    ]
    return [["‘", ""], [column, QUOTE], [f"’{colon}", ""], *moved]


def _text(pieces: Pieces) -> str:
    return "".join(text for text, _ in pieces)
