"""AdamW. PyTorch's own imports a compiler when it is first used, which takes two seconds."""

from __future__ import annotations

from collections.abc import Iterable

import torch

DECAY_1, DECAY_2 = 0.9, 0.999
EPSILON = 1e-8


class AdamW:
    """Adam with decoupled weight decay. Source: Loshchilov and Hutter (2019), algorithm 2."""

    def __init__(
        self, parameters: Iterable[torch.nn.Parameter], *, lr: float, weight_decay: float
    ) -> None:
        self._lr, self._shrink = lr, 1 - lr * weight_decay
        self._all = [(p, torch.zeros_like(p), torch.zeros_like(p)) for p in parameters]
        self._steps = 0

    @torch.no_grad()
    def step(self) -> None:
        """One step down the gradients, which are cleared."""
        self._steps += 1
        first, second = 1 - DECAY_1**self._steps, 1 - DECAY_2**self._steps
        for parameter, mean, square in self._all:
            gradient = parameter.grad
            if gradient is None:
                continue
            mean.lerp_(gradient, 1 - DECAY_1)
            square.mul_(DECAY_2).addcmul_(gradient, gradient, value=1 - DECAY_2)
            size = (square / second).sqrt_().add_(EPSILON)
            parameter.mul_(self._shrink).addcdiv_(mean, size, value=-self._lr / first)
            parameter.grad = None
