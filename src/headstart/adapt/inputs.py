"""What the arms are given: the development rows, and features in which no label took part."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from headstart.types.brief import ModalityName
from headstart.types.model import EncoderFeatures

SCALE = 20.0
"""Of the cosine in the softmax: the scale of the contrastive loss (`MultipleNegativesRankingLoss`)
with which sentence encoders are trained."""


@dataclass(frozen=True, slots=True)
class ArmFeatures:
    """A backbone's embedding of every development row, for one arm.

    matrix (n, width); labels (classes, width), the embedding of `label_texts`, where words are what
    the backbone reads.
    """

    matrix: NDArray[np.float32]
    source: EncoderFeatures
    labels: NDArray[np.float32] | None = None

    @property
    def label_weights(self) -> NDArray[np.float32] | None:
        """Weights (classes, width) that give scale · cosine(row, label text), where the label texts
        were embedded; the rows' mean length stands in for each row's own."""
        if self.labels is None:
            return None
        length = float(np.linalg.norm(self.matrix, axis=1).mean()) or 1.0
        lengths = np.linalg.norm(self.labels, axis=1, keepdims=True)
        unit = self.labels / np.where(lengths > 0, lengths, 1.0)
        return np.asarray(SCALE / length * unit, dtype=np.float32)


@dataclass(frozen=True, slots=True)
class ArmInputs:
    """The development rows. `codes` index `labels`, or where a row may have several labels hold 1
    where one applies (n, labels); `groups` are kept whole inside the folds."""

    modality: ModalityName
    values: Sequence[str]
    codes: NDArray[np.int64]
    labels: tuple[str, ...]
    groups: NDArray[np.int64]
    definitions: Mapping[str, str] = field(default_factory=dict)
    features: Mapping[str, ArmFeatures] = field(default_factory=dict)
    """By arm name. The same for every fold, because nothing in them has seen a label."""
    absent: Mapping[str, str] = field(default_factory=dict)
    """Why an arm has no features, by arm name: no backbone, a missing extra, …"""
    separator: str | None = None
    """What stands between the labels of a row that may have several."""

    def __len__(self) -> int:
        return len(self.values)
