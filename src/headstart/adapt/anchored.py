"""AdamW with a rate for each block and a pull towards the weights before training."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import cos, pi

import torch

from headstart.adapt.arms.adamw import DECAY_1, DECAY_2, EPSILON


@dataclass(frozen=True)
class Moving:
    """A parameter in training: its learning rate, and where it started."""

    parameter: torch.nn.Parameter
    rate: float
    start: torch.Tensor


class AnchoredAdamW:
    """AdamW (Loshchilov and Hutter 2019, algorithm 2) whose decoupled decay has two parts: towards
    0, and towards the start (L2-SP, Li et al. 2018).
    """

    def __init__(self, moving: Mapping[str, Moving], *, decay: float, pull: float) -> None:
        self._moving, self._decay, self._pull = dict(moving), decay, pull
        self.mean = {name: torch.zeros_like(one.parameter) for name, one in moving.items()}
        self.square = {name: torch.zeros_like(one.parameter) for name, one in moving.items()}
        self.steps = 0

    @torch.no_grad()
    def clip(self, largest: float) -> float:
        """Scale the gradients to the norm `largest` if theirs is larger; their norm before."""
        gradients = [g for one in self._moving.values() if (g := one.parameter.grad) is not None]
        norm = float(torch.stack([gradient.norm() for gradient in gradients]).norm())
        if norm > largest:
            for gradient in gradients:
                gradient.mul_(largest / norm)
        return norm

    @torch.no_grad()
    def step(self, share: float) -> None:
        """One step at `share` of the rates. Gradients are cleared."""
        self.steps += 1
        first, second = 1 - DECAY_1**self.steps, 1 - DECAY_2**self.steps
        for name, one in self._moving.items():
            parameter, gradient = one.parameter, one.parameter.grad
            if gradient is None:
                continue
            rate = one.rate * share
            self.mean[name].lerp_(gradient, 1 - DECAY_1)
            self.square[name].mul_(DECAY_2).addcmul_(gradient, gradient, value=1 - DECAY_2)
            size = (self.square[name] / second).sqrt_().add_(EPSILON)
            if self._pull:
                parameter.lerp_(one.start, min(1.0, rate * self._pull))
            if self._decay:
                parameter.mul_(1 - rate * self._decay)
            parameter.addcdiv_(self.mean[name], size, value=-rate / first)
            parameter.grad = None


def rate_share(step: int, steps: int, warmup: float) -> float:
    """Share of the full rate at a step: rising over the warm-up, then falling as a cosine.

    >>> [round(rate_share(step, 10, 0.2), 2) for step in (0, 1, 2, 6, 9)]
    [0.5, 1.0, 1.0, 0.5, 0.04]
    """
    rising = round(steps * warmup)
    if step < rising:
        return (step + 1) / rising
    return 0.5 * (1 + cos(pi * (step - rising) / max(1, steps - rising)))
