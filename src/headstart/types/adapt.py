"""What the adapt stage reports."""

from __future__ import annotations

from dataclasses import dataclass

from headstart.types.model import Approach, ArmSummary, Unavailable
from headstart.types.result import Comparison, NotAvailable, TransferVerdict


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
