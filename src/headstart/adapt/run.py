"""One arm on all folds, and the chosen arm on all rows."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from headstart.adapt.arms import ARMS, Arm, CannotRun
from headstart.adapt.arms.base import Fold
from headstart.adapt.arms.majority import majority_shares
from headstart.adapt.inputs import ArmInputs
from headstart.adapt.log_losses import scaled_log_losses
from headstart.adapt.prevalence import Mix
from headstart.adapt.scores import scores_of, values_of
from headstart.backbones.threads import one_thread_each
from headstart.metrics import miss_costs, miss_weights
from headstart.ports import Engine, Progress
from headstart.types.adapt import ArmSpec
from headstart.types.brief import ModalityName
from headstart.types.data import Folds
from headstart.types.errors import MissingExtraError
from headstart.types.model import (
    ArmResult,
    BackboneCard,
    FittedModel,
    Unavailable,
)
from headstart.types.result import NotAvailable

CLASSICAL = {
    "text": "word and character TF-IDF with logistic regression",
    "image": "HOG and colour histograms with logistic regression",
}
MOST_FREQUENT = "always the most frequent class"
SCRATCH = {
    "text": "a small network on hashed n-grams, trained from nothing",
    "image": "a small convolutional network on 32 × 32 pixels, trained from nothing",
}


def plan_arms(
    modality: ModalityName,
    backbones: Sequence[BackboneCard],
    *,
    several: bool = False,
    by_cost: bool = False,
) -> tuple[ArmSpec, ...]:
    """The arms of a run; several: a row may have several labels; by_cost: answers follow it.

    Several backbones are told apart by their name, and by their reference where they share one. The
    architecture of the first backbone stands for all of them at random weights. Without any, the
    arms are there all the same, and `run_arm` says why they cannot be run.
    """
    one_answer = "the one answer for all that costs least" if by_cost else MOST_FREQUENT
    arms = [
        ArmSpec(
            "majority", "majority", "the same labels for every case" if several else one_answer
        ),
        ArmSpec("classical", "classical", CLASSICAL[modality]),
        ArmSpec("scratch", "scratch", SCRATCH[modality]),
    ]
    often = Counter(card.name for card in backbones)
    for index, card in enumerate(backbones or [None]):
        name, ref = (card.name, card.ref) if card else ("a pretrained backbone", None)
        name = f"{name} ({ref})" if often[name] > 1 else name
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


def derived_seed(seed: int, *path: int) -> int:
    """The seed of one fold, or without a path that of the refit."""
    return int(np.random.SeedSequence([seed, *path]).generate_state(1)[0])


def run_arm(
    spec: ArmSpec,
    inputs: ArmInputs,
    folds: Folds,
    seed: int,
    progress: Progress,
    engine: Engine,
    costs: NDArray[np.float64] | None = None,
    metric: str = "accuracy",
    mix: Mix | None = None,
) -> ArmResult | Unavailable:
    """Train and score one arm on every fold; `engine` says how many run beside each other.

    costs: of answering j for a case of i (classes, classes), where the brief names some. metric:
    the primary one, which the answers suit. mix: how common the labels are in use, where the brief
    says so: scores are then those of use, the probabilities remain those of the rows.

    `progress` hears of every fold, and may raise `InterruptedRunError`.

    Returns:
        Scores a fold, and probabilities (n, classes) averaged over the repeats in which each row
        was held out once; or why the arm cannot be run.
    """
    arm = _start(spec, inputs)
    if isinstance(arm, Unavailable):
        return arm
    try:
        found = _all_folds(arm, spec, folds, seed, progress, engine)
    except MissingExtraError as error:
        return _lacking(spec, error)
    own = None if mix is None else mix.of(spec.family)
    of = scored(
        [fold.proba for fold in found], inputs.codes, folds, costs, metric, own,
        alike=spec.family == "majority",
    )  # fmt: skip
    chosen = {name: [fold.chosen[name] for fold in found] for name in found[0].chosen}
    return ArmResult(
        name=spec.name,
        family=spec.family,
        pretrained=spec.pretrained,
        deployable=spec.deployable,
        describe=spec.describe,
        scores=of.scores,
        out_of_fold=of.out_of_fold,
        settings={**arm.settings(), **chosen},
        backbone=spec.backbone,
        by_row=of.by_row,
        log_losses=of.log_losses,
    )


def _all_folds(
    arm: Arm, spec: ArmSpec, folds: Folds, seed: int, progress: Progress, engine: Engine
) -> list[Fold]:
    """The arm's answer in every fold, in order."""
    parts, done, told = list(folds), itertools.count(1), Lock()

    def one(number: int) -> Fold:
        train, test = parts[number]
        found = arm.fold(train, test, derived_seed(seed, number))
        with told:
            progress(spec.name, next(done), len(parts))
        return found

    with one_thread_each():
        return engine.map(one, range(len(parts)))


@dataclass(frozen=True, slots=True)
class Scored:
    """What an arm's answers in all folds are worth; the fields are those of `ArmResult`."""

    scores: dict[str, NDArray[np.float64]]
    out_of_fold: NDArray[np.float32]
    by_row: tuple[NDArray[np.float32], ...]
    log_losses: tuple[NDArray[np.float32], ...]


def scored(
    found: Sequence[NDArray[np.float32]],
    codes: NDArray[np.int64],
    folds: Folds,
    costs: NDArray[np.float64] | None = None,
    metric: str = "accuracy",
    mix: Mix | None = None,
    *,
    alike: bool = False,
) -> Scored:
    """The answers of an arm that suit the metric.

    mix: scores are those of use; the probabilities remain those of the rows. alike: as in
    `label_weights`.
    """
    scores: dict[str, list[float]] = {}
    by = answers_minimise(metric, found, codes, costs, mix, alike=alike)
    summed: NDArray[np.float64] = np.zeros((len(codes), found[0].shape[1]))
    tested = [codes[test] for _, test in folds]
    by_row = []
    for (_, test), own, proba in zip(folds, tested, found, strict=True):
        for name, value in scores_of(own, proba, costs, by, mix).items():
            scores.setdefault(name, []).append(value)
        by_row.append(values_of(metric, own, proba, costs, by, mix).astype(np.float32))
        summed[test] += proba
    return Scored(
        {name: np.array(values) for name, values in scores.items()},
        (summed / folds.repeats).astype(np.float32),
        tuple(by_row),
        scaled_log_losses(tested, found, mix),
    )


def answers_minimise(
    metric: str,
    found: Sequence[NDArray[np.floating]],
    codes: NDArray[np.int64],
    costs: NDArray[np.float64] | None,
    mix: Mix | None = None,
    *,
    alike: bool = False,
) -> NDArray[np.float64] | None:
    """What an arm's answers minimise, by its probabilities out of fold; None: they are the most
    probable ones. The arguments are those of `label_weights`; found: of any folds.
    """
    if metric == "cost":
        return costs
    weights = label_weights(metric, np.concatenate(found), codes, mix, alike=alike)
    return miss_costs(weights, several=codes.ndim == 2)


def label_weights(
    metric: str,
    proba: NDArray[np.floating],
    codes: NDArray[np.int64],
    mix: Mix | None = None,
    *,
    alike: bool = False,
) -> tuple[float, ...]:
    """How much it counts to miss each label (`miss_weights`).

    Args:
        proba: out of fold, of any of the rows and as the rows have it (n, labels).
        codes: of all rows, or where a row may have several labels 1 where one applies (all,
            labels).
        mix: how common the labels are in use, where the brief says so.
        alike: every row has the same answer, that of the majority arm. The shares of its folds
            differ by a row, and answers that follow such a difference would promise more F1 than
            any one answer; so its weights are those of the shares of all rows.
    """
    shares = majority_shares(codes, proba.shape[1])
    if alike:
        proba = shares[None, :]
    if mix is not None:
        return miss_weights(metric, mix.in_use, mix.shifted(proba), mix.commonness(proba))
    return miss_weights(metric, shares, proba, several=codes.ndim == 2)


def refit(spec: ArmSpec, inputs: ArmInputs, seed: int) -> FittedModel:
    """The arm trained on all development rows, in the form that ships.

    Raises:
        TypeError: a control (from scratch, random weights) or a vendor's network, never shipped.
        ValueError: the arm cannot be run on these inputs.
    """
    if not spec.deployable:
        what = "a vendor's network" if spec.pretrained else "a control"
        raise TypeError(f"'{spec.name}' is {what} and is not shipped")
    arm = _start(spec, inputs)
    if isinstance(arm, Unavailable):
        raise ValueError(f"'{spec.name}' cannot be trained: {arm.why.reason}")
    return arm.refit(derived_seed(seed))
