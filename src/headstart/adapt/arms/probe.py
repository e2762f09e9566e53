"""A new linear head on a frozen backbone: the pretrained one, and the same with random weights.

With few rows what the labels are called says a good deal. Where the backbone reads words, the head
is pulled towards the weights of the zero-shot arm instead of 0, if the inner folds of the training
rows find that better.
"""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from headstart.adapt.arms.base import Fold, features_of
from headstart.adapt.inputs import ArmInputs
from headstart.heads import LinearHead, fit_linear
from headstart.types.adapt import ArmSpec
from headstart.types.model import ArmFamily, FittedModel

NAMED = "logistic regression, pulled towards the label names"


class Frozen:
    """Logistic regression on frozen features, its regularisation chosen inside the fold."""

    family: ClassVar[ArmFamily] = "frozen"

    def __init__(self, spec: ArmSpec, inputs: ArmInputs) -> None:
        self._features = features_of(spec, inputs)
        self._spec, self._inputs = spec, inputs
        self._towards = self._features.label_weights

    def fold(self, train: NDArray[np.int64], test: NDArray[np.int64], seed: int) -> Fold:
        head = fit_linear(
            self._features.matrix[train],
            self._inputs.codes[train],
            len(self._inputs.labels),
            groups=self._inputs.groups[train],
            seed=seed,
            exact=False,
            towards=self._towards,
        )
        proba = head.predict_proba(self._features.matrix[test])
        return Fold(proba, self._found(head))

    def settings(self) -> dict[str, Any]:
        return {}

    def refit(self, seed: int) -> FittedModel:
        head = fit_linear(
            self._features.matrix,
            self._inputs.codes,
            len(self._inputs.labels),
            groups=self._inputs.groups,
            seed=seed,
            towards=self._towards,
        )
        return FittedModel(
            approach="frozen",
            arm=self._spec.name,
            modality=self._inputs.modality,
            labels=self._inputs.labels,
            featurizer=self._features.source,
            weights=head.weights,
            bias=head.bias,
            head=NAMED if head.towards else "logistic regression",
            settings=self._found(head),
            separator=self._inputs.separator,
        )

    def _found(self, head: LinearHead) -> dict[str, Any]:
        found = {"l2": float(head.l2)}
        return found if self._towards is None else {**found, "label_names": head.towards}


class RandomWeights(Frozen):
    """What the architecture alone is worth: nothing was learned from the source."""

    family: ClassVar[ArmFamily] = "random"
