"""One line of the checklist, and how its evidence is put."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from headstart.decide.evidence import at, branches, kind, value
from headstart.decide.figures import Figure, Measure, Quote, Reader, Said
from headstart.metrics.words import difference, metric_name, unit
from headstart.types.ledger import escape

State = Literal["done", "gap", "asked"]
Part = str | Figure | Quote
Known = tuple[State, Said]
SELECTION, DATA, EVALUATION, DEPLOYMENT = (
    "Model selection", "Data quality", "Evaluation", "Deployment",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the checklist.

    `look` says what the ledger knows: done, a gap that words cannot close, or asked, where a
    person must say; None: it does not concern this run. mend: the next step where it was measured
    and is a gap, if that is another one than where it was not. of_sets: what stands in the place of
    mend, or of the step where there is no mend, if a row may have several labels.
    """

    key: str
    area: str
    question: str
    step: str
    look: Callable[[Reader], Known | None]
    mend: str = ""
    of_sets: str = ""

    def next_step(self, state: State, *, several: bool = False) -> str:
        if self.mend and state != "gap":
            return self.step
        return (several and self.of_sets) or self.mend or self.step


def done(*parts: Part) -> Known:
    return "done", Said(parts)


def gap(*parts: Part) -> Known:
    return "gap", Said(parts)


def asked(*parts: Part) -> Known:
    return "asked", Said(parts)


def interval(found: Measure) -> tuple[Part, ...]:
    """An estimate with its interval, or why there is none."""
    if found.value is None:
        return found.why.parts
    if found.low is None or found.high is None:
        return (found.value,)
    return found.value, " (", found.low, " to ", found.high, ")"


def arm(read: Reader, family: str) -> Measure | None:
    """The primary metric of the first arm of a family, on the folds."""
    metric = str(read.value("/adapt/metric", "accuracy"))
    for pointer in branches(read.view, "/adapt/arms"):
        if value(read.view, f"{pointer}/family") == family:
            return read.measure(metric, at(read.view, f"{pointer}/metrics/{escape(metric)}"))
    return None


def metric_of(read: Reader) -> str:
    return metric_name(str(read.value("/adapt/metric", "accuracy")), steps=read.steps)


def gain(read: Reader, pointer: str) -> tuple[Part, ...]:
    """A paired comparison as its difference and interval; empty where there is none."""
    entry = read.at(pointer)
    if entry is None or kind(entry) != "Comparison":
        return ()
    found, metric = entry.value, entry.value["metric"]
    low, middle, high = (
        read.figure(difference(metric, found[key]), entry) for key in ("low", "difference", "high")
    )
    return middle, f" {unit(metric, steps=read.steps)} (", low, " to ", high, ")"
