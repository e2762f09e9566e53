"""What the inner rows say of a network: they stop its training and choose among its weights."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch

from headstart.adapt.standing import FailedError
from headstart.types.thaw import EpochRecord

TEMPERATURES = tuple(2.0 ** (step / 4) for step in range(-4, 17))
"""By which logits are divided, from 0.5 to 16."""


class Judged(NamedTuple):
    """Log loss at the temperature that makes it least, accuracy, and that temperature."""

    loss: float
    accuracy: float
    temperature: float


def judged(logits: torch.Tensor, codes: torch.Tensor) -> Judged:
    """Logits (n, classes) against labels; a network that is only too sure of itself is no worse at
    the task, so that the loss is that at its best temperature.

    codes: (n,), or 1 where a label applies to a row that may have several (n, classes).

    Raises:
        FailedError: a logit is no finite number.
    """
    if not bool(torch.isfinite(logits).all()):
        raise FailedError("the network's outputs on the inner rows were not finite numbers")
    losses = [float(summed_losses(logits / one, codes)) / len(codes) for one in TEMPERATURES]
    least = int(np.argmin(losses))
    several = codes.ndim == 2
    right = ((logits > 0) == (codes == 1)).all(1) if several else logits.argmax(1) == codes
    return Judged(losses[least], float(right.double().mean()), TEMPERATURES[least])


def summed_losses(
    logits: torch.Tensor,
    codes: torch.Tensor,
    weights: torch.Tensor | None = None,
    smoothing: float = 0.0,
) -> torch.Tensor:
    """Sum of the rows' log losses, at weights of the classes, the labels smoothed. Where a row may
    have several labels, each of them is a question of its own."""
    if codes.ndim == 1:
        return torch.nn.functional.cross_entropy(
            logits, codes, weight=weights, label_smoothing=smoothing, reduction="sum"
        )
    wanted = codes.to(logits.dtype) * (1.0 - smoothing) + smoothing / 2
    return torch.nn.functional.binary_cross_entropy_with_logits(logits, wanted, reduction="sum")


def drifts(history: Sequence[EpochRecord]) -> bool:
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
