"""What the adapt stage reports."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from headstart.types.ladder import LadderReport
from headstart.types.model import (
    SIMPLICITY,
    Approach,
    ArmFamily,
    ArmSummary,
    OutsideScore,
    Unavailable,
)
from headstart.types.result import Comparison, NotAvailable, TransferVerdict

NOT_TRIED = NotAvailable("slopes and shifts of the classes were not tried")
PRETRAINED: tuple[ArmFamily, ...] = ("zero-shot", "frozen", "adapted")
"""Families that carry something over from a source model."""


@dataclass(frozen=True, slots=True)
class ArmSpec:
    """One arm to run: its name in every report, the family that answers, and its settings."""

    name: str
    family: ArmFamily
    describe: str
    """In plain words, what the arm is."""
    backbone: str | None = None
    settings: dict[str, Any] = field(default_factory=dict)

    @property
    def pretrained(self) -> bool:
        return self.family in PRETRAINED

    @property
    def deployable(self) -> bool:
        """Controls (from scratch, random weights) are compared with, and never shipped; nor is a
        vendor's network, whose weights cannot be had."""
        rented = self.backbone is not None and self.backbone.lower().startswith("api:")
        return self.family in SIMPLICITY and not rented


@dataclass(frozen=True, slots=True)
class VectorScaling:
    """A slope and a shift of each class's logit, and what they are worth.

    slope and shift (classes,): of logits whose mean over the classes is 0. `log_loss` is
    cross-fitted; `gain` is how much lower it is than the better of no scaling and a temperature,
    `error` the standard error of that.
    """

    slope: tuple[float, ...]
    shift: tuple[float, ...]
    log_loss: float
    gain: float
    error: float
    used: bool


@dataclass(frozen=True, slots=True)
class TemperatureReport:
    """One number that the chosen arm's logits are divided by, and what that is worth.

    `log_loss_as_it_is` and `log_loss_scaled` are of n out-of-fold rows; the second one by
    cross-fitting. Where scaling does not lower it, or a slope and a shift for each class lower it
    further, the temperature is not `used` and is 1.
    """

    temperature: float
    log_loss_as_it_is: float
    log_loss_scaled: float
    n: int
    used: bool
    vector: VectorScaling | NotAvailable = NOT_TRIED


@dataclass(frozen=True, slots=True)
class AnswerWeights:
    """How much it counts to miss each label, where the answers follow a metric to which a rare
    label is worth as much as a common one.

    weights: against a miss of the commonest label, or where a row may have several labels against
    a label too many. `score` is the metric of such answers to n out-of-fold rows,
    `score_of_most_probable` that of the most probable labels.
    """

    metric: str
    weights: dict[str, float]
    score: float
    score_of_most_probable: float
    n: int


@dataclass(frozen=True, slots=True)
class OutsideChoice:
    """The score by which a row is said to lie out of scope, chosen on development rows alone.

    auroc: of each score, how well it parts rows in scope from `against`.
    """

    score: OutsideScore
    auroc: dict[str, float]
    against: str
    """`out-of-scope rows` of the development data, or `classes that were left out`."""
    n: int
    n_outside: int


@dataclass(frozen=True, slots=True)
class AdaptReport:
    """Arms on identical folds, the transfer verdict and the approach that follows."""

    metric: str
    margin: float
    arms: tuple[ArmSummary, ...]
    unavailable: tuple[Unavailable, ...]
    transfer: TransferVerdict
    transfer_comparison: Comparison | NotAvailable
    """The best pretrained arm against the best target-only arm."""
    best_pretrained: str | None
    best_target_only: str
    approach: Approach
    chosen: str
    """Name of the chosen arm."""
    comparisons: tuple[Comparison, ...]
    """The transfer comparison first, then each arm against the chosen one."""
    choice_reason: str
    remarks: tuple[str, ...] = ()
    ladder: LadderReport | NotAvailable = field(
        default_factory=lambda: NotAvailable("no rung was tried")
    )
    """The gate's word on every rung above the frozen backbone."""
