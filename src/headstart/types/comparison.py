"""Two finished runs on the hold-out rows that they share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from headstart.types.result import Comparison, Estimate, NotAvailable


@dataclass(frozen=True, slots=True)
class CommonRows:
    """How many hold-out rows two runs share. A row is its content and its true label."""

    of_a: int
    of_b: int
    common: int
    deciding: int
    """Common rows that repeat a training row of neither run: they decide."""
    only_a: int
    only_b: int
    same: bool
    """Whether both hold-outs are the same rows."""


@dataclass(frozen=True, slots=True)
class PairedAnswers:
    """How often each run is right on the common rows that decide."""

    both: int
    only_a: int
    only_b: int
    neither: int


@dataclass(frozen=True, slots=True)
class PairedRuns:
    """Two runs on common rows: which one answers better, by the metric that decides."""

    metric: str
    metric_reason: str
    better: Literal["a", "b", "neither"]
    """By the interval of the difference of `metric`; `neither` is no proof that they are equal."""
    rows: CommonRows
    right: PairedAnswers
    differences: dict[str, Comparison | NotAvailable]
    """metric -> metric(a) − metric(b)."""
    of_a: dict[str, Estimate | NotAvailable]
    """Metrics of a on the common rows that decide."""
    of_b: dict[str, Estimate | NotAvailable]
