"""What a memo is made of: numbers that link to their ledger row, quotations, sentences."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from markupsafe import Markup

from headstart.decide.evidence import at, branches, kind
from headstart.decide.words import NUMBER, confidence, count, visible
from headstart.metrics.words import metric_value
from headstart.types.ledger import Entry, LedgerView

PROSE = 700
"""Characters of a sentence from the ledger that are shown."""
NAME = 80
"""Characters of a quoted name that are shown."""


@dataclass(frozen=True, slots=True)
class Figure:
    """A number and the ledger row it was read from, or worked out from (`derived`)."""

    text: str
    id: int
    derived: bool = False

    def __str__(self) -> str:
        return self.text

    def __html__(self) -> str:
        kind = "n derived" if self.derived else "n"
        return Markup('<a class="{}" href="#L{}">{}</a>').format(kind, self.id, self.text)


@dataclass(frozen=True, slots=True)
class Quote:
    """Somebody else's text: shown as it is, never interpreted, its direction kept to itself."""

    text: str
    limit: int | None = None

    def __str__(self) -> str:
        return visible(self.text, self.limit)

    def __html__(self) -> str:
        return Markup("<bdi>{}</bdi>").format(str(self))


@dataclass(frozen=True, slots=True)
class Said:
    """A sentence of plain text, figures and quotations."""

    parts: tuple[str | Figure | Quote, ...]

    def __str__(self) -> str:
        return "".join(str(part) for part in self.parts)

    def __html__(self) -> str:
        return Markup("").join(self.parts)

    def __bool__(self) -> bool:
        return bool(self.parts)


@dataclass(frozen=True, slots=True)
class Measure:
    """An estimate as figures; without one, `why` says so."""

    value: Figure | None = None
    low: Figure | None = None
    high: Figure | None = None
    n: Figure | None = None
    confidence: Figure | None = None
    method: str = ""
    why: Said = Said(())


def ids_of(item: Any) -> list[int]:
    """Ledger ids of every figure inside, each once, in order of appearance."""
    found: dict[int, None] = {}

    def look(node: Any) -> None:
        if isinstance(node, Figure):
            found[node.id] = None
        elif isinstance(node, Said):
            look(node.parts)
        elif isinstance(node, Measure):
            look((node.value, node.why.parts))
        elif isinstance(node, dict):
            look(list(node.values()))
        elif isinstance(node, (list, tuple)):
            for part in node:
                look(part)

    look(item)
    return list(found)


@dataclass(slots=True)
class Reader:
    """Reads a view into figures, and remembers which rows were used."""

    view: LedgerView
    used: set[int] = field(default_factory=set)

    def at(self, pointer: str) -> Entry | None:
        return at(self.view, pointer)

    def value(self, pointer: str, default: Any = None) -> Any:
        """The value at `pointer`, or `default` where there is none."""
        found = self.at(pointer)
        return default if found is None or found.value is None else found.value

    @property
    def steps(self) -> bool:
        """Whether costs are the steps of the labels' order."""
        own = ("mistake_costs", "false_alarm_costs", "cost_matrix")
        ordered = bool(self.value("/brief/data/order"))
        return ordered and not any(
            self.value(f"/brief/{name}") or branches(self.view, f"/brief/{name}") for name in own
        )

    def figure(self, text: str, entry: Entry, derived: bool = False) -> Figure:
        """`text`, read from `entry`, or worked out from it and its neighbours."""
        self.used.add(entry.id)
        return Figure(text, entry.id, derived)

    def number(self, pointer: str, write: Any = count) -> Figure | None:
        """The number at `pointer` as `write` writes it; None where there is none."""
        found = self.at(pointer)
        if found is None or not isinstance(found.value, (int, float)):
            return None
        return self.figure(write(found.value), found)

    def prose(self, text: str, entry: Entry) -> Said:
        """Text from the ledger, cut when very long, each number in it linked to its row."""
        if len(text) > PROSE:
            text = text[: PROSE - 1].rstrip() + "…"
        parts: list[str | Figure | Quote] = []
        end = 0
        for match in NUMBER.finditer(text):
            if match.start() > end:
                parts.append(Quote(text[end : match.start()]))
            parts.append(self.figure(match.group(), entry))
            end = match.end()
        if text[end:]:
            parts.append(Quote(text[end:]))
        return Said(tuple(_spaced(parts, text)))

    def sentence(self, text: str, pieces: Sequence[Sequence[str]], own: Entry) -> Said:
        """A decision's sentence; without pieces its numbers link to the sentence's own row."""
        if not pieces:
            return self.prose(text, own)
        parts: list[str | Figure | Quote] = []
        for piece, source in pieces:
            entry = self.at(source) if source.startswith("/") else None
            if source == "quote":
                parts.append(Quote(piece, NAME))
            elif not source.startswith("/"):
                parts.append(piece)
            elif NUMBER.fullmatch(piece.lstrip("<= ").removesuffix(" ms")):
                parts.append(self.figure(piece, entry or own))
            else:
                parts.extend(self.prose(piece, entry or own).parts)
        return Said(tuple(parts))

    def measure(self, metric: str, entry: Entry | None, write: Any = None) -> Measure:
        """An estimate of `metric`, or why there is none."""
        if entry is None:
            return Measure(why=Said(("not recorded",)))
        if kind(entry) == "NotAvailable":
            return Measure(why=self.prose(str(entry.value["reason"]), entry))
        found = entry.value

        def put(name: str) -> Figure | None:
            number = found[name]
            if number is None:
                return None
            text = write(number) if write else metric_value(metric, number)
            return self.figure(text, entry)

        return Measure(
            value=put("value"),
            low=put("low"),
            high=put("high"),
            n=self.figure(count(found["n"]), entry),
            confidence=self.figure(confidence(found["confidence"]), entry),
            method=found["method"],
        )


def _spaced(parts: Iterable[str | Figure | Quote], text: str) -> list[str | Figure | Quote]:
    """Quotations trim white space; put the spaces around figures back."""
    spaced: list[str | Figure | Quote] = []
    for part in parts:
        if not isinstance(part, Quote):
            spaced.append(part)
            continue
        if part.text[:1].isspace() and spaced:
            spaced.append(" ")
        if part.text.strip():
            spaced.append(part)
        if part.text[-1:].isspace() and part.text.strip():
            spaced.append(" ")
    return spaced
