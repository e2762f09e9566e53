"""Results: estimates with intervals, comparisons, the decision."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

TransferVerdict = Literal["helps", "harms", "inconclusive"]
ShipVerdict = Literal["yes", "with-review", "no"]


@dataclass(frozen=True, slots=True)
class NotAvailable:
    """A value that could not be had, and why. Never a missing key, a None or a crash."""

    reason: str


@dataclass(frozen=True, slots=True)
class Estimate:
    """A number with its interval. `low` and `high` are None only where `method` says why."""

    value: float
    low: float | None
    high: float | None
    n: int
    method: str
    confidence: float = 0.95


@dataclass(frozen=True, slots=True)
class Comparison:
    """A paired comparison of two arms on the same folds: `difference` = metric(a) − metric(b)."""

    a: str
    b: str
    metric: str
    difference: float
    low: float
    high: float
    p_value: float
    test: str
    n: int
    folds: int
    repeats: int
    verdict: TransferVerdict
    """`helps`: the interval lies above zero (a is better); `harms`: below; else `inconclusive`."""
    confidence: float = 0.95
    probability_above_margin: float | None = None
    """P(a beats b by more than the margin), Bayesian correlated t-test."""
    minimum_detectable: float | None = None
    """Smallest true difference found with 80% probability at this n."""
    labels_needed: int | None = None
    """Rows at which the observed difference would be decided with 80% probability; None: it is
    decided already, or no number of rows can be named."""


@dataclass(frozen=True, slots=True)
class MemoError:
    """One wrong prediction worth showing."""

    place: str
    value: str
    """The text, or the path of the image."""
    label: str
    predicted: str
    probability: float


@dataclass(frozen=True, slots=True)
class ClassRow:
    """One class on the rows that decide."""

    label: str
    n: int
    precision: Estimate | NotAvailable
    recall: Estimate | NotAvailable
    f1: float


@dataclass(frozen=True, slots=True)
class SelectiveCertificate:
    """With `confidence`, at most the share `limit` of the answers at or above `threshold` is wrong.

    Coverage is the share of the n rows that is answered, with Wilson's interval; `upper` the exact
    one-sided bound of the share of wrong answers at the threshold, never above `limit`.
    """

    threshold: float
    limit: float
    confidence: float
    coverage: float
    coverage_low: float
    coverage_high: float
    answered: int
    wrong: int
    upper: float
    n: int
    method: str


@dataclass(frozen=True, slots=True)
class ClassCertificate:
    """The certificate of the answers of one class."""

    label: str
    certificate: SelectiveCertificate | NotAvailable


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """Answering alone from a probability on; the rest goes to a person.

    `error` is the share of wrong ones among the answered rows, with Wilson's interval; None where
    none is answered. `cost` is the cost of a case; None where the brief names no costs.
    """

    threshold: float
    share: float
    answered: int
    wrong: int
    error: float | None
    error_low: float | None
    error_high: float | None
    cost: float | None
    n: int


@dataclass(frozen=True, slots=True)
class SelectiveReport:
    """Answering only when sure, on the clean rows of the hold-out."""

    limit: float | None
    """Largest acceptable share of wrong answers; None: the brief names none."""
    confidence: float
    certificate: SelectiveCertificate | NotAvailable
    cases_needed: int | None
    """Labelled cases beside these with which the limit could be certified; None where it is
    certified, or no number can be named."""
    per_class: tuple[ClassCertificate, ...]
    curve: tuple[CurvePoint, ...]
    """The strictest threshold first."""
    best: CurvePoint | NotAvailable
    """The threshold that cost least on the development rows, as it does on the hold-out."""


@dataclass(frozen=True, slots=True)
class CostReport:
    """Cost of a case on the rows that decide, in the brief's own unit."""

    answers: Estimate | NotAvailable
    """Of the most probable answers."""
    cheapest_answers: Estimate | NotAvailable
    """Of the answers with the least expected cost."""
    difference: Estimate | NotAvailable
    """The second less the first."""
    majority: Estimate | NotAvailable
    """Of always giving the answer that costs least on the development rows."""
    review: float | None
    """Of a person's review of one case."""
    accuracy_of_cheapest: Estimate | NotAvailable


@dataclass(frozen=True, slots=True)
class ReliabilityRow:
    """Rows whose stated probability lies in one range: what was stated, and what came true."""

    low: float
    high: float
    n: int
    stated: float
    right: float
    right_low: float
    right_high: float


@dataclass(frozen=True, slots=True)
class CalibrationReport:
    """How far stated probabilities lie from what happens, on the rows that decide."""

    error: Estimate | NotAvailable
    """Debiased calibration error (Kumar et al. 2019) of the most probable answer."""
    reliability: float | None
    resolution: float | None
    uncertainty: float | None
    """The Brier score is reliability − resolution + uncertainty, but for spread within bins."""
    table: tuple[ReliabilityRow, ...]


@dataclass(frozen=True, slots=True)
class HoldoutAnswers:
    """Every answer on the hold-out: what a later run is compared with. Arrays stay out of the
    ledger."""

    keys: NDArray[np.uint8]
    """sha256 of the content of each row (n, 32)."""
    codes: NDArray[np.int64]
    """True labels, indices into `labels` (n,)."""
    probabilities: NDArray[np.float32]
    """(n, classes)."""
    clean: NDArray[np.bool_]
    """Whether the row decides (n,)."""
    labels: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class EvaluationReport:
    """The chosen model on the rows that decide: the hold-out, or out-of-fold without one."""

    basis: Literal["hold-out", "cross-validation"]
    n: int
    n_all: int
    openings: int
    """How often the hold-out has been opened, this time included; 0 without one."""
    metrics: dict[str, Estimate | NotAvailable]
    metrics_all: dict[str, Estimate | NotAvailable]
    """The same on all hold-out rows, duplicates of training rows included."""
    majority: dict[str, Estimate | NotAvailable]
    """The majority answer on the same rows."""
    against_majority: Comparison | NotAvailable
    per_class: tuple[ClassRow, ...]
    confusion: list[list[int]]
    labels: tuple[str, ...]
    errors: tuple[MemoError, ...]
    unseen_labels: tuple[str, ...] = ()
    selective: SelectiveReport | NotAvailable = NotAvailable(
        "without a hold-out nothing can be certified"
    )
    costs: CostReport | NotAvailable = NotAvailable("the brief names no costs of mistakes")
    calibration: CalibrationReport | NotAvailable = NotAvailable("calibration was not measured")
    answers: HoldoutAnswers | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Decision:
    """The answer. `to_json` in `headstart.decide` gives decision.json."""

    transfer: TransferVerdict
    approach: str
    ship: ShipVerdict
    reasons: tuple[str, ...]
    risks: tuple[str, ...]
    next_steps: tuple[str, ...]
    chosen: dict[str, Any] = field(default_factory=dict)
    """arm, backbone, head and its settings."""
    rule: str = ""
    """Name of the rule that gave `ship`."""
    rules_version: str = ""
    cited: dict[str, Any] = field(default_factory=dict)
    """reasons, risks and next_steps in pieces [text, source]: the source of a number is the ledger
    pointer of the row it was read from, `quote` marks the user's own words, else it is empty."""
