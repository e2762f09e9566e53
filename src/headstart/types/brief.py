"""The brief: one backlog item, what it is worth and what would make it fit to ship."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

MetricName = Literal[
    "accuracy",
    "macro_f1",
    "balanced_accuracy",
    "log_loss",
    "cost",
    "micro_f1",
    "average_precision",
    "hamming_loss",
]
FailureCost = Literal["low", "medium", "high"]
Use = Literal["commercial", "research"]
MaxStage = Literal["frozen", "probe", "norms", "top-1", "top-2", "top-4", "full"]
"""The rung that thawing may climb to."""
ModalityName = Literal["text", "image"]
LARGEST_SHARE = 0.6
"""Share of the rows above which one class drowns the others: accuracy is mostly that class."""


@dataclass(frozen=True, slots=True)
class DataSource:
    """Where the labelled examples are. Paths are absolute once the brief is resolved."""

    path: str
    input_column: str | None = None
    label_column: str | None = None
    holdout: str | None = None
    modality: ModalityName | None = None
    group_column: str | None = None
    """Rows of one value (customer, device, speaker) are never on both sides of a split."""
    time_column: str | None = None
    """The latest rows become the hold-out."""
    also: tuple[str, ...] = ()
    """Other label columns of the same rows: audited, and decided about in the same run."""
    separator: str | None = None
    """What stands between the labels of a row that may have several."""
    out_of_scope: str | None = None
    """The label of rows that are none of the classes. Nothing is trained on them."""
    order: tuple[str, ...] = ()
    """Every label of the first label column from the lowest to the highest; empty: no order."""
    current: str | None = None
    """The column with what today's process answers. Nothing is trained on it."""
    definitions: dict[str, str] = field(default_factory=dict)
    """Label name to its definition in plain words."""
    prevalence: dict[str, float] = field(default_factory=dict)
    """Share of the cases in use that have each label; empty: they come as the rows do."""


@dataclass(frozen=True, slots=True)
class Requirement:
    """What the result must reach to ship without review."""

    metric: MetricName | None = None
    """None: the cost of a case where costs or an order of the labels are named and no level is;
    else accuracy, or macro-F1 where one class holds over 60% of the rows."""
    level: float | None = None
    """Required level of the primary metric on the hold-out; None: no level is named."""
    margin: float = 0.01
    """A difference of the primary metric smaller than this is not worth a more complex arm."""
    confidence: float = 0.95
    """Level of every interval, between 0 and 1."""
    max_error: float | None = None
    """Largest acceptable share of wrong answers among the answered cases; None: none is named."""
    certainty: float = 0.95
    """Confidence with which `max_error` must be certified."""
    false_alarms: float = 0.05
    """Share of the rows in scope that may be said to lie out of scope."""
    sets: float | None = None
    """Share of the cases whose prediction set should hold the true label; None: no sets."""


@dataclass(frozen=True, slots=True)
class Budget:
    """What the answer may cost. Seconds, milliseconds, and the brief's own currency."""

    minutes: float = 5.0
    """Compute for the whole run on this machine. Turned into repeats of the folds by a fixed
    rule (never by the clock, so that the answer does not depend on how busy the machine is)."""
    latency_ms: float | None = None
    """Largest acceptable p95 latency of one request."""
    price_per_core_hour: float = 0.05
    concurrency: int = 1
    """Requests that are under way at once while latency is measured."""


@dataclass(frozen=True, slots=True)
class ColumnCosts:
    """What mistakes in a further label column cost, in the unit of the brief's other costs."""

    costs: dict[str, float] = field(default_factory=dict)
    """Of missing one case of a label, by label name."""
    false_alarms: dict[str, float] = field(default_factory=dict)
    matrix: dict[str, dict[str, float]] = field(default_factory=dict)

    @property
    def named(self) -> bool:
        return bool(self.costs or self.false_alarms or self.matrix)


@dataclass(frozen=True, slots=True)
class Brief:
    """A validated brief. `defaulted` names the fields that the user did not set, as in
    headstart.toml."""

    name: str
    data: DataSource
    carry_over: str = ""
    """In plain words, what should carry over from the source model."""
    value: str = ""
    """In plain words, what the feature is worth."""
    requirement: Requirement = Requirement()
    budget: Budget = Budget()
    mistake_costs: dict[str, float] = field(default_factory=dict)
    """Cost of missing one case of a label, by label name; 1.0 where not named."""
    false_alarm_costs: dict[str, float] = field(default_factory=dict)
    """Cost of answering a label for a case that is none of it, beside the miss; 0 where not named.
    """
    cost_matrix: dict[str, dict[str, float]] = field(default_factory=dict)
    """Cost of one mistake, true label -> answer -> cost; stands above the other two."""
    column_costs: dict[str, ColumnCosts] = field(default_factory=dict)
    """The same three of further label columns, by the name of the column."""
    review_cost: float | None = None
    """Cost of a person's review of one case, in the unit of the other costs."""
    automated_value: float = 0.0
    """What a case is worth that is answered without a person, in the same unit."""
    failure_cost: FailureCost = "medium"
    use: Use = "commercial"
    """What the feature is for: some licences allow research only."""
    reference: str | None = None
    """A sample of what the backbone was trained on, to measure how far the data lies from it."""
    backbones: tuple[str, ...] = ()
    """Backbone references to try; empty: the built-in one for the modality."""
    max_stage: MaxStage = "top-4"
    rungs: tuple[str, ...] = ()
    """Rungs to climb, by name, in this order; empty: those up to max_stage."""
    folds: int = 5
    repeats: int | None = None
    """None: 2, or more where the budget allows."""
    seed: int = 0
    defaulted: tuple[str, ...] = ()

    @property
    def names_costs(self) -> bool:
        """Whether it says what a mistake costs."""
        return bool(self.mistake_costs or self.false_alarm_costs or self.cost_matrix)

    @property
    def weighs_mistakes(self) -> bool:
        """Whether some mistakes are worse than others, by costs or by the order of the labels."""
        return self.names_costs or bool(self.data.order)

    @property
    def counts_steps(self) -> bool:
        """Whether costs are the steps of the labels' order."""
        return bool(self.data.order) and not self.names_costs


SAID_AS = {
    "name": "task.name",
    "value": "task.value",
    "use": "task.use",
    "carry_over": "task.carry_over",
    "data.input_column": "data.input",
    "data.label_column": "data.label",
    "data.group_column": "data.group",
    "data.time_column": "data.time",
    "data.definitions": "labels",
    "data.prevalence": "prevalence",
    "mistake_costs": "mistakes.costs",
    "false_alarm_costs": "mistakes.false_alarms",
    "cost_matrix": "mistakes.matrix",
    "column_costs": "columns",
    "failure_cost": "mistakes.failure_cost",
    "review_cost": "mistakes.review",
    "automated_value": "mistakes.automated",
    "backbones": "trial.backbones",
    "reference": "trial.reference",
    "max_stage": "trial.max_stage",
    "rungs": "trial.rungs",
    "folds": "trial.folds",
    "repeats": "trial.repeats",
    "seed": "trial.seed",
}
"""Fields of `Brief` that stand in headstart.toml under another name."""


def said_as(path: str) -> str:
    """How headstart.toml says a dotted field of `Brief`, or a label below it.

    >>> said_as("folds"), said_as("data.definitions.billing"), said_as("requirement.level")
    ('trial.folds', 'labels.billing', 'requirement.level')
    """
    for own, name in SAID_AS.items():
        if path == own or path.startswith(f"{own}."):
            return name + path.removeprefix(own)
    return path
