"""A small network that starts from nothing: what the rows alone can teach."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

from headstart.adapt.arms.base import Fold
from headstart.adapt.inputs import ArmInputs
from headstart.data.splitting import carve_holdout
from headstart.types.adapt import ArmSpec
from headstart.types.errors import MissingExtraError
from headstart.types.model import ArmFamily, FittedModel

if TYPE_CHECKING:
    import torch

BATCH = 64
EPOCHS = 30
PATIENCE = 4
CHECK_SHARE = 0.15


class Trainable(Protocol):
    """The rows of one modality as tensors, and a network for them."""

    learning_rate: float
    max_steps: int
    """Bounds the work of a fold whatever the number of rows."""

    def batch(self, rows: NDArray[np.int64]) -> tuple[torch.Tensor, ...]: ...
    def network(self, classes: int, chance: torch.Generator) -> torch.nn.Module: ...


def _forward(network: torch.nn.Module, rows: Trainable, index: NDArray[np.int64]) -> torch.Tensor:
    import torch

    parts: list[torch.Tensor] = []
    with torch.inference_mode():
        network.eval()
        for start in range(0, len(index), 256):
            parts.append(network(*rows.batch(index[start : start + 256])))
    return torch.cat(parts)


def _train(
    rows: Trainable,
    codes: NDArray[np.int64],
    fit: NDArray[np.int64],
    check: NDArray[np.int64],
    classes: int,
    seed: int,
) -> tuple[torch.nn.Module, int]:
    """The network at its best epoch on the rows `check`, and that epoch's number."""
    import torch

    from headstart.adapt.arms.adamw import AdamW

    network = rows.network(classes, torch.Generator().manual_seed(seed))
    steps_an_epoch = -(-len(fit) // BATCH)
    epochs = max(1, min(EPOCHS, rows.max_steps // steps_an_epoch))
    optimizer = AdamW(network.parameters(), lr=rows.learning_rate, weight_decay=1e-2)
    loss: torch.nn.Module = torch.nn.CrossEntropyLoss(label_smoothing=0.05)
    targets = torch.from_numpy(codes)
    if codes.ndim == 2:
        loss, targets = torch.nn.BCEWithLogitsLoss(), targets.to(torch.float32)
    order = np.random.default_rng(seed)
    best, best_epoch, kept = float("inf"), 0, dict(network.state_dict())
    for epoch in range(1, epochs + 1):
        network.train()
        shuffled = order.permutation(fit)
        for start in range(0, len(shuffled), BATCH):
            index = shuffled[start : start + BATCH]
            loss(network(*rows.batch(index)), targets[torch.from_numpy(index)]).backward()
            optimizer.step()
        if not len(check):
            continue
        with torch.inference_mode():
            held = float(loss(_forward(network, rows, check), targets[torch.from_numpy(check)]))
        if held < best:
            best, best_epoch = held, epoch
            kept = {name: value.clone() for name, value in network.state_dict().items()}
        elif epoch - best_epoch >= PATIENCE:
            break
    if best_epoch:
        network.load_state_dict(kept)
    return network, best_epoch or epochs


def _rows(inputs: ArmInputs) -> Trainable:
    if inputs.modality == "text":
        from headstart.adapt.arms.scratch_text import TextRows

        return TextRows(inputs.values)
    from headstart.adapt.arms.scratch_image import ImageRows

    return ImageRows(inputs.values)


class Scratch:
    """Random initialisation, early stop on an inner part of the training rows. Never shipped."""

    family: ClassVar[ArmFamily] = "scratch"

    def __init__(self, spec: ArmSpec, inputs: ArmInputs) -> None:
        try:
            import torch  # noqa: F401 - only whether it is there
        except ImportError as error:
            raise MissingExtraError(
                "a network trained from scratch", extra=inputs.modality, package="torch"
            ) from error
        self._rows = _rows(inputs)
        self._inputs = inputs

    def fold(self, train: NDArray[np.int64], test: NDArray[np.int64], seed: int) -> Fold:
        import torch

        codes, groups = self._inputs.codes, self._inputs.groups
        fit, check = carve_holdout(codes[train], groups[train], CHECK_SHARE, seed)
        torch.set_num_threads(1)
        network, epoch = _train(
            self._rows, codes, train[fit], train[check], len(self._inputs.labels), seed
        )
        logits = _forward(network, self._rows, test)
        proba = torch.sigmoid(logits) if codes.ndim == 2 else torch.softmax(logits, dim=1)
        return Fold(proba.numpy(), {"epochs": epoch})

    def settings(self) -> dict[str, Any]:
        return {}

    def refit(self, seed: int) -> FittedModel:
        raise TypeError("the network from scratch is a control and is not shipped")
