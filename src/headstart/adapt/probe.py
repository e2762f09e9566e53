"""The lowest rung: the network stays frozen, and the head reads all of its layers.

Layers below the last one hold what the source's training has since smoothed away: often what a
task unlike the source's needs. One pass of the network gives them all, so that the bundle costs no
more; nothing is trained but the head, so that a fold takes seconds.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from headstart.adapt.shift import CHANGES, changed_rows
from headstart.backbones import load_encoder
from headstart.backbones.encoder import FrozenEncoder
from headstart.backbones.views import View, viewed
from headstart.heads import BlockHead, LinearHead, fit_blocks
from headstart.ports import Progress
from headstart.types.errors import BackboneError
from headstart.types.ladder import RungFold
from headstart.types.result import NotAvailable

NAME = "probe"
BATCH = 32
SECONDS = 3e-8
"""Of a fold's head, for each row, feature and class, as measured on two cores."""


@dataclass(frozen=True)
class LayerRows:
    """Features of all layers side by side (n, width): of the rows, and of them mildly changed."""

    matrix: NDArray[np.float32]
    changed: NDArray[np.float32]


@dataclass(frozen=True)
class ProbeRung:
    """A head on all layers of a backbone, for these rows. `encoder` gives all layers."""

    encoder: FrozenEncoder
    values: tuple[str, ...]
    keys: tuple[str, ...]
    codes: NDArray[np.int64]
    groups: NDArray[np.int64]
    classes: int
    shift: int = 0
    """Seed of the mild changes."""
    _kept: list[LayerRows] = field(default_factory=list, repr=False, compare=False)

    name: ClassVar[str] = NAME

    @property
    def describe(self) -> str:
        return f"{self.encoder.card.name}, frozen, under one linear head"

    @property
    def recipe(self) -> str:
        """All that its training follows from, but for the rows."""
        return f"{self.encoder.card.ref} {self.widths}, judged under {CHANGES}"

    @cached_property
    def widths(self) -> tuple[int, ...]:
        """Of the layers' features, the published ones first."""
        assert self.encoder.network is not None
        return self.encoder.network.blocks

    def seconds(self, trainings: int) -> float:
        """What so many folds are expected to take."""
        rows = min(len(self.values), sum(self.widths))
        return SECONDS * rows * sum(self.widths) * max(10, self.classes) * trainings

    def activations(self, progress: Progress) -> LayerRows:
        """The layers of all rows, computed once."""
        if not self._kept:
            matrix = self.encoder.encode(self.values, self.keys, progress)
            self._kept.append(LayerRows(matrix, self._changed(progress)))
        return self._kept[0]

    def fold(
        self,
        rows: LayerRows,
        base: LinearHead,
        train: NDArray[np.int64],
        test: NDArray[np.int64],
        seed: int,
        keeping: Path,
        progress: Progress,
    ) -> RungFold:
        """Fit the head on `train`, answer for `test`. It takes seconds: nothing is kept before its
        end, and no progress told."""
        head = self._fitted(rows.matrix[train], train, seed, exact=False).head
        moved, first = rows.changed[test], self.widths[0]
        return RungFold(
            head.predict_proba(rows.matrix[test]),
            head.predict_proba(moved),
            base.predict_proba(rows.matrix[test, :first]),
            base.predict_proba(moved[:, :first]),
            (),
            1.0,
        )

    def whole(self, rows: LayerRows, seed: int) -> BlockHead:
        """The head fitted on every row, for the model that ships."""
        return self._fitted(rows.matrix, np.arange(len(self.codes)), seed, exact=True)

    def _fitted(
        self, matrix: NDArray[np.float32], rows: NDArray[np.int64], seed: int, *, exact: bool
    ) -> BlockHead:
        edges = np.cumsum(self.widths)[:-1]
        return fit_blocks(
            np.split(matrix, edges, axis=1), self.codes[rows], self.classes,
            groups=self.groups[rows], seed=seed, exact=exact,
        )  # fmt: skip

    def _changed(self, progress: Progress) -> NDArray[np.float32]:
        values, keys, reader = changed_rows(self.encoder, self.values, self.keys, self.shift)
        if self.encoder.card.modality == "text":
            return self.encoder.encode(values, keys, progress)
        runner = self.encoder.runtime(self.values).runner
        parts = []
        for start in range(0, len(values), BATCH):
            parts.append(runner(reader(values[start : start + BATCH])))
            progress("pictures mildly changed", start, len(values))
        return np.concatenate(parts)


def layered(encoder: FrozenEncoder) -> FrozenEncoder | NotAvailable:
    """The same network giving all of its layers, or why it cannot."""
    if encoder.card.layer is not None:
        return NotAvailable("the backbone is a view of some of its layers already")
    try:
        found = load_encoder(viewed(encoder.card, View("all")), cache=encoder.cache)
        assert isinstance(found, FrozenEncoder)
        found.onnx_path()  # here it shows whether its layers can be had
    except BackboneError as error:
        return NotAvailable(error.message)
    return found
