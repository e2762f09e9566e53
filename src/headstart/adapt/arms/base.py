"""What an arm is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

from headstart.adapt.inputs import ArmFeatures, ArmInputs
from headstart.types.adapt import ArmSpec
from headstart.types.model import ArmFamily, FittedModel


class CannotRun(Exception):  # noqa: N818 - a reason that becomes a value, not a failure
    """The arm cannot be run on these inputs; the text says why."""


@dataclass(frozen=True, slots=True)
class Fold:
    """Probabilities (test rows, classes), and what was chosen inside the training rows, as JSON."""

    proba: NDArray[np.float32]
    chosen: Mapping[str, float] = field(default_factory=dict)


class Arm(Protocol):
    """One way to answer, bound to its rows. Whatever looks at a label sees `train` alone."""

    family: ClassVar[ArmFamily]

    def __init__(self, spec: ArmSpec, inputs: ArmInputs) -> None:
        """Raises:
        CannotRun: these inputs do not allow it.
        MissingExtraError: a package is not installed.
        """

    def fold(self, train: NDArray[np.int64], test: NDArray[np.int64], seed: int) -> Fold:
        """Learn from the rows `train`, answer for the rows `test`. May run beside other folds."""

    def settings(self) -> dict[str, Any]:
        """What holds for every fold, as JSON."""

    def refit(self, seed: int) -> FittedModel:
        """The arm on all development rows, in the form that ships."""


def features_of(spec: ArmSpec, inputs: ArmInputs) -> ArmFeatures:
    """The features of an arm.

    Raises:
        CannotRun: there are none, with the reason that was given.
    """
    found = inputs.features.get(spec.name)
    if found is None:
        raise CannotRun(inputs.absent.get(spec.name, "no backbone gave features for it"))
    return found


def softmax(logits: NDArray[np.floating]) -> NDArray[np.float32]:
    """Probabilities of each row of logits.

    >>> softmax(np.array([[0.0, 1000.0]])).tolist()
    [[0.0, 1.0]]
    """
    odds = np.exp(logits - logits.max(axis=1, keepdims=True))
    proba: NDArray[np.float32] = (odds / odds.sum(axis=1, keepdims=True)).astype(np.float32)
    return proba
