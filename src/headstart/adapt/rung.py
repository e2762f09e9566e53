"""One rung: what it costs, and one fold of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from headstart.adapt.answers import features
from headstart.adapt.cost import training_seconds
from headstart.adapt.device import training_device
from headstart.adapt.low_rank import adapted_weights, require_peft
from headstart.adapt.plans import EARLY, LORA, PAIRS, find_plan
from headstart.adapt.probe import NAME as PROBE
from headstart.adapt.shift import CHANGES, changed_rows
from headstart.adapt.thaw import Keeping, ThawRows, thaw
from headstart.adapt.thaw_rows import boundary_rows
from headstart.backbones.activations import ActivationStore, BoundaryRows, boundary_key
from headstart.backbones.boundary import CutNetwork, cut
from headstart.backbones.encoder import FrozenEncoder
from headstart.heads import LinearHead
from headstart.ports import Progress
from headstart.types.brief import MaxStage
from headstart.types.errors import BackboneError
from headstart.types.ladder import RungFold
from headstart.types.result import NotAvailable
from headstart.types.thaw import AdaptationPlan, TrainingRun, TunedNetwork

USUAL = (PROBE, "top-1", "top-4", "full")
CAPS = ("frozen", PROBE, "norms", "top-1", PAIRS, "top-2", "pairs-4", LORA, "top-4", "full")
FEW = 16
"""Rows to a class, on average, up to which texts are trained on in pairs."""


def rungs(cap: MaxStage, *, few: bool = False, shifted: bool = False) -> tuple[str, ...]:
    """Names of the rungs up to a cap, the gentlest first; a cap that is not a usual rung is one.

    few: the rows are texts, and few to a class (`few_texts`): training on pairs stands in for the
    top block, unless the cap is below it. shifted: the inputs of the hold-out differ from those
    that are trained on: the lowest block stands in for the top one, whatever the cap, which is of
    blocks from the top.

    >>> rungs("top-2"), rungs("frozen")
    (('probe', 'top-1', 'top-2'), ())
    >>> rungs("top-4", few=True), rungs("top-1", few=True)
    (('probe', 'pairs', 'top-4'), ('probe', 'top-1'))
    >>> rungs("top-4", shifted=True), rungs("probe", shifted=True)
    (('probe', 'early-1', 'top-4'), ('probe',))
    """
    if cap == "frozen":
        return ()
    few = few and not shifted
    usual = [PAIRS if few and name == "top-1" else name for name in USUAL]
    below = [name for name in usual if CAPS.index(name) < CAPS.index(cap)]
    found = (*below, cap)
    return tuple(EARLY if shifted and name == "top-1" else name for name in found)


def few_texts(modality: str, rows: int, classes: int) -> bool:
    """Whether there are so few rows that pairs of them are worth more than one more epoch.

    >>> few_texts("text", 160, 10), few_texts("text", 161, 10), few_texts("image", 20, 10)
    (True, False, False)
    """
    return modality == "text" and rows <= FEW * classes


def worth_testing(affordable: Sequence[str]) -> tuple[str, ...]:
    """The rungs that share the level: a rung of few blocks gives way to one of more, and the probe
    where two rungs that go further are left.

    What gives way is settled by the budget, before anything is trained. The lowest block, which is
    there because the inputs are what differs, is no part of the upper ones and never gives way.

    >>> worth_testing(["probe", "top-1", "top-4"]), worth_testing(["probe", "top-1"])
    (('probe', 'top-4'), ('probe', 'top-1'))
    >>> worth_testing(["probe", "top-1", "top-4", "full"])
    ('top-4', 'full')
    >>> worth_testing(["probe", "pairs", "top-4"]), worth_testing(["probe", "pairs"])
    (('probe', 'top-4'), ('probe', 'pairs'))
    >>> worth_testing(["probe", "early-1", "top-4"])
    ('early-1', 'top-4')
    """
    most = next((name for name in ("top-4", "top-2") if name in affordable), None)
    few = ("top-1", PAIRS, "top-2") if most == "top-4" else ("top-1", PAIRS) if most else ()
    left = [name for name in affordable if name not in few]
    further = [name for name in left if name != PROBE]
    return tuple(further if most and len(further) > 1 else left)


def within(seconds: Mapping[str, float], budget: float) -> tuple[str, ...]:
    """The rungs worth testing of which one repeat each fits into the budget, by what a repeat of
    each takes: what cannot be paid for beside the others is not there.

    >>> within({"probe": 10, "top-1": 30, "top-4": 160}, 180)
    ('probe', 'top-4')
    >>> within({"probe": 10, "top-1": 30, "top-4": 175}, 180)
    ('probe', 'top-1')
    """
    affordable = [name for name, one in seconds.items() if one <= budget]
    tested = worth_testing(affordable)
    while sum(seconds[name] for name in tested) > budget:
        affordable.remove(max(tested, key=seconds.__getitem__))
        tested = worth_testing(affordable)
    return tested


@dataclass(frozen=True)
class Rung:
    """A plan on a backbone, for these rows."""

    plan: AdaptationPlan
    encoder: FrozenEncoder
    values: tuple[str, ...]
    keys: tuple[str, ...]
    codes: NDArray[np.int64]
    groups: NDArray[np.int64]
    classes: int
    shift: int = 0
    """Seed of the mild changes."""
    towards: NDArray[np.float32] | None = None
    """Weights (classes, width) that the label names give for the frozen features, if any."""

    @property
    def name(self) -> str:
        return self.plan.name

    @property
    def recipe(self) -> str:
        """All that its training follows from, but for the rows."""
        return f"{self.plan!r}, judged under {CHANGES}"

    @property
    def describe(self) -> str:
        how = "trained" if self.plan.low_rank or self.plan.pairs else "thawed"
        return f"{self.encoder.card.name}, {self.plan.stages[-1].name} {how} from the frozen head"

    def seconds(self, trainings: int) -> float:
        """What so many trainings on four fifths of the rows are expected to take."""
        return training_seconds(self.plan, self.encoder, self.values, trainings)

    def activations(self, progress: Progress) -> BoundaryRows:
        """Of all rows, at the plan's boundary, from the store where they are there."""
        return boundary_rows(self.encoder, self.plan, self.values, self.keys, progress=progress)

    def changed(
        self, network: CutNetwork, rows: NDArray[np.int64], progress: Progress
    ) -> BoundaryRows:
        """Some rows, mildly changed."""
        values, keys = [self.values[i] for i in rows], [self.keys[i] for i in rows]
        values, keys, reader = changed_rows(self.encoder, values, keys, self.shift)
        key = boundary_key(network, [self.encoder.preprocessing, CHANGES])
        store = ActivationStore(self.encoder.cache / "activations", key)
        return BoundaryRows(network, reader, values, keys, store=store, progress=progress)

    def fold(
        self,
        rows: BoundaryRows,
        base: LinearHead,
        train: NDArray[np.int64],
        test: NDArray[np.int64],
        seed: int,
        keeping: Path,
        progress: Progress,
    ) -> RungFold:
        """Train on `train`, answer for `test`; `base` is the frozen head fitted on `train`."""
        run = self._thawed(rows, train, seed, keeping, progress)
        none = np.zeros((0, self.classes), np.float32)
        if isinstance(run.result, NotAvailable):
            return RungFold(
                none, none, none, none, run.history, 0.0, run.remarks, run.result.reason
            )
        head = LinearHead(run.result.weights, run.result.bias, several=self.codes.ndim == 2)
        moved = self.changed(rows.network, test, progress)
        all_of_them = np.arange(len(test))
        return RungFold(
            head.predict_proba(features(rows, test, tuned=run.result)),
            head.predict_proba(features(moved, all_of_them, tuned=run.result)),
            base.predict_proba(features(rows, test)),
            base.predict_proba(features(moved, all_of_them)),
            run.history,
            run.averaging_weight,
            run.remarks,
        )

    def whole(
        self, rows: BoundaryRows, seed: int, keeping: Path, progress: Progress
    ) -> TunedNetwork:
        """The plan on every row, for the model that ships.

        Raises:
            BackboneError: the training failed, and why.
        """
        run = self._thawed(rows, np.arange(len(self.codes)), seed, keeping, progress)
        if isinstance(run.result, NotAvailable):
            raise BackboneError(
                f"'{self.plan.name}' on all rows: {run.result.reason}",
                tip="run again with --max-stage frozen",
            )
        return run.result

    def _thawed(
        self,
        rows: BoundaryRows,
        train: NDArray[np.int64],
        seed: int,
        keeping: Path,
        progress: Progress,
    ) -> TrainingRun:
        return thaw(
            self.plan,
            ThawRows(rows, self.codes, self.groups, train, self.classes, self.towards),
            seed=seed,
            keeping=Keeping(keeping),
            device=training_device(),
            progress=progress,
        )


def plan_of(
    name: str, encoder: FrozenEncoder, *, several: bool = False
) -> AdaptationPlan | NotAvailable:
    """The plan of a rung, or why this network cannot climb it. several: a row may have several
    labels.

    Raises:
        InputError: there is no such plan.
        MissingExtraError: the plan needs peft, which is not installed.
    """
    plan = find_plan(name)
    why = misfit(plan, encoder)
    if several and (plan.pairs or plan.class_weights):
        what = "pairs of rows" if plan.pairs else "class weights"
        why = f"{what} are for rows with one label each"
    return NotAvailable(why) if why else plan


def misfit(plan: AdaptationPlan, encoder: FrozenEncoder) -> str:
    """Why a plan cannot be followed on a network; empty: it can.

    Raises:
        MissingExtraError: the plan needs peft, which is not installed.
    """
    if encoder.network is None:
        return "a backbone that was published as ONNX cannot be thawed"
    try:
        network = cut(encoder.network, top=None)
    except BackboneError as error:
        return error.message
    blocks = len(network.blocks)
    lowest = max(stage.bottom or 0 for stage in plan.stages)
    if max(plan.top or 0, lowest) > blocks:
        return f"the network has {blocks} blocks"
    for stage in plan.stages:
        # A stage of no block from the top is one of the head alone; adapters are no weights yet.
        if stage.top == 0 or plan.low_rank is not None:
            continue
        if stage.top and stage.bottom is not None and blocks - stage.top >= stage.bottom:
            return (
                f"'{stage.name}' would open nothing: of the network's {blocks} blocks none is both "
                f"among the top {stage.top} and among the lowest {stage.bottom}"
            )
        if not any(stage.opens(name, block, blocks) for name, block in network.block_of.items()):
            named = ", ".join(stage.trainable)
            return f"'{stage.name}' would open nothing: no weight of its blocks is named {named}"
    text = encoder.card.modality == "text"
    if plan.copies and text:
        return "augmented copies are made of images; of texts there are none"
    if plan.mixup and text:
        return "texts cannot be mixed: their activations differ in length"
    if plan.pairs and not text:
        return "training on pairs of rows is for texts"
    if plan.low_rank is not None:
        if not adapted_weights(cut(encoder.network, top=plan.top), plan):
            return "the network has no attention projections to adapt"
        require_peft()
    return ""
