"""The ladder: rungs above the frozen backbone, and the gate's word on each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from headstart.types.result import Comparison, NotAvailable
from headstart.types.thaw import EpochRecord

GateVerdict = Literal["adopt", "stay", "not enough evidence", "failed", "not tried"]


@dataclass(frozen=True, slots=True)
class RungFold:
    """One rung in one fold: its answers to the test rows, and to the same rows mildly changed.

    proba, shifted (test rows, classes); base, base_shifted: the frozen backbone's. All are empty
    where the training failed, and `failed` says why.
    """

    proba: NDArray[np.float32]
    shifted: NDArray[np.float32]
    base: NDArray[np.float32]
    base_shifted: NDArray[np.float32]
    history: tuple[EpochRecord, ...]
    averaging_weight: float
    remarks: tuple[str, ...] = ()
    failed: str = ""


@dataclass(frozen=True, slots=True)
class Guard:
    """Something that must not fall while the metric rises."""

    name: str
    falls: bool
    reason: str
    comparison: Comparison


@dataclass(frozen=True, slots=True)
class RungOutcome:
    """What the gate said of one rung."""

    rung: str
    describe: str
    against: str
    """The arm that it was held against: the best so far."""
    verdict: GateVerdict
    reason: str
    alpha: float
    """One-sided level of its test; 0 where there was none."""
    gain: Comparison | NotAvailable
    """The rung against the best so far, on the folds that were run."""
    guards: tuple[Guard, ...] = ()
    folds_run: int = 0
    estimated_minutes: float = 0.0
    """What it was expected to cost, by a fixed rule and not by the clock."""
    remarks: tuple[str, ...] = ()
    needs_minutes: int | None = None
    """Budget with which a rung that was not tried for lack of time would be."""
    log_loss_gain: Comparison | None = None
    """As `gain`, in log-loss, each arm at its best temperature; None: it was not tested."""


@dataclass(frozen=True, slots=True)
class LadderReport:
    """Every rung in order. `not_climbed` says why there are none."""

    metric: str
    margin: float
    alpha: float
    base: str
    outcomes: tuple[RungOutcome, ...]
    adopted: str | None = None
    not_climbed: str = ""
    note: str = ""
    """Why these rungs and not the usual ones."""
