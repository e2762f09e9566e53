"""One answer about several label columns: a bundle ships as its weakest output may.

Every column passes its own gates at their own level. That all of them pass is claimed only where
each does, which needs no correction for several tests (intersection-union test, Berger 1982).
"""

from __future__ import annotations

from collections import Counter
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
Decisions = Mapping[str, Decision]
Alike = tuple[tuple[str, ...], int]
"""The words of a sentence without its numbers, and how many such a column said before."""


def decide_together(decisions: Decisions, metrics: Mapping[str, str]) -> Decision:
    """The decision about all label columns: the first one's, with the worst `ship` of all.

    decisions: by label column, the first one first. metrics: the primary metric of each.
    The first reason of every column, and what could go wrong and what to do next (first what the
    columns that hold the others back need) without saying the same twice; what is about some
    columns names them.
    """
    first = next(iter(decisions.values()))
    worst_first = dict(sorted(decisions.items(), key=lambda one: WORST_FIRST.index(one[1].ship)))
    weakest = next(iter(worst_first.values()))
    cited = {
        "reasons": [
            _named([column], [pieces], f" ({SHIP_WORDS[one.ship].lower()}): ", decisions)
            for column, one in decisions.items()
            for pieces in one.cited["reasons"][:1]
        ],
        "risks": _gathered(decisions, "risks", decisions),
        "next_steps": [*_left_out(decisions), *_gathered(worst_first, "next_steps", decisions)],
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


def _left_out(decisions: Decisions) -> list[list[list[str]]]:
    """That columns which must not ship hold back those that may."""
    held_back = [column for column, one in decisions.items() if one.ship == "no"]
    others = [one.ship for one in decisions.values() if one.ship != "no"]
    if not held_back or not others:
        return []
    may = SHIP_WORDS[min(others, key=WORST_FIRST.index)].lower()
    rest = f" out, if the product can do without, and run again: the rest may {may}."
    return [[["Leave ", ""], *_names(held_back), [rest, ""]]]


def _gathered(order: Decisions, part: str, decisions: Decisions) -> list[list[list[str]]]:
    """The sentences of all columns in an order of these; what several say but for its numbers is
    said once, with the numbers of each."""
    first, alike = next(iter(decisions)), dict[Alike, dict[str, Pieces]]()
    for column, one in order.items():
        seen = Counter[tuple[str, ...]]()
        for pieces in one.cited[part]:
            words = _words(pieces)
            alike.setdefault((words, seen[words]), {})[column] = pieces
            seen[words] += 1
    found: list[list[list[str]]] = []
    for said in alike.values():
        texts = {_text(pieces) for pieces in said.values()}
        own = said.get(first, ())
        roots = {source.split("/")[1] for _, source in own if _is_cited(source)}
        if (roots and not roots & OF_A_COLUMN) or (
            own and len(texts) == 1 < len(said) == len(order)
        ):
            found.append([list(piece) for piece in own])
            said = {column: one for column, one in said.items() if _text(one) != _text(own)}
        if said:
            found.append(_named(list(said), list(said.values()), ": ", decisions))
    return found


def _named(
    columns: Sequence[str], sentences: Sequence[Pieces], colon: str, decisions: Decisions
) -> list[list[str]]:
    """A sentence of some columns, which differ in numbers alone, with the columns' names; each
    number at its column's own ledger row."""
    first = next(iter(decisions))
    roots = ["" if column == first else f"/outputs/{escape(column)}" for column in columns]
    found: list[list[str]] = []
    for same in zip(*sentences, strict=True):
        text, source = same[0]
        values = [
            [said, root + at if at.split("/")[1] in OWN else at]
            for (said, at), root in zip(same, roots, strict=True)
            if _is_cited(at)
        ]
        if not values:
            found.append([text, source])
        elif len({said for said, _ in values}) == 1:
            found.append(values[0])
        else:
            found += _listed([[value] for value in values])
    return [*_names(columns), [colon, ""], *found]


def _names(columns: Sequence[str]) -> list[list[str]]:
    return _listed([[["‘", ""], [column, QUOTE], ["’", ""]] for column in columns])


def _listed(items: Sequence[list[list[str]]]) -> list[list[str]]:
    """Items with commas between them, and an 'and' before the last."""
    found = list(items[0])
    for number, item in enumerate(items[1:], 1):
        found += [[" and " if number == len(items) - 1 else ", ", ""], *item]
    return found


def _words(pieces: Pieces) -> tuple[str, ...]:
    """What a sentence says but for its numbers; all of it where it is quoted as a whole."""
    words = tuple("" if _is_cited(source) else text for text, source in pieces)
    own = any(letter.isalpha() for text in words for letter in text)
    return words if own else tuple(text for text, _ in pieces)


def _is_cited(source: str) -> bool:
    return source.startswith("/")


def _text(pieces: Pieces) -> str:
    return "".join(text for text, _ in pieces)
