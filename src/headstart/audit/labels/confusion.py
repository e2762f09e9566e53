"""Pairs of classes that are taken for each other in both directions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class ConfusedPair:
    """Classes `a` and `b` (codes): how many rows of each were taken for the other."""

    a: int
    b: int
    a_as_b: int
    b_as_a: int
    a_rows: int
    b_rows: int

    @property
    def share(self) -> float:
        """The smaller of the two shares: both ways, at least this part of the rows."""
        return min(self.a_as_b / self.a_rows, self.b_as_a / self.b_rows)


def confused_pairs(
    codes: NDArray[np.int64], predicted: NDArray[np.int64], n_classes: int, *, least: float = 0.1
) -> tuple[ConfusedPair, ...]:
    """Pairs confused both ways by at least the share `least` of each class's rows and three rows
    in all each way, the most confused first."""
    if len(codes) == 0:
        return ()
    keys, counts = np.unique(codes * n_classes + predicted, return_counts=True)
    confusion = {
        (int(k) // n_classes, int(k) % n_classes): int(c) for k, c in zip(keys, counts, strict=True)
    }
    rows = np.bincount(codes, minlength=n_classes)
    found = []
    for (a, b), there in confusion.items():
        back = confusion.get((b, a), 0)
        if a < b and min(there, back) >= 3:
            pair = ConfusedPair(a, b, there, back, int(rows[a]), int(rows[b]))
            if pair.share >= least:
                found.append(pair)
    return tuple(sorted(found, key=lambda pair: (-pair.share, pair.a, pair.b)))
