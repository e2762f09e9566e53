"""Always the most frequent class: what any answer has to beat."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from headstart.adapt.arms.base import Fold
from headstart.adapt.inputs import ArmInputs
from headstart.types.adapt import ArmSpec
from headstart.types.model import ArmFamily, FittedModel, NoFeatures


def majority_shares(codes: NDArray[np.int64], classes: int) -> NDArray[np.float64]:
    """Shares with one row added to each class, so that an unseen class keeps a finite log loss.

    >>> majority_shares(np.array([0, 0, 1]), 2).tolist()
    [0.6, 0.4]

    Of several labels a row (n, classes), the share of rows that have each.
    """
    if codes.ndim == 2:
        found: NDArray[np.float64] = (codes.sum(axis=0) + 1.0) / (len(codes) + 2.0)
        return found
    counts = np.bincount(codes, minlength=classes) + 1.0
    shares: NDArray[np.float64] = counts / counts.sum()
    return shares


class Majority:
    """Class shares of the training rows, whatever the input."""

    family: ClassVar[ArmFamily] = "majority"

    def __init__(self, spec: ArmSpec, inputs: ArmInputs) -> None:
        self._spec, self._inputs = spec, inputs

    def fold(self, train: NDArray[np.int64], test: NDArray[np.int64], seed: int) -> Fold:
        shares = majority_shares(self._inputs.codes[train], len(self._inputs.labels))
        return Fold(np.tile(shares.astype(np.float32), (len(test), 1)))

    def settings(self) -> dict[str, Any]:
        return {}

    def refit(self, seed: int) -> FittedModel:
        classes = len(self._inputs.labels)
        shares = majority_shares(self._inputs.codes, classes)
        several = self._inputs.separator is not None
        return FittedModel(
            approach="majority",
            arm=self._spec.name,
            modality=self._inputs.modality,
            labels=self._inputs.labels,
            featurizer=NoFeatures(),
            weights=np.zeros((classes, 0), dtype=np.float32),
            bias=np.log(shares / (1.0 - shares) if several else shares).astype(np.float32),
            head="class shares",
            separator=self._inputs.separator,
        )
