"""Features counted from the rows themselves, and a linear head."""

from __future__ import annotations

from threading import Lock
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from headstart.adapt.arms.base import Fold
from headstart.adapt.inputs import ArmInputs
from headstart.heads import fit_linear
from headstart.modalities import get_modality
from headstart.types.adapt import ArmSpec
from headstart.types.model import ArmFamily, ClassicalFeatures, FittedModel


class Classical:
    """TF-IDF, or HOG and colour histograms, with logistic regression; all fitted in the fold."""

    family: ClassVar[ArmFamily] = "classical"

    def __init__(self, spec: ArmSpec, inputs: ArmInputs) -> None:
        self._modality = get_modality(inputs.modality)
        self._spec, self._inputs = spec, inputs
        self._whole: NDArray[np.float32] | None = None
        self._once = Lock()

    def _rows(self, features: ClassicalFeatures, rows: NDArray[np.int64]) -> NDArray[np.float32]:
        if features.arrays:
            return self._modality.classical_transform(
                features, [self._inputs.values[i] for i in rows]
            )
        # Nothing was learned from the training rows, so every fold has the same features.
        with self._once:
            if self._whole is None:
                self._whole = self._modality.classical_transform(
                    features, list(self._inputs.values)
                )
        return self._whole[rows]

    def fold(self, train: NDArray[np.int64], test: NDArray[np.int64], seed: int) -> Fold:
        features = self._modality.classical_fit([self._inputs.values[i] for i in train])
        head = fit_linear(
            self._rows(features, train),
            self._inputs.codes[train],
            len(self._inputs.labels),
            groups=self._inputs.groups[train],
            seed=seed,
            exact=False,
        )
        return Fold(head.predict_proba(self._rows(features, test)), {"l2": float(head.l2)})

    def settings(self) -> dict[str, Any]:
        return {}

    def refit(self, seed: int) -> FittedModel:
        features = self._modality.classical_fit(list(self._inputs.values))
        head = fit_linear(
            self._rows(features, np.arange(len(self._inputs))),
            self._inputs.codes,
            len(self._inputs.labels),
            groups=self._inputs.groups,
            seed=seed,
        )
        return FittedModel(
            approach="classical",
            arm=self._spec.name,
            modality=self._inputs.modality,
            labels=self._inputs.labels,
            featurizer=features,
            weights=head.weights,
            bias=head.bias,
            head="logistic regression",
            settings={"l2": float(head.l2)},
            separator=self._inputs.separator,
        )
