"""Selection: candidates raced against each other, measured, and one of them picked."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from headstart.types.result import Comparison, Estimate, NotAvailable

Status = Literal["picked", "tied", "kept", "dropped", "out"]
"""picked; tied: not credibly worse than the best by more than the margin, but not as cheap; kept:
raced to the end and worse; dropped: left the race when credibly behind; out: breaks a limit, may
not be used, or could not be run."""
Measured = Estimate | NotAvailable


@dataclass(frozen=True, slots=True)
class Lap:
    """One round of the race: everyone still in it, on the same rows and folds."""

    rows: int
    repeats: int
    seconds: float
    scores: dict[str, Estimate]
    """By reference."""
    left: dict[str, str]
    """Who left after this round, and why."""


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a candidate ended."""

    ref: str
    status: Status
    reason: str
    score: Estimate | NotAvailable
    rows: int
    """Rows on which it was last scored."""
    seconds_per_row: Measured
    """Of features, on all cores of this machine."""
    behind: Comparison | None = None
    """The best minus this one, on the folds of the last round that both ran in."""


@dataclass(frozen=True, slots=True)
class RaceReport:
    """How the race went. `best` scored highest; `pick` is the cheapest that is not worse."""

    metric: str
    best: str
    pick: str
    laps: tuple[Lap, ...]
    standings: tuple[Standing, ...]
    stopped: str
    """Why the race ended when it did."""
    seconds: float


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """Score of models trained on `rows` rows."""

    rows: int
    score: Estimate


@dataclass(frozen=True, slots=True)
class LearningCurve:
    """Measured points, and what a piecewise power law of the error expects beyond them."""

    points: tuple[CurvePoint, ...]
    expected: tuple[CurvePoint, ...]
    needed: Estimate | NotAvailable
    """Rows for the required level, or why that cannot be said."""
    sentence: str
    method: str


@dataclass(frozen=True, slots=True)
class Operations:
    """The deployable form on this machine: a bundle with this backbone, one request at a time."""

    precision: Literal["fp32", "int8"]
    latency_ms: dict[str, Estimate | NotAvailable]
    rows_per_second: Measured
    cold_start_ms: Measured
    """From starting a process to its first answer."""
    peak_mb: Measured
    bundle_mb: Measured
    cost_per_million: Measured
    loss: Comparison | NotAvailable
    """Score of full precision minus this one's, same rows and folds."""


@dataclass(frozen=True, slots=True)
class Limit:
    """A limit of the brief, and whether a candidate keeps it."""

    name: str
    limit: str
    measured: str
    fits: bool | None
    """None: it could not be measured."""


@dataclass(frozen=True, slots=True)
class ScorecardEntry:
    """Everything that was measured of one candidate."""

    ref: str
    name: str
    standing: Standing
    licence: str
    licence_note: str
    allowed: bool | None
    publisher: str
    notes: str
    sha256: str
    hash_known: bool
    """Whether the card names the hash that the weights were checked against."""
    parameters: int | None
    width: int | None
    adaptation: tuple[str, ...]
    stages: tuple[str, ...]
    """Names of the network's stages, bottom first."""
    curve: LearningCurve | NotAvailable
    diagnostics: dict[str, Measured] = field(default_factory=dict)
    relatedness: dict[str, Measured] = field(default_factory=dict)
    input_fit: dict[str, Measured] = field(default_factory=dict)
    operations: tuple[Operations, ...] = ()
    limits: tuple[Limit, ...] = ()


@dataclass(frozen=True, slots=True)
class SelectionReport:
    """The scorecard of every candidate, and the pick."""

    metric: str
    rows: int
    margin: float
    pick: str
    reasons: tuple[str, ...]
    ties: tuple[str, ...]
    carried: tuple[str, ...]
    """What the numbers say carries over from the source."""
    entries: tuple[ScorecardEntry, ...]
    race: RaceReport
    budget_minutes: float
    machine: str
