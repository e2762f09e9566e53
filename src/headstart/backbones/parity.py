"""Is the exported encoder the network? Compared on real rows, the verdict kept beside the graph."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from math import isfinite

import numpy as np
from numpy.typing import NDArray

from headstart.backbones.cache import read_json, write_json
from headstart.backbones.export import Export
from headstart.backbones.runtime import Inputs, Runner

ROWS = 16
TOLERANCE = 1e-4
"""Largest difference accepted, relative to the largest feature (at least 1)."""


@dataclass(frozen=True)
class Verification:
    """The exported encoder against torch on `rows` real rows."""

    accepted: bool
    largest_difference: float
    tolerance: float
    rows: int

    @property
    def reason(self) -> str:
        return (
            f"the exported encoder {'equals' if self.accepted else 'differs from'} torch on "
            f"{self.rows} real rows: largest difference {self.largest_difference:.1e}, "
            f"tolerance {self.tolerance:.1e}"
        )


def representative(lengths: Sequence[int], rows: int = ROWS) -> list[int]:
    """Indices of up to `rows` rows spread evenly from the shortest to the longest.

    >>> representative([5, 1, 9], 2)
    [1, 2]
    """
    order = sorted(range(len(lengths)), key=lambda i: (lengths[i], i))
    if len(order) <= rows:
        return order
    return [order[round(i * (len(order) - 1) / (rows - 1))] for i in range(rows)]


def compare(rows: Sequence[Inputs], exported: Runner, reference: Runner) -> Verification:
    """Run both on each row, alone: what either does to a batch is not the question here."""
    worst, scale = 0.0, 1.0
    for inputs in rows:
        expected, got = reference(inputs), exported(inputs)
        if expected.shape != got.shape:
            worst = float("inf")
            break
        worst = max(worst, _largest(expected - got))
        scale = max(scale, _largest(expected))
    tolerance = TOLERANCE * scale
    accepted = isfinite(worst) and worst <= tolerance
    return Verification(accepted, worst, tolerance, len(rows))


def _largest(values: NDArray[np.float32]) -> float:
    return float(np.abs(values).max()) if np.isfinite(values).all() else float("inf")


def kept(export: Export) -> Verification | None:
    """The verdict of an earlier run, if there is one."""
    content = read_json(export.folder / "verification.json")
    try:
        return Verification(**content) if content is not None else None
    except TypeError:
        return None


def keep(export: Export, verification: Verification) -> None:
    """Keep the verdict beside the graph, so that a later run need not import torch."""
    write_json(export.folder / "verification.json", asdict(verification))
