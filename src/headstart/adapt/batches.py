"""Batches of an epoch: a function of the plan, the seed, the stage and the epoch alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from headstart.adapt.pairs import draw_pairs
from headstart.backbones.activations import BoundaryRows
from headstart.types.thaw import AdaptationPlan

WINDOW = 8
"""Batches among which texts are sorted by length, so that they are padded little."""


@dataclass(frozen=True, eq=False)
class Batch:
    """rows, copies: which rows (n,) and which copy of each; or of pairs of rows (n, 2).

    share: of the first row of a mixed pair, the second has the rest (mixup); None: not mixed.
    """

    rows: NDArray[np.int64]
    copies: NDArray[np.int64]
    share: float | None = None

    def __len__(self) -> int:
        return len(self.rows)

    def part(self, start: int, size: int) -> Batch:
        """Some of its rows."""
        some = slice(start, start + size)
        return Batch(self.rows[some], self.copies[some], self.share)


def batches(
    plan: AdaptationPlan,
    activations: BoundaryRows,
    codes: NDArray[np.int64],
    rows: NDArray[np.int64],
    seed: tuple[int, ...],
) -> Iterator[Batch]:
    """Every row once, as itself or as one of its copies; or as often as pairs of it are drawn.

    With mixup every row of a batch is mixed with another one of it, all at one share, which is
    drawn from Beta(mixup, mixup) (Zhang et al. 2018).
    """
    chance = np.random.default_rng(seed)
    items = draw_pairs(codes, rows, plan.pairs, chance) if plan.pairs else rows
    order = chance.permutation(items)
    copies = chance.integers(0, activations.copies + 1, order.shape)
    size = plan.batch_size
    if activations.network.tokens:
        lengths = np.array([activations.length(int(row)) for row in order.flat])
        lengths = lengths.reshape(len(order), -1).max(axis=1)
        windows = np.arange(len(order)) // (WINDOW * size)
        by_length = np.lexsort((lengths, windows))
        order, copies = order[by_length], copies[by_length]
    for number in chance.permutation(-(-len(order) // size)):
        part = slice(number * size, (number + 1) * size)
        yield _mixed(order[part], copies[part], plan.mixup, chance)


def _mixed(
    rows: NDArray[np.int64],
    copies: NDArray[np.int64],
    mixup: float,
    chance: np.random.Generator,
) -> Batch:
    if not mixup:
        return Batch(rows, copies)
    other = chance.permutation(len(rows))
    return Batch(
        np.stack([rows, rows[other]], axis=1),
        np.stack([copies, copies[other]], axis=1),
        float(chance.beta(mixup, mixup)),
    )
