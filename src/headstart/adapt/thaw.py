"""Training what is thawed: the tail of a cut network and a head, from activations that are kept.

No dropout, and batch norms keep their pretrained statistics: a step is a function of its batch, and
the order of the batches follows from the seed, the stage and the epoch alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, dataclass, field
from fnmatch import fnmatchcase
from math import isfinite, log
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from headstart.adapt.anchored import AnchoredAdamW, Moving, rate_share
from headstart.adapt.checkpoint import read_checkpoint, write_checkpoint
from headstart.adapt.device import device_name
from headstart.adapt.low_rank import LowRankAdapters
from headstart.adapt.pairs import draw_pairs, pair_loss
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

CHECK_BATCH = 64
WINDOW = 8
"""Batches among which texts are sorted by length, so that they are padded little."""
DIVERGED = 3.0
"""A training loss of so many times that of guessing is no longer learning."""
TEMPERATURES = tuple(2.0 ** (step / 4) for step in range(-4, 17))
"""By which logits are divided, from 0.5 to 16."""
HEAD = ("head.weight", "head.bias")


@dataclass(frozen=True)
class ThawRows:
    """The rows of one fold's training part: activations, codes and groups of all rows, and which
    of them may be learned from."""

    activations: BoundaryRows
    codes: NDArray[np.int64]
    groups: NDArray[np.int64]
    train: NDArray[np.int64]
    classes: int


@dataclass(frozen=True)
class Keeping:
    """Where checkpoints go, and after how many steps (beside the end of every epoch)."""

    path: Path
    every: int = 50


class _FailedError(Exception):
    """The training cannot go on; the message says why."""


@dataclass
class _Standing:
    """Where a training stands; all of it is in a checkpoint."""

    stage: int = 0
    epoch: int = 0
    step: int = 0
    steps: int = 0
    """Of the optimizer, in this stage."""
    loss: float = 0.0
    seconds: float = 0.0
    best_loss: float = float("inf")
    best_epoch: int = 0
    micro: int = 0
    history: list[EpochRecord] = field(default_factory=list)
    stopped: list[StoppedBy] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)


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
        return _failed(plan, why, _Standing(micro=plan.batch_size))
    training = _Training(
        plan, rows, rows.train[fit], rows.train[check], seed, keeping, device, progress
    )
    try:
        return training.run()
    except _FailedError as failure:
        return _failed(plan, str(failure), training.at)
    finally:
        training.restore()


def _failed(plan: AdaptationPlan, why: str, at: _Standing) -> TrainingRun:
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
        self._device = torch.device(device)
        remarks = [] if self._device.type == "cpu" else [f"trained on {device_name(device)}"]
        self._network = rows.activations.network
        self._network.module.eval()
        self._blocks = len(self._network.blocks)
        top = self._blocks if plan.top is None else plan.top
        if self._network.below > self._blocks - top:
            raise ValueError(f"the plan opens {top} blocks; the network is cut above the lowest")
        self.at = _Standing(micro=plan.batch_size, remarks=remarks)
        self._home = next(self._network.module.parameters()).device
        self._network.module.to(self._device)
        self._pretrained = {n: p.detach().clone() for n, p in self._network.parameters().items()}
        for parameter in self._network.module.parameters():
            parameter.requires_grad_(False)
        self._own = self._network.parameters()
        self._adapters = None
        if plan.low_rank is not None:
            self._adapters = LowRankAdapters(self._network, plan, seed)
        self._codes = torch.from_numpy(rows.codes)
        self._class_weights = self._weigh_classes()

    def restore(self) -> None:
        if self._adapters is not None:
            self._adapters.remove()
        with torch.no_grad():
            for name, value in self._pretrained.items():
                self._own[name].copy_(value)
                self._own[name].grad = None
        for parameter in self._network.module.parameters():
            parameter.requires_grad_(True)
        self._network.module.to(self._home)

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
        self._merge()
        weight = self._average()
        tensors = {
            name: value.detach().cpu().numpy().copy()
            for name, value in self._own.items()
            if not torch.equal(value, self._pretrained[name])
        }
        tuned = TunedNetwork(
            self._network.network.weights_sha256,
            tensors,
            self._head[HEAD[0]].detach().cpu().numpy().copy(),
            self._head[HEAD[1]].detach().cpu().numpy().copy(),
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
            self._network.network.weights_sha256,
            self._network.below,
            self._rows.codes.tolist(),
            self._fit.tolist(),
            self._check.tolist(),
            self._seed,
            str(self._device),
        )

    def _begin(self) -> None:
        """The head of the frozen network, fitted on the rows that are trained on (LP-FT)."""
        self._set_head(self._fitted())
        self._start = self._state()
        self._best = self._state()
        inner, accuracy, _ = self._judge()
        self.at.best_loss = inner
        self.at.history.append(EpochRecord("start", 0, None, inner, accuracy))
        self._open()

    def _fitted(self) -> LinearHead:
        """A head on the features that the network gives now."""
        return fit_linear(
            self._outputs(self._fit, self._features),
            self._rows.codes[self._fit],
            self._rows.classes,
            groups=self._rows.groups[self._fit],
            seed=self._seed,
        )

    @torch.no_grad()
    def _follow(self) -> None:
        """Fit the head anew where the training does not move it: on pairs."""
        if self._plan.pairs:
            head = self._fitted()
            for name, array in zip(HEAD, (head.weights, head.bias), strict=True):
                self._head[name].copy_(torch.from_numpy(array))

    def _set_head(self, head: LinearHead) -> None:
        self._head = {
            name: torch.nn.Parameter(torch.from_numpy(array.copy()).to(self._device))
            for name, array in zip(HEAD, (head.weights, head.bias), strict=True)
        }

    def _body(self) -> dict[str, torch.nn.Parameter]:
        """The network's parameters, and those of the adapters while there are any."""
        return {**self._own, **(self._adapters.parameters if self._adapters else {})}

    def _parameters(self) -> dict[str, torch.nn.Parameter]:
        return {**self._body(), **self._head}

    def _merge(self) -> None:
        """From adapters to a network like any other, which is then averaged and kept."""
        if self._adapters is None:
            return
        adapters, self._adapters = self._adapters, None
        self._best = adapters.merged(self._best)
        self._start = {name: self._start[name] for name in self._best}
        adapters.remove()

    def _state(self) -> dict[str, torch.Tensor]:
        return {name: value.detach().clone() for name, value in self._parameters().items()}

    @torch.no_grad()
    def _set(self, state: dict[str, torch.Tensor]) -> None:
        for name, parameter in self._parameters().items():
            parameter.copy_(state[name])

    def _open(self) -> None:
        """Open the blocks of the stage; what the earlier stages gave best is where it starts."""
        if self.at.stage >= len(self._plan.stages):
            return
        stage = self._plan.stages[self.at.stage]
        self._set(self._best)
        top = self._blocks if stage.top is None else stage.top
        moving = {}
        blocks = {**self._network.block_of, **(self._adapters.block_of if self._adapters else {})}
        for name, parameter in self._body().items():
            block = blocks[name]
            opened = block >= self._blocks - top and any(
                fnmatchcase(name.lower(), pattern.lower()) for pattern in stage.trainable
            )
            parameter.requires_grad_(opened)
            if opened:
                depth = self._blocks - 1 - block
                rate = stage.learning_rate * stage.layer_decay**depth
                moving[name] = Moving(parameter, rate, self._start[name])
        for name, parameter in self._head.items():
            rate = stage.head_learning_rate or stage.learning_rate
            moving[name] = Moving(parameter, rate, self._start[name])
        self._optimizer = AnchoredAdamW(moving, decay=stage.weight_decay, pull=stage.l2_to_start)

    def _run_stage(self, stage: TrainingStage) -> None:
        while self.at.epoch < stage.epochs:
            begun = perf_counter()
            batches = list(self._batches())
            per_epoch = len(batches)
            for number in range(self.at.step, len(batches)):
                done = self.at.epoch * per_epoch + number
                if self._progress is not None:
                    what = f"{self._plan.name}: {stage.name}"
                    self._progress(what, done, stage.epochs * per_epoch)
                share = rate_share(done, stage.epochs * per_epoch, stage.warmup)
                self.at.loss += self._step(*batches[number], share) * len(batches[number][0])
                self.at.step = number + 1
                if self._keeping is not None and self.at.step % self._keeping.every == 0:
                    self._keep()
            self.at.seconds += perf_counter() - begun
            stop = self._end_epoch(stage, sum(len(rows) for rows, _ in batches))
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
        if training > DIVERGED * log(max(2, self._rows.classes)):
            raise _FailedError(
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
            self._best = self._state()
            return None
        if self.at.epoch - self.at.best_epoch < stage.patience:
            return None
        if not _drifts([one for one in self.at.history if one.stage == stage.name]):
            return "patience"
        self.at.remarks.append(
            f"drift in '{stage.name}': the training loss fell while log loss and accuracy on the "
            f"inner rows got worse up to epoch {self.at.epoch}"
        )
        return "drift"

    def _batches(self) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
        """(rows, copies) of each batch; every row once, as itself or as one of its copies."""
        chance = np.random.default_rng([self._seed, 3, self.at.stage, self.at.epoch])
        items = self._fit
        if self._plan.pairs:
            items = draw_pairs(self._rows.codes, self._fit, self._plan.pairs, chance)
        order = chance.permutation(items)
        copies = chance.integers(0, self._rows.activations.copies + 1, order.shape)
        size = self._plan.batch_size
        if self._network.tokens:
            lengths = np.array([self._rows.activations.length(int(row)) for row in order.flat])
            lengths = lengths.reshape(len(order), -1).max(axis=1)
            windows = np.arange(len(order)) // (WINDOW * size)
            by_length = np.lexsort((lengths, windows))
            order, copies = order[by_length], copies[by_length]
        for number in chance.permutation(-(-len(order) // size)):
            part = slice(number * size, (number + 1) * size)
            yield order[part], copies[part]

    def _step(self, rows: NDArray[np.int64], copies: NDArray[np.int64], share: float) -> float:
        """One step down the mean loss of a batch, in parts as large as memory allows."""
        while True:
            try:
                loss = self._backward(rows, copies)
                break
            except (torch.OutOfMemoryError, MemoryError, RuntimeError) as error:
                self._halve(error)
                for parameter in self._parameters().values():
                    parameter.grad = None
        if not isfinite(loss):
            raise _FailedError(f"the loss was {loss} in epoch {self.at.epoch + 1}")
        norm = self._optimizer.clip(self._plan.clip)
        if not isfinite(norm):
            raise _FailedError(f"the gradient's norm was {norm} in epoch {self.at.epoch + 1}")
        self._optimizer.step(share)
        self.at.steps = self._optimizer.steps
        return loss

    def _backward(self, rows: NDArray[np.int64], copies: NDArray[np.int64]) -> float:
        total = 0.0
        for start in range(0, len(rows), self.at.micro):
            part = slice(start, start + self.at.micro)
            loss = self._loss(rows[part], copies[part]) / len(rows)
            loss.backward()  # type: ignore[no-untyped-call]
            total += float(loss.detach())
        return total

    def _loss(self, rows: NDArray[np.int64], copies: NDArray[np.int64]) -> torch.Tensor:
        """Summed over rows (n,), or over pairs of rows (n, 2)."""
        if rows.ndim == 2:
            with self._cast():
                features = self._features(rows.ravel(), copies.ravel())
            one, other = self._rows.codes[rows].T
            same = torch.from_numpy(one == other).to(self._device)
            return pair_loss(features.float().reshape(len(rows), 2, -1), same)
        with self._cast():
            logits = self._logits(rows, copies)
        return torch.nn.functional.cross_entropy(
            logits.float(),
            self._codes[torch.from_numpy(rows)].to(self._device),
            weight=self._class_weights,
            label_smoothing=self._plan.label_smoothing,
            reduction="sum",
        )

    def _halve(self, error: BaseException) -> None:
        """Half as many rows at once from now on, if that was what failed."""
        if not is_out_of_memory(error):
            raise error
        if self.at.micro == 1:
            raise _FailedError("one row alone does not fit into memory") from error
        self.at.micro = -(-self.at.micro // 2)
        if self._device.type == "cuda":
            torch.cuda.empty_cache()
        self.at.remarks.append(
            f"out of memory: {self.at.micro} rows at once from here on, their gradients added up"
        )

    def _cast(self) -> AbstractContextManager[Any]:
        if self._device.type == "cuda":
            return torch.autocast("cuda", dtype=torch.bfloat16)
        return nullcontext()

    def _features(self, rows: NDArray[np.int64], copies: NDArray[np.int64]) -> torch.Tensor:
        activations, mask = self._rows.activations.batch(rows, copies)
        # Copies in torch's own memory, which always begins at the same alignment.
        return self._network.tail(
            torch.from_numpy(activations).clone().to(self._device),
            torch.from_numpy(mask).to(self._device),
        )

    def _logits(self, rows: NDArray[np.int64], copies: NDArray[np.int64]) -> torch.Tensor:
        features = self._features(rows, copies)
        return torch.nn.functional.linear(features, self._head[HEAD[0]], self._head[HEAD[1]])

    def _outputs(
        self,
        rows: NDArray[np.int64],
        function: Callable[[NDArray[np.int64], NDArray[np.int64]], torch.Tensor],
    ) -> NDArray[np.float32]:
        """What `function` gives for rows as they are, in their order."""
        lengths = [self._rows.activations.length(int(row)) for row in rows]
        order = np.argsort(lengths, kind="stable")
        parts: list[NDArray[np.float32]] = []
        start = 0
        while start < len(order):
            part = rows[order[start : start + min(CHECK_BATCH, 4 * self.at.micro)]]
            try:
                with torch.inference_mode(), self._cast():
                    found = function(part, np.zeros(len(part), dtype=np.int64))
            except (torch.OutOfMemoryError, MemoryError, RuntimeError) as error:
                self._halve(error)
                continue
            parts.append(found.float().cpu().numpy())
            start += len(part)
            if self._progress is not None:
                self._progress(f"{self._plan.name}: inner rows", start, len(order))
        joined = np.concatenate(parts)
        outputs = np.empty_like(joined)
        outputs[order] = joined
        return outputs

    def _judge(self) -> tuple[float, float, float]:
        """(log loss, accuracy, temperature) on the inner rows; the loss at the temperature that
        makes it least, since a network that is only too sure of itself is no worse at the task."""
        logits = torch.from_numpy(self._outputs(self._check, self._logits)).double()
        codes = self._codes[torch.from_numpy(self._check)]
        if not bool(torch.isfinite(logits).all()):
            raise _FailedError("the network's outputs on the inner rows were not finite numbers")
        losses = [
            float(torch.nn.functional.cross_entropy(logits / one, codes)) for one in TEMPERATURES
        ]
        least = int(np.argmin(losses))
        accuracy = float((logits.argmax(1) == codes).double().mean())
        return losses[least], accuracy, TEMPERATURES[least]

    def _weigh_classes(self) -> torch.Tensor | None:
        if not self._plan.class_weights:
            return None
        counts = np.bincount(self._rows.codes[self._fit], minlength=self._rows.classes)
        weights = counts.sum() / (np.maximum(counts, 1) * (counts > 0).sum())
        return torch.from_numpy(weights.astype(np.float32)).to(self._device)

    def _average(self) -> float:
        """Set the average of start and best that is best on the inner rows; its weight (WiSE-FT,
        Wortsman et al. 2022). Of equals, the nearer to the pretrained network. The temperature that
        fits it goes into the head."""
        chosen, least, temperature = 0.0, float("inf"), 1.0
        for weight in sorted(self._plan.averaging):
            self._mix(weight)
            self._follow()
            loss, _, at = self._judge()
            if loss < least:
                chosen, least, temperature = weight, loss, at
        self._mix(chosen)
        self._follow()
        with torch.no_grad():
            for parameter in self._head.values():
                parameter.div_(temperature)
        return chosen

    def _mix(self, weight: float) -> None:
        self._set(
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
            for kind, state in (("now", self._state()), ("best", self._best))
            for name, value in state.items()
        }
        tensors |= {f"start/{name}": self._start[name] for name in HEAD}
        tensors |= {f"mean/{name}": value for name, value in self._optimizer.mean.items()}
        tensors |= {f"square/{name}": value for name, value in self._optimizer.square.items()}
        write_checkpoint(self._keeping.path, {"key": self._key, **asdict(self.at)}, tensors)

    def _resume(self, facts: dict[str, Any], tensors: dict[str, torch.Tensor]) -> None:
        def part(kind: str) -> dict[str, torch.Tensor]:
            return {
                name.removeprefix(f"{kind}/"): value.to(self._device)
                for name, value in tensors.items()
                if name.startswith(f"{kind}/")
            }

        known = {name: value for name, value in facts.items() if name != "key"}
        known["history"] = [EpochRecord(**one) for one in known["history"]]
        self.at = _Standing(**known)
        self._head = {name: torch.nn.Parameter(part("start")[name].clone()) for name in HEAD}
        # Adapters are as they were drawn: nothing has moved yet.
        untouched = {name: value.detach().clone() for name, value in self._body().items()}
        self._start = {**untouched, **part("start")}
        self._best = part("best")
        self._open()
        if self.at.stage < len(self._plan.stages):
            self._set(part("now"))
            self._optimizer.steps = self.at.steps
            for name, value in part("mean").items():
                self._optimizer.mean[name].copy_(value)
            for name, value in part("square").items():
                self._optimizer.square[name].copy_(value)


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error says that there was no memory left; the CPU's allocator has no type for it.

    >>> is_out_of_memory(RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried …"))
    True
    >>> is_out_of_memory(RuntimeError("shapes cannot be multiplied"))
    False
    """
    if isinstance(error, torch.OutOfMemoryError | MemoryError):
        return True
    said = str(error)
    return isinstance(error, RuntimeError) and (
        "can't allocate memory" in said or "not enough memory" in said or "out of memory" in said
    )


def _drifts(history: list[EpochRecord]) -> bool:
    """Whether the last two epochs lost on the inner rows while the training loss fell."""
    if len(history) < 3:
        return False
    before, between, last = history[-3:]
    return (
        before.inner_loss < between.inner_loss < last.inner_loss
        and last.inner_accuracy < before.inner_accuracy
        and (before.training_loss or 0.0) > (between.training_loss or 0.0)
        and (between.training_loss or 0.0) > (last.training_loss or 0.0)
    )
