"""A new linear head on a frozen backbone: the pretrained one, and the same with random weights."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from headstart.adapt.arms.base import Fold, features_of
from headstart.adapt.inputs import ArmInputs
from headstart.heads import fit_linear
from headstart.types.adapt import ArmSpec
from headstart.types.model import ArmFamily, FittedModel


class Frozen:
    """Logistic regression on frozen features, its regularisation chosen inside the fold."""

    family: ClassVar[ArmFamily] = "frozen"

    def __init__(self, spec: ArmSpec, inputs: ArmInputs) -> None:
        self._features = features_of(spec, inputs)
        self._spec, self._inputs = spec, inputs

    def fold(self, train: NDArray[np.int64], test: NDArray[np.int64], seed: int) -> Fold:
        head = fit_linear(
            self._features.matrix[train],
            self._inputs.codes[train],
            len(self._inputs.labels),
            groups=self._inputs.groups[train],
            seed=seed,
            exact=False,
        )
        proba = head.predict_proba(self._features.matrix[test])
        return Fold(proba, {"l2": float(head.l2)})

    def settings(self) -> dict[str, Any]:
        return {}

    def refit(self, seed: int) -> FittedModel:
        head = fit_linear(
            self._features.matrix,
            self._inputs.codes,
            len(self._inputs.labels),
            groups=self._inputs.groups,
            seed=seed,
        )
        return FittedModel(
            approach="frozen",
            arm=self._spec.name,
            modality=self._inputs.modality,
            labels=self._inputs.labels,
            featurizer=self._features.source,
            weights=head.weights,
            bias=head.bias,
            head="logistic regression",
            settings={"l2": float(head.l2)},
            separator=self._inputs.separator,
        )


class RandomWeights(Frozen):
    """What the architecture alone is worth: nothing was learned from the source."""

    family: ClassVar[ArmFamily] = "random"
