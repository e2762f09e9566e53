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
    df: int | None = None
    """Degrees of freedom of the t; None: it is no t."""
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

    `coverage` is the share of the n rows that is answered, with Wilson's interval, and `reviewed`
    the rest; `error` the share of wrong answers among the answered rows, and `upper` its exact
    one-sided bound, never above `limit`. `tested` is how many of the answered rows the test counts,
    and `tested_wrong` how many of those are wrong.
    """

    threshold: float
    limit: float
    confidence: float
    coverage: float
    coverage_low: float
    coverage_high: float
    reviewed: float
    answered: int
    wrong: int
    error: float
    upper: float
    n: int
    method: str
    tested: int = 0
    tested_wrong: int = 0

    @property
    def delta(self) -> float:
        """Probability that the certificate does not hold, at most."""
        return 1.0 - self.confidence


@dataclass(frozen=True, slots=True)
class ClassCertificate:
    """A certificate for the answers of one class; all classes hold together."""

    label: str
    certificate: SelectiveCertificate | NotAvailable


@dataclass(frozen=True, slots=True)
class CostReport:
    """What the answers to a case cost on the rows that decide, in the brief's own unit."""

    answers: Estimate
    """Of the most probable answers."""
    cheapest: Estimate
    """Of the answers with the least expected cost."""
    difference: Estimate
    """The second less the first, on the same rows."""
    constant: Estimate
    """Of the one answer that is cheapest when every case gets it."""
    accuracy_of_answers: Estimate
    accuracy_of_cheapest: Estimate


@dataclass(frozen=True, slots=True)
class AutomationPoint:
    """Answering alone from `threshold` on: the share that is answered, and the cost of a case."""

    threshold: float
    share: float
    cost: float


@dataclass(frozen=True, slots=True)
class AutomationReport:
    """Automated share against cost per case on the rows that decide, reviews included.

    The thresholds, and the `chosen` one at which a case costs least, come from other rows.
    """

    points: tuple[AutomationPoint, ...]
    """The strictest first; the last one answers everything."""
    chosen: float
    share: Estimate
    """Answered without a person at the chosen threshold."""
    cost: Estimate
    """Of a case at the chosen threshold."""
    alone: Estimate
    """Of a case when the model answers every one."""
    review: float
    """Of a case when a person looks at every one."""


@dataclass(frozen=True, slots=True)
class SliceRow:
    """One part of the rows that decide against the others."""

    name: str
    kind: str
    """`column`, `size` of the input, `cluster` of inputs that look alike, third of the `time`,
    `finding` of the audit about inputs, or `doubt` about the labels of the nearest rows."""
    error: Estimate
    rest: Estimate
    low: float
    """Ends of the interval of the difference of the two error rates."""
    high: float
    p_value: float
    """One-sided, adjusted for all parts that were tested."""
    worse: bool


@dataclass(frozen=True, slots=True)
class SliceReport:
    """Parts that no hold-out label chose, tested on the hold-out, the worst first."""

    rows: tuple[SliceRow, ...]
    tested: int
    too_small: int
    """Parts that have too few hold-out rows to be tested."""


@dataclass(frozen=True, slots=True)
class StressRow:
    """Some hold-out rows changed in one way."""

    kind: str
    strength: str
    accuracy: Estimate
    change: float
    """Of accuracy, against the same rows as they are."""
    low: float
    high: float
    stated: float
    """Mean probability of the answers: what accuracy the model claims."""
    log_loss: float


@dataclass(frozen=True, slots=True)
class StressReport:
    """The rows as they are first, then each change with growing strength."""

    rows: tuple[StressRow, ...]
    n: int


@dataclass(frozen=True, slots=True)
class ErrorGroup:
    """Wrong answers of one pattern."""

    pattern: str
    name: str
    n: int
    examples: tuple[MemoError, ...]


@dataclass(frozen=True, slots=True)
class GalleryReport:
    """Every wrong answer in one group. `doubts`: errors that may be the label's, not the model's;
    only looked for where `compared` with the nearest development rows."""

    errors: int
    n: int
    doubts: int
    compared: bool
    groups: tuple[ErrorGroup, ...]


@dataclass(frozen=True, slots=True)
class OutsidePoint:
    """One threshold: rows in scope that are told right and not flagged, and rows out of scope that
    are flagged."""

    threshold: float
    accuracy: float
    recall: float


@dataclass(frozen=True, slots=True)
class OutsideReport:
    """Rows that are none of the classes: how many are seen for what they are."""

    score: str
    n: int
    n_outside: int
    recall: Estimate
    """Share of the rows out of scope that are flagged."""
    false_alarms: Estimate
    """Share of the rows in scope that are flagged."""
    accuracy: Estimate
    """Of the rows in scope, a flagged one counted as wrong."""
    auroc: float
    confident: Estimate
    """Share of the rows out of scope that are not flagged and answered with 0.9 or more."""
    points: tuple[OutsidePoint, ...]
    """From few flags to many."""
    alone: Estimate | NotAvailable = NotAvailable("no threshold is certified")
    """Share of the rows out of scope that are answered without a person: not flagged, and at the
    certified threshold or above. Each of these answers is wrong."""
    bearable: float | None = None
    """Share of the cases in use that may lie out of scope before more than the brief's limit of all
    that is answered alone is wrong, if all is as it was measured; None where none was answered."""


@dataclass(frozen=True, slots=True)
class SetSizeRow:
    """Rows whose prediction set has `size` labels (or more, where `or_more`), and of how many of
    them it holds the true one."""

    size: int
    or_more: bool
    n: int
    held: int


@dataclass(frozen=True, slots=True)
class PredictionSetReport:
    """Sets of all labels that are probable enough, on the rows that decide.

    The threshold comes from other rows, so that `coverage` is measured on rows that chose nothing.
    """

    level: float
    """Share of the cases whose set should hold the true label."""
    threshold: float
    """The probability from which on a label is in the set."""
    n_reference: int
    """Development rows that the threshold was taken from."""
    coverage: Estimate
    """Share of the rows whose set holds the true label, with Clopper and Pearson's interval."""
    size: Estimate
    """Labels in a set."""
    single: Estimate
    """Share of the sets with one label."""
    empty: Estimate
    """Share of the sets with none."""
    sizes: tuple[SetSizeRow, ...]
    """The smallest first."""


@dataclass(frozen=True, slots=True)
class StepsRow:
    """Answers that are `steps` off (or more, where `or_more`)."""

    steps: int
    or_more: bool
    n: int
    share: Estimate


@dataclass(frozen=True, slots=True)
class OrdinalReport:
    """Labels with an order: how far off the answers are on the rows that decide, in steps."""

    mean_absolute_error: Estimate
    kappa: Estimate | NotAvailable
    """Cohen's kappa with quadratic weights (1968)."""
    steps: tuple[StepsRow, ...]
    """The exactly right ones first."""


@dataclass(frozen=True, slots=True)
class TodayReport:
    """Today's process against the model, on the rows that decide and that it answers."""

    answered: Estimate
    """Share of the rows that decide; the others count for neither."""
    accuracy: Estimate
    """Of today's process."""
    accuracy_of_model: Estimate
    """Of the model on the same rows."""
    cost: Estimate | NotAvailable
    """Of a case by today's process."""
    cost_of_model: Estimate | NotAvailable
    difference: Comparison | NotAvailable
    """The model less today's process: `helps` says that the model is better."""
    strange: int = 0
    """Answers of today's process that are no label; each is wrong."""
    strange_answers: tuple[str, ...] = ()
    """Some of them."""
    accuracy_of_all: Estimate | NotAvailable = NotAvailable("it was not measured")
    """Of today's process on all rows that decide: one that it leaves empty is not right. It is
    shown, and nothing is compared with it."""


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
class BrierParts:
    """Brier score = reliability − resolution + uncertainty + within.

    reliability: stated shares against what came true, 0 at best. resolution: how far the shares of
    the bins lie from those of all rows. uncertainty: Σ_c ō_c (1 − ō_c) of the labels alone. within:
    what probabilities of one bin differ by (Stephenson et al. 2008); 0 where they are equal.
    """

    reliability: float
    resolution: float
    uncertainty: float
    within: float


@dataclass(frozen=True, slots=True)
class CalibrationReport:
    """Whether stated probabilities come true, on the rows that decide."""

    error: Estimate
    """Root mean square of the gap between stated probability and share that is right, debiased."""
    reliability: tuple[ReliabilityRow, ...]
    brier: BrierParts
    log_loss_as_it_is: Estimate | NotAvailable
    """Before the probabilities were scaled; not available where they were not."""
    sure: Estimate
    """Share of the answers given with a probability of `sure_from` or more."""
    sure_wrong: Estimate | NotAvailable
    """Share of those that is wrong."""
    sure_from: float = 0.9


@dataclass(frozen=True, slots=True, eq=False)
class HoldoutAnswers:
    """What the model said of every hold-out row, kept when the hold-out was opened.

    Rows are recognised by their content, so that two models can be compared on those they share
    without opening anything again.
    """

    keys: NDArray[np.uint8]
    """sha256 of the content (n, 32)."""
    codes: NDArray[np.int64]
    """True label (n,), an index into the report's `labels`; where a row may have several 1 for each
    of them (n, labels)."""
    proba: NDArray[np.floating]
    """(n, labels)."""
    given: NDArray[np.int64]
    """The answer to each row, in the same form."""
    clean: NDArray[np.bool_]
    """Whether the row decides (n,)."""
    places: NDArray[np.str_]
    """Where the row stands (n,)."""


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
    certificate: SelectiveCertificate | NotAvailable = NotAvailable(
        "the brief names no largest share of wrong answers (max_error)"
    )
    """From which probability on the model may answer without a person."""
    class_certificates: tuple[ClassCertificate, ...] = ()
    """The same for the answers of each class; empty where no limit is named."""
    costs: CostReport | NotAvailable = NotAvailable("the brief names no costs of mistakes")
    calibration: CalibrationReport | NotAvailable = NotAvailable("it was not measured")
    slices: SliceReport | NotAvailable = NotAvailable("parts were not looked at")
    stress: StressReport | NotAvailable = NotAvailable("no row was changed")
    gallery: GalleryReport | NotAvailable = NotAvailable("the errors were not grouped")
    outside: OutsideReport | NotAvailable = NotAvailable(
        "the brief names no label of rows out of scope (out_of_scope)"
    )
    automation: AutomationReport | NotAvailable = NotAvailable(
        "the brief names no cost of a review ([mistakes] review)"
    )
    prediction_sets: PredictionSetReport | NotAvailable = NotAvailable(
        "the brief asks for no prediction sets ([requirement] sets)"
    )
    level: float | NotAvailable | None = None
    """The level that was required when the hold-out was opened; None: that was not recorded."""
    ordinal: OrdinalReport | NotAvailable = NotAvailable(
        "the brief names no order of the labels ([data] order)"
    )
    today: TodayReport | NotAvailable = NotAvailable(
        "the brief names no column of today's answers ([data] current)"
    )
    answered: HoldoutAnswers | NotAvailable = field(
        default=NotAvailable("the answers to the hold-out rows were not kept"), compare=False
    )
    """Row by row; its arrays stay out of the ledger."""


@dataclass(frozen=True, slots=True)
class OutputVerdict:
    """The answer about one label column of several."""

    ship: ShipVerdict
    approach: str
    transfer: TransferVerdict
    metric: str
    rule: str


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
    outputs: dict[str, OutputVerdict] = field(default_factory=dict)
    """Of several label columns, the answer about each, the first one first; then `ship` and `rule`
    are those of the column that holds the others back, and all else is the first one's."""
