"""Training what is thawed: the tail of a cut network and a head, from activations that are kept.

No dropout, and batch norms keep their pretrained statistics: a step is a function of its batch, and
the order of the batches follows from the seed, the stage and the epoch alone.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from math import isfinite, log
from time import perf_counter
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from headstart.adapt.anchored import AnchoredAdamW, Moving, rate_share
from headstart.adapt.batches import Batch, batches
from headstart.adapt.checkpoint import read_checkpoint, write_checkpoint
from headstart.adapt.inner import Judged, drifts, judged
from headstart.adapt.standing import FailedError, Keeping, Standing
from headstart.adapt.tail import HEAD, Tail
from headstart.backbones.activations import BoundaryRows
from headstart.backbones.cache import digest
from headstart.data.splitting import carve_holdout
from headstart.heads import LinearHead, fit_linear
from headstart.ports import Progress
from headstart.types.result import NotAvailable
from headstart.types.thaw import (
    AdaptationPlan,
    EpochRecord,
    StoppedBy,
    TrainingRun,
    TrainingStage,
    TunedNetwork,
)

__all__ = ["Keeping", "ThawRows", "thaw"]

DIVERGED = 3.0
"""A training loss of so many times that of guessing is no longer learning."""


@dataclass(frozen=True)
class ThawRows:
    """The rows of one fold's training part: activations, codes and groups of all rows, and which
    of them may be learned from. Codes are (n,), or 1 where a label applies to a row that may have
    several (n, classes). towards: weights that heads on the features may be pulled towards
    (classes, width)."""

    activations: BoundaryRows
    codes: NDArray[np.int64]
    groups: NDArray[np.int64]
    train: NDArray[np.int64]
    classes: int
    towards: NDArray[np.float32] | None = None


def thaw(
    plan: AdaptationPlan,
    rows: ThawRows,
    *,
    seed: int = 0,
    keeping: Keeping | None = None,
    device: str = "cpu",
    progress: Progress | None = None,
) -> TrainingRun:
    """Train by the plan; the network is as it was before when this returns or raises.

    The rows are divided once more, groups whole: an inner part stops the stages, keeps the best
    epoch and chooses the weight of the average with the pretrained network. On the same number of
    threads, equal arguments give equal bits, wherever in between it was killed.

    Raises:
        InterruptedRunError: `progress` raised it; a checkpoint lets the training go on.
        BackboneError: the network is not cut low enough for the plan, or the disk is full.
    """
    fit, check = carve_holdout(
        rows.codes[rows.train], rows.groups[rows.train], plan.inner_share, seed
    )
    if not len(check) or len(np.unique(rows.codes[rows.train])) < 2:
        why = f"{len(rows.train)} rows are too few to hold out an inner part of every class"
        return _failed(plan, why, Standing(micro=plan.batch_size))
    training = _Training(
        plan, rows, rows.train[fit], rows.train[check], seed, keeping, device, progress
    )
    try:
        return training.run()
    except FailedError as failure:
        return _failed(plan, str(failure), training.at)
    finally:
        training.tail.restore()


def _failed(plan: AdaptationPlan, why: str, at: Standing) -> TrainingRun:
    return TrainingRun(
        plan.name,
        NotAvailable(f"failed, because {why}"),
        tuple(at.history),
        tuple(at.stopped),
        0.0,
        at.micro,
        tuple(at.remarks),
    )


class _Training:
    def __init__(
        self,
        plan: AdaptationPlan,
        rows: ThawRows,
        fit: NDArray[np.int64],
        check: NDArray[np.int64],
        seed: int,
        keeping: Keeping | None,
        device: str,
        progress: Progress | None,
    ) -> None:
        self._plan, self._rows, self._fit, self._check = plan, rows, fit, check
        self._seed, self._keeping, self._progress = seed, keeping, progress
        network = rows.activations.network
        self._blocks = len(network.blocks)
        top = self._blocks if plan.top is None else plan.top
        if network.below > self._blocks - top:
            raise ValueError(f"the plan opens {top} blocks; the network is cut above the lowest")
        if plan.mixup and network.tokens:
            raise ValueError("texts cannot be mixed: their activations differ in length")
        self.at = Standing(micro=plan.batch_size)
        self._start: dict[str, torch.Tensor] = {}
        self._best: dict[str, torch.Tensor] = {}
        weights = class_weights(rows.codes[fit], rows.classes) if plan.class_weights else None
        self.tail = Tail(
            plan, rows.activations, rows.codes, weights, self.at,
            seed=seed, device=device, progress=progress,
        )  # fmt: skip

    def run(self) -> TrainingRun:
        found = None
        if self._keeping is not None:
            found = read_checkpoint(self._keeping.path, self._key)
        if found is None:
            self._begin()
        else:
            self._resume(*found)
        while self.at.stage < len(self._plan.stages):
            self._run_stage(self._plan.stages[self.at.stage])
        # From adapters to a network like any other, which is then averaged and kept.
        self._best = self.tail.merge_adapters(self._best)
        self._start = {name: self._start[name] for name in self._best}
        weight = self._average()
        tensors = {
            name: value.detach().cpu().numpy().copy()
            for name, value in self.tail.own.items()
            if not torch.equal(value, self.tail.pretrained[name])
        }
        tuned = TunedNetwork(
            self.tail.network.network.weights_sha256,
            tensors,
            *(self.tail.head[name].detach().cpu().numpy().copy() for name in HEAD),
        )
        return TrainingRun(
            self._plan.name,
            tuned,
            tuple(self.at.history),
            tuple(self.at.stopped),
            weight,
            self.at.micro,
            tuple(self.at.remarks),
        )

    @property
    def _key(self) -> str:
        return digest(
            asdict(self._plan),
            self._rows.activations.key,
            self.tail.network.network.weights_sha256,
            self.tail.network.below,
            self._rows.codes.tolist(),
            self._fit.tolist(),
            self._check.tolist(),
            self._seed,
            None if self._rows.towards is None else self._rows.towards.tolist(),
            str(self.tail.device),
        )

    def _begin(self) -> None:
        """The head of the frozen network, fitted on the rows that are trained on (LP-FT)."""
        self.tail.set_head(self._fitted(self._fit))
        self._start = self.tail.state()
        self._best = self.tail.state()
        inner, accuracy, _ = self._judge()
        self.at.best_loss = inner
        self.at.history.append(EpochRecord("start", 0, None, inner, accuracy))
        self._open()

    def _fitted(self, rows: NDArray[np.int64]) -> LinearHead:
        """A head on the features that the network gives of these rows now."""
        return fit_linear(
            self.tail.outputs(rows, self.tail.features),
            self._rows.codes[rows],
            self._rows.classes,
            groups=self._rows.groups[rows],
            seed=self._seed,
            towards=self._rows.towards,
        )

    def _follow(self) -> None:
        """Fit the head anew where the training does not move it: on pairs."""
        if self._plan.pairs:
            self.tail.move_head(self._fitted(self._fit))

    def _open(self) -> None:
        """Open the blocks of the stage; what the earlier stages gave best is where it starts."""
        if self.at.stage >= len(self._plan.stages):
            return
        stage = self._plan.stages[self.at.stage]
        self.tail.set(self._best)
        moving = {}
        blocks = self.tail.block_of
        end = self._blocks if stage.bottom is None else stage.bottom
        for name, parameter in self.tail.body().items():
            opened = stage.opens(name, blocks[name], self._blocks)
            parameter.requires_grad_(opened)
            if opened:
                depth = end - 1 - blocks[name]
                rate = stage.learning_rate * stage.layer_decay**depth
                moving[name] = Moving(parameter, rate, self._start[name])
        for name, parameter in self.tail.head.items():
            rate = stage.head_learning_rate or stage.learning_rate
            moving[name] = Moving(parameter, rate, self._start[name])
        self._optimizer = AnchoredAdamW(moving, decay=stage.weight_decay, pull=stage.l2_to_start)

    def _run_stage(self, stage: TrainingStage) -> None:
        epochs = self._plan.epochs(stage, len(self._fit))
        while self.at.epoch < epochs:
            begun = perf_counter()
            drawn = list(
                batches(
                    self._plan, self._rows.activations, self._rows.codes, self._fit,
                    (self._seed, 3, self.at.stage, self.at.epoch),
                )
            )  # fmt: skip
            per_epoch = len(drawn)
            for number in range(self.at.step, per_epoch):
                done = self.at.epoch * per_epoch + number
                if self._progress is not None:
                    what = f"{self._plan.name}: {stage.name}"
                    self._progress(what, done, epochs * per_epoch)
                share = rate_share(done, epochs * per_epoch, stage.warmup)
                self.at.loss += self._step(drawn[number], share) * len(drawn[number])
                self.at.step = number + 1
                if self._keeping is not None and self.at.step % self._keeping.every == 0:
                    self._keep()
            self.at.seconds += perf_counter() - begun
            stop = self._end_epoch(stage, sum(map(len, drawn)))
            if stop is not None:
                self.at.stopped.append(stop)
                break
            self._keep()
        else:
            self.at.stopped.append("epochs")
        self.at.stage, self.at.epoch, self.at.step = self.at.stage + 1, 0, 0
        self.at.best_epoch, self.at.steps = 0, 0
        self._open()
        self._keep()

    def _end_epoch(self, stage: TrainingStage, trained: int) -> StoppedBy | None:
        """Judge on the inner rows, keep the best, and say whether the stage stops."""
        training = self.at.loss / trained
        several = self._rows.codes.ndim == 2
        guessing = self._rows.classes * log(2) if several else log(max(2, self._rows.classes))
        if training > DIVERGED * guessing:
            raise FailedError(
                f"it diverged in '{stage.name}': a training loss of {training:.3g} in epoch "
                f"{self.at.epoch + 1}"
            )
        self._follow()
        inner, accuracy, _ = self._judge()
        self.at.epoch += 1
        record = EpochRecord(stage.name, self.at.epoch, training, inner, accuracy, self.at.seconds)
        self.at.history.append(record)
        self.at.loss, self.at.step, self.at.seconds = 0.0, 0, 0.0
        if inner < self.at.best_loss:
            self.at.best_loss, self.at.best_epoch = inner, self.at.epoch
            self._best = self.tail.state()
            return None
        if self.at.epoch - self.at.best_epoch < stage.patience:
            return None
        if not drifts([one for one in self.at.history if one.stage == stage.name]):
            return "patience"
        self.at.remarks.append(
            f"drift in '{stage.name}': the training loss fell while log loss and accuracy on the "
            f"inner rows got worse up to epoch {self.at.epoch}"
        )
        return "drift"

    def _step(self, batch: Batch, share: float) -> float:
        """One step down the mean loss of a batch."""
        loss = self.tail.backward(batch)
        if not isfinite(loss):
            raise FailedError(f"the loss was {loss} in epoch {self.at.epoch + 1}")
        norm = self._optimizer.clip(self._plan.clip)
        if not isfinite(norm):
            raise FailedError(f"the gradient's norm was {norm} in epoch {self.at.epoch + 1}")
        self._optimizer.step(share)
        self.at.steps = self._optimizer.steps
        return loss

    def _judge(self) -> Judged:
        logits = torch.from_numpy(self.tail.outputs(self._check, self.tail.logits)).double()
        return judged(logits, torch.from_numpy(self._rows.codes[self._check]))

    def _average(self) -> float:
        """Set the average of start and best that is best on the inner rows; its weight (WiSE-FT,
        Wortsman et al. 2022). Of equals, the nearer to the pretrained network. The temperature that
        fits it goes into the head. At 0 it is the frozen network, and its head is fitted on all
        rows, the inner ones too, as that of the frozen arm is."""
        chosen, least, temperature = 0.0, float("inf"), 1.0
        for weight in sorted(self._plan.averaging):
            self._mix(weight)
            self._follow()
            loss, _, at = self._judge()
            if loss < least:
                chosen, least, temperature = weight, loss, at
        self._mix(chosen)
        if chosen == 0.0:
            self.tail.move_head(self._fitted(self._rows.train))
            return chosen
        self._follow()
        with torch.no_grad():
            for parameter in self.tail.head.values():
                parameter.div_(temperature)
        return chosen

    def _mix(self, weight: float) -> None:
        self.tail.set(
            {
                name: start if weight == 0.0 else torch.lerp(start, self._best[name], weight)
                for name, start in self._start.items()
            }
        )

    def _keep(self) -> None:
        if self._keeping is None:
            return
        tensors = {
            f"{kind}/{name}": value
            for kind, state in (("now", self.tail.state()), ("best", self._best))
            for name, value in state.items()
        }
        tensors |= {f"start/{name}": self._start[name] for name in HEAD}
        tensors |= {f"mean/{name}": value for name, value in self._optimizer.mean.items()}
        tensors |= {f"square/{name}": value for name, value in self._optimizer.square.items()}
        write_checkpoint(self._keeping.path, {"key": self._key, **asdict(self.at)}, tensors)

    def _resume(self, facts: dict[str, Any], tensors: dict[str, torch.Tensor]) -> None:
        def part(kind: str) -> dict[str, torch.Tensor]:
            return {
                name.removeprefix(f"{kind}/"): value.to(self.tail.device)
                for name, value in tensors.items()
                if name.startswith(f"{kind}/")
            }

        known = {name: value for name, value in facts.items() if name != "key"}
        known["history"] = [EpochRecord(**one) for one in known["history"]]
        for name, value in known.items():
            setattr(self.at, name, value)
        weights, bias = (part("start")[name].cpu().numpy() for name in HEAD)
        self.tail.set_head(LinearHead(weights, bias))
        # Adapters are as they were drawn: nothing has moved yet.
        untouched = {name: value.detach().clone() for name, value in self.tail.body().items()}
        self._start = {**untouched, **part("start")}
        self._best = part("best")
        self._open()
        if self.at.stage < len(self._plan.stages):
            self.tail.set(part("now"))
            self._optimizer.steps = self.at.steps
            for name, value in part("mean").items():
                self._optimizer.mean[name].copy_(value)
            for name, value in part("square").items():
                self._optimizer.square[name].copy_(value)


def class_weights(codes: NDArray[np.int64], classes: int) -> NDArray[np.float32]:
    """Weights (classes,) under which every class that is there weighs the same, 1 on average.

    >>> class_weights(np.array([0, 0, 0, 1]), 2)
    array([0.6666667, 2.       ], dtype=float32)
    """
    counts = np.bincount(codes, minlength=classes)
    weights: NDArray[np.float32] = np.float32(counts.sum() / (counts > 0).sum()) / np.maximum(
        counts, 1
    ).astype(np.float32)
    return weights
