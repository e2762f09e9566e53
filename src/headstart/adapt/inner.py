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
    """Logits (n, classes) against labels (n,); a network that is only too sure of itself is no
    worse at the task, so that the loss is that at its best temperature.

    Raises:
        FailedError: a logit is no finite number.
    """
    if not bool(torch.isfinite(logits).all()):
        raise FailedError("the network's outputs on the inner rows were not finite numbers")
    losses = [float(torch.nn.functional.cross_entropy(logits / one, codes)) for one in TEMPERATURES]
    least = int(np.argmin(losses))
    accuracy = float((logits.argmax(1) == codes).double().mean())
    return Judged(losses[least], accuracy, TEMPERATURES[least])


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
