"""A network's random numbers from a generator of its own: folds may train beside each other."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from math import sqrt
from threading import Lock

import torch

_building = Lock()


@contextmanager
def building() -> Iterator[None]:
    """What draws from PyTorch's own generator does it inside, one thread at a time; the generator
    stands as before at the end."""
    with _building, torch.random.fork_rng(devices=[]):
        yield


def seeded(build: Callable[[], torch.nn.Module], chance: torch.Generator) -> torch.nn.Module:
    """The network that `build` makes, with weights drawn from `chance` alone.

    Linear and convolutional layers as PyTorch draws them (uniform within 1/√fan-in); embeddings
    normal with standard deviation 0.1; batch norms at 0 and 1. PyTorch's own state stays as it was.
    """
    with building():
        network = build()
    for module in network.modules():
        if isinstance(module, torch.nn.Linear | torch.nn.Conv2d):
            bound = 1 / sqrt(module.weight[0].numel())
            torch.nn.init.uniform_(module.weight, -bound, bound, generator=chance)
            if module.bias is not None:
                torch.nn.init.uniform_(module.bias, -bound, bound, generator=chance)
        elif isinstance(module, torch.nn.EmbeddingBag):
            torch.nn.init.normal_(module.weight, std=0.1, generator=chance)
    return network


class Dropout(torch.nn.Module):
    """Dropout drawn from `chance`."""

    def __init__(self, share: float, chance: torch.Generator) -> None:
        super().__init__()
        self._share, self._chance = share, chance

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        if not self.training:
            return values
        kept = 1 - self._share
        mask = torch.empty_like(values).bernoulli_(kept, generator=self._chance)
        return values * mask / kept
