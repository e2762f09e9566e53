"""What the arms are given: the development rows, and features in which no label took part."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from headstart.types.brief import ModalityName
from headstart.types.model import EncoderFeatures


@dataclass(frozen=True, slots=True)
class ArmFeatures:
    """A backbone's embedding of every development row, for one arm.

    matrix (n, width); labels (classes, width), the embedding of `label_texts`, where the arm needs
    it (zero-shot).
    """

    matrix: NDArray[np.float32]
    source: EncoderFeatures
    labels: NDArray[np.float32] | None = None


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
