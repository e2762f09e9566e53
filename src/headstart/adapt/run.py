"""One arm on all folds, and the chosen arm on all rows."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from headstart.adapt.arms import ARMS, Arm, CannotRun
from headstart.adapt.arms.base import softmax
from headstart.adapt.inputs import ArmInputs
from headstart.metrics import all_scores
from headstart.modalities import get_modality
from headstart.ports import Progress
from headstart.types.adapt import ArmSpec
from headstart.types.brief import ModalityName
from headstart.types.data import Folds
from headstart.types.errors import MissingExtraError
from headstart.types.model import (
    ArmResult,
    BackboneCard,
    ClassicalFeatures,
    FittedModel,
    NoFeatures,
    Unavailable,
)
from headstart.types.result import NotAvailable

CLASSICAL = {
    "text": "word and character TF-IDF with logistic regression",
    "image": "HOG and colour histograms with logistic regression",
}
SCRATCH = {
    "text": "a small network on hashed n-grams, trained from nothing",
    "image": "a small convolutional network on 32 × 32 pixels, trained from nothing",
}


def plan_arms(modality: ModalityName, backbones: Sequence[BackboneCard]) -> tuple[ArmSpec, ...]:
    """The arms of a run. Several backbones are told apart by their name.

    The architecture of the first backbone stands for all of them at random weights. Without any,
    the arms are there all the same, and `run_arm` says why they cannot be run.
    """
    arms = [
        ArmSpec("majority", "majority", "always the most frequent class"),
        ArmSpec("classical", "classical", CLASSICAL[modality]),
        ArmSpec("scratch", "scratch", SCRATCH[modality]),
    ]
    for index, card in enumerate(backbones or [None]):
        name, ref = (card.name, card.ref) if card else ("a pretrained backbone", None)
        after = f":{name}" if len(backbones) > 1 else ""
        near = f"{name} as it is: the label whose name or definition lies nearest"
        arms.append(ArmSpec(f"zero-shot{after}", "zero-shot", near, ref))
        if index == 0:
            bare = f"{name} with random weights, frozen, with a new linear head"
            arms.append(ArmSpec("random", "random", bare, ref))
        new_head = f"{name}, frozen, with a new linear head"
        arms.append(ArmSpec(f"frozen{after}", "frozen", new_head, ref))
    return tuple(arms)


def _start(spec: ArmSpec, inputs: ArmInputs) -> Arm | Unavailable:
    try:
        return ARMS[spec.family](spec, inputs)
    except CannotRun as reason:
        return Unavailable(spec.name, spec.family, NotAvailable(str(reason)))
    except MissingExtraError as error:
        return _lacking(spec, error)


def _lacking(spec: ArmSpec, error: MissingExtraError) -> Unavailable:
    return Unavailable(spec.name, spec.family, NotAvailable(f"{error.message}; {error.tip}"))


def _derived(seed: int, *path: int) -> int:
    return int(np.random.SeedSequence([seed, *path]).generate_state(1)[0])


def run_arm(
    spec: ArmSpec, inputs: ArmInputs, folds: Folds, seed: int, progress: Progress
) -> ArmResult | Unavailable:
    """Train and score one arm on every fold.

    `progress` hears of every fold, and may raise `InterruptedRunError`.

    Returns:
        Scores a fold, and probabilities (n, classes) averaged over the repeats in which each row
        was held out once; or why the arm cannot be run.
    """
    arm = _start(spec, inputs)
    if isinstance(arm, Unavailable):
        return arm
    try:
        scores, out_of_fold = _all_folds(arm, spec, inputs, folds, seed, progress)
    except MissingExtraError as error:
        return _lacking(spec, error)
    return ArmResult(
        name=spec.name,
        family=spec.family,
        pretrained=spec.pretrained,
        deployable=spec.deployable,
        describe=spec.describe,
        scores=scores,
        out_of_fold=out_of_fold,
        settings=arm.settings(),
        backbone=spec.backbone,
    )


def _all_folds(
    arm: Arm, spec: ArmSpec, inputs: ArmInputs, folds: Folds, seed: int, progress: Progress
) -> tuple[dict[str, NDArray[np.float64]], NDArray[np.float32]]:
    classes, total = len(inputs.labels), folds.k * folds.repeats
    scores: dict[str, list[float]] = {}
    summed: NDArray[np.float64] = np.zeros((len(inputs), classes))
    for number, (train, test) in enumerate(folds):
        proba = arm.fold(train, test, _derived(seed, number))
        for name, value in all_scores(inputs.codes[test], proba).items():
            scores.setdefault(name, []).append(value)
        summed[test] += proba
        progress(spec.name, number + 1, total)
    out_of_fold = (summed / folds.repeats).astype(np.float32)
    return {name: np.array(values) for name, values in scores.items()}, out_of_fold


def refit(spec: ArmSpec, inputs: ArmInputs, seed: int) -> FittedModel:
    """The arm trained on all development rows, in the form that ships.

    Raises:
        TypeError: a control (from scratch, random weights), which is never shipped.
        ValueError: the arm cannot be run on these inputs.
    """
    if not spec.deployable:
        raise TypeError(f"'{spec.name}' is a control and is not shipped")
    arm = _start(spec, inputs)
    if isinstance(arm, Unavailable):
        raise ValueError(f"'{spec.name}' cannot be trained: {arm.why.reason}")
    return arm.refit(_derived(seed))


def predict_proba(model: FittedModel, inputs: ArmInputs) -> NDArray[np.float32]:
    """What a fitted model says of the rows of `inputs`, without a bundle: (n, classes).

    Raises:
        ValueError: the model needs features that `inputs` does not hold.
    """
    source = model.featurizer
    if isinstance(source, NoFeatures):
        matrix = np.zeros((len(inputs), 0), dtype=np.float32)
    elif isinstance(source, ClassicalFeatures):
        matrix = get_modality(model.modality).classical_transform(source, list(inputs.values))
    elif model.arm in inputs.features:
        matrix = inputs.features[model.arm].matrix
    else:
        raise ValueError(f"there are no features for '{model.arm}'")
    return softmax(matrix @ model.weights.T + model.bias)
