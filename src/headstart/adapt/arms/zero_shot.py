"""The generic model as it is: the label whose name or definition lies nearest."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from headstart.adapt.arms.base import CannotRun, Fold, features_of, softmax
from headstart.adapt.inputs import SCALE, ArmInputs
from headstart.types.adapt import ArmSpec
from headstart.types.model import ArmFamily, FittedModel


def label_words(label: str) -> str:
    """A label name as words.

    >>> label_words("card_arrival"), label_words("lostCard"), label_words("IT/VPN-access")
    ('card arrival', 'lost card', 'it vpn access')
    """
    apart = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", label)
    return " ".join(re.sub(r"[\W_]+", " ", apart).casefold().split()) or label


def label_texts(labels: Sequence[str], definitions: Mapping[str, str]) -> list[str]:
    """What is embedded for each label: its definition where there is one, else its name in words.

    >>> label_texts(["a_b", "c"], {"c": "the third letter"})
    ['a b', 'the third letter']
    """
    return [definitions.get(label, "").strip() or label_words(label) for label in labels]


class ZeroShot:
    """softmax(scale · cosine(row, label text)); no label of a row is looked at.

    It stays linear in the features (`ArmFeatures.label_weights`); which label lies nearest does not
    change by that.
    """

    family: ClassVar[ArmFamily] = "zero-shot"

    def __init__(self, spec: ArmSpec, inputs: ArmInputs) -> None:
        if inputs.modality != "text":
            raise CannotRun(
                "label names are words, and this backbone embeds images only: "
                "there is no common space in which to look for the nearest one"
            )
        if inputs.separator is not None:
            raise CannotRun(
                "a row may have several labels: how near their names lie says which fits best, "
                "not which apply"
            )
        features = features_of(spec, inputs)
        weights = features.label_weights
        if weights is None:
            raise CannotRun("the label names were not embedded")
        self._weights = weights
        self._spec, self._inputs, self._features = spec, inputs, features

    def fold(self, train: NDArray[np.int64], test: NDArray[np.int64], seed: int) -> Fold:
        return Fold(softmax(self._features.matrix[test] @ self._weights.T))

    def settings(self) -> dict[str, Any]:
        return {"scale": SCALE}

    def refit(self, seed: int) -> FittedModel:
        return FittedModel(
            approach="zero-shot",
            arm=self._spec.name,
            modality=self._inputs.modality,
            labels=self._inputs.labels,
            featurizer=self._features.source,
            weights=self._weights,
            bias=np.zeros(len(self._inputs.labels), dtype=np.float32),
            head="nearest label text",
            settings={
                "scale": SCALE,
                "texts": label_texts(self._inputs.labels, self._inputs.definitions),
            },
        )
