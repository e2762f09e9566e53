"""Where a training stands: what is in a checkpoint beside the weights."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from headstart.types.thaw import EpochRecord, StoppedBy


@dataclass(frozen=True)
class Keeping:
    """Where checkpoints go, and after how many steps (beside the end of every epoch)."""

    path: Path
    every: int = 50


class FailedError(Exception):
    """The training cannot go on; the message says why."""


@dataclass
class Standing:
    """Where a training stands."""

    stage: int = 0
    epoch: int = 0
    step: int = 0
    steps: int = 0
    """Of the optimizer, in this stage."""
    loss: float = 0.0
    seconds: float = 0.0
    best_loss: float = float("inf")
    best_epoch: int = 0
    micro: int = 0
    """Rows that go through the network at once."""
    history: list[EpochRecord] = field(default_factory=list)
    stopped: list[StoppedBy] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
