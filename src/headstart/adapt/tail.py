"""What is trained: the tail of a cut network, adapters in it where there are some, and a head."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from headstart.adapt.batches import Batch
from headstart.adapt.device import device_name
from headstart.adapt.inner import summed_losses
from headstart.adapt.low_rank import LowRankAdapters
from headstart.adapt.pairs import pair_loss
from headstart.adapt.standing import FailedError, Standing
from headstart.backbones.activations import BoundaryRows
from headstart.heads import LinearHead
from headstart.ports import Progress
from headstart.types.thaw import AdaptationPlan

CHECK_BATCH = 64
HEAD = ("head.weight", "head.bias")


class Tail:
    """The tail and its head on a device; the network is as it was before after `restore`.

    `at` says how many rows go through at once, which is halved where memory runs out.
    """

    def __init__(
        self,
        plan: AdaptationPlan,
        rows: BoundaryRows,
        codes: NDArray[np.int64],
        class_weights: NDArray[np.float32] | None,
        at: Standing,
        *,
        seed: int,
        device: str,
        progress: Progress | None,
    ) -> None:
        self.plan, self.rows, self.at = plan, rows, at
        self.device, self._progress = torch.device(device), progress
        if self.device.type != "cpu":
            at.remarks.append(f"trained on {device_name(device)}")
        self.network = rows.network
        self.network.module.eval()
        self._home = self.network.device
        self.network.module.to(self.device)
        self.pretrained = {n: p.detach().clone() for n, p in self.network.parameters().items()}
        for parameter in self.network.module.parameters():
            parameter.requires_grad_(False)
        self.own = self.network.parameters()
        self._adapters = None
        if plan.low_rank is not None:
            self._adapters = LowRankAdapters(self.network, plan, seed)
        self._codes = torch.from_numpy(codes)
        self._class_weights = None
        if class_weights is not None:
            self._class_weights = torch.from_numpy(class_weights).to(self.device)
        self.head: dict[str, torch.nn.Parameter] = {}

    def restore(self) -> None:
        if self._adapters is not None:
            self._adapters.remove()
        with torch.no_grad():
            for name, value in self.pretrained.items():
                self.own[name].copy_(value)
                self.own[name].grad = None
        for parameter in self.network.module.parameters():
            parameter.requires_grad_(True)
        self.network.module.to(self._home)

    def set_head(self, head: LinearHead) -> None:
        """A head in the place of the one before."""
        self.head = {
            name: torch.nn.Parameter(torch.from_numpy(array.copy()).to(self.device))
            for name, array in zip(HEAD, (head.weights, head.bias), strict=True)
        }

    @torch.no_grad()
    def move_head(self, head: LinearHead) -> None:
        """The head takes these values."""
        for name, array in zip(HEAD, (head.weights, head.bias), strict=True):
            self.head[name].copy_(torch.from_numpy(array))

    def body(self) -> dict[str, torch.nn.Parameter]:
        """The network's parameters, and those of the adapters while there are any."""
        return {**self.own, **(self._adapters.parameters if self._adapters else {})}

    @property
    def block_of(self) -> dict[str, int]:
        """The block of each parameter of the body."""
        return {**self.network.block_of, **(self._adapters.block_of if self._adapters else {})}

    def parameters(self) -> dict[str, torch.nn.Parameter]:
        """Of the body and of the head."""
        return {**self.body(), **self.head}

    def state(self) -> dict[str, torch.Tensor]:
        """A copy of all parameters."""
        return {name: value.detach().clone() for name, value in self.parameters().items()}

    @torch.no_grad()
    def set(self, state: dict[str, torch.Tensor]) -> None:
        """All parameters take these values."""
        for name, parameter in self.parameters().items():
            parameter.copy_(state[name])

    def merge_adapters(self, state: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        """The state of a network without adapters; there are none from here on."""
        if self._adapters is None:
            return state
        merged = self._adapters.merged(state)
        self._adapters.remove()
        self._adapters = None
        return merged

    def backward(self, batch: Batch) -> float:
        """Gradients of the mean loss of a batch, in parts as large as memory allows; the loss."""
        while True:
            try:
                return self._backward(batch)
            except (torch.OutOfMemoryError, MemoryError, RuntimeError) as error:
                self._halve(error)
                for parameter in self.parameters().values():
                    parameter.grad = None

    def _backward(self, batch: Batch) -> float:
        total = 0.0
        for start in range(0, len(batch), self.at.micro):
            loss = self._loss(batch.part(start, self.at.micro)) / len(batch)
            loss.backward()  # type: ignore[no-untyped-call]
            total += float(loss.detach())
        return total

    def _loss(self, batch: Batch) -> torch.Tensor:
        """Summed over the rows, or the pairs of rows, of a part of a batch."""
        if batch.share is not None:
            return self._mixed_loss(batch, batch.share)
        if batch.rows.ndim == 2:
            with self._cast():
                features = self.features(batch.rows.ravel(), batch.copies.ravel())
            one, other = self._codes[torch.from_numpy(batch.rows)].T
            same = (one == other).to(self.device)
            return pair_loss(features.float().reshape(len(batch), 2, -1), same)
        with self._cast():
            logits = self.logits(batch.rows, batch.copies)
        return self._cross_entropy(logits, batch.rows)

    def _mixed_loss(self, batch: Batch, share: float) -> torch.Tensor:
        """Of activations that are mixed at the freeze boundary (manifold mixup, Verma et al. 2019;
        where everything is thawed, of mixed pictures)."""
        (one, mask), (other, _) = (
            self._activations(batch.rows[:, side], batch.copies[:, side]) for side in (0, 1)
        )
        with self._cast():
            logits = self._headed(self.network.tail(torch.lerp(other, one, share), mask))
        losses = [self._cross_entropy(logits, batch.rows[:, side]) for side in (0, 1)]
        return share * losses[0] + (1.0 - share) * losses[1]

    def _cross_entropy(self, logits: torch.Tensor, rows: NDArray[np.int64]) -> torch.Tensor:
        codes = self._codes[torch.from_numpy(rows)].to(self.device)
        smoothing = self.plan.label_smoothing
        return summed_losses(logits.float(), codes, self._class_weights, smoothing)

    def _halve(self, error: BaseException) -> None:
        """Half as many rows at once from now on, if that was what failed."""
        if not is_out_of_memory(error):
            raise error
        if self.at.micro == 1:
            raise FailedError("one row alone does not fit into memory") from error
        self.at.micro = -(-self.at.micro // 2)
        if self.device.type == "cuda":
            torch.cuda.empty_cache()
        self.at.remarks.append(
            f"out of memory: {self.at.micro} rows at once from here on, their gradients added up"
        )

    def _cast(self) -> AbstractContextManager[Any]:
        if self.device.type == "cuda":
            return torch.autocast("cuda", dtype=torch.bfloat16)
        return nullcontext()

    def _activations(
        self, rows: NDArray[np.int64], copies: NDArray[np.int64]
    ) -> tuple[torch.Tensor, torch.Tensor]:
        activations, mask = self.rows.batch(rows, copies)
        # Copies in torch's own memory, which always begins at the same alignment.
        return (
            torch.from_numpy(activations).clone().to(self.device),
            torch.from_numpy(mask).to(self.device),
        )

    def features(self, rows: NDArray[np.int64], copies: NDArray[np.int64]) -> torch.Tensor:
        """Of the tail (n, width)."""
        return self.network.tail(*self._activations(rows, copies))

    def logits(self, rows: NDArray[np.int64], copies: NDArray[np.int64]) -> torch.Tensor:
        """Of the head (n, classes)."""
        return self._headed(self.features(rows, copies))

    def _headed(self, features: torch.Tensor) -> torch.Tensor:
        return torch.nn.functional.linear(features, self.head[HEAD[0]], self.head[HEAD[1]])

    def outputs(
        self,
        rows: NDArray[np.int64],
        function: Callable[[NDArray[np.int64], NDArray[np.int64]], torch.Tensor],
    ) -> NDArray[np.float32]:
        """What `function` gives for rows as they are, in their order."""
        lengths = [self.rows.length(int(row)) for row in rows]
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
                self._progress(f"{self.plan.name}: rows that say when to stop", start, len(order))
        joined = np.concatenate(parts)
        outputs = np.empty_like(joined)
        outputs[order] = joined
        return outputs


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
