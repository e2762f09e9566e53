"""What a tuned network answers, from activations that are kept."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch
from numpy.typing import NDArray

from headstart.backbones.activations import BoundaryRows
from headstart.backbones.boundary import CutNetwork
from headstart.types.thaw import TunedNetwork

BATCH = 64


def features(
    rows: BoundaryRows,
    chosen: NDArray[np.int64],
    *,
    tuned: TunedNetwork | None = None,
) -> NDArray[np.float32]:
    """Features (chosen rows, width) of the tail, tuned or as it was pretrained."""
    order = np.argsort([rows.length(int(row)) for row in chosen], kind="stable")
    parts = []
    with torch.inference_mode(), _tuned(rows.network, tuned):
        for start in range(0, len(order), BATCH):
            part = chosen[order[start : start + BATCH]]
            activations, mask = rows.batch(part, np.zeros_like(part))
            found = rows.network.tail(torch.from_numpy(activations), torch.from_numpy(mask))
            parts.append(found.float().numpy())
    joined = np.concatenate(parts)
    answers = np.empty_like(joined)
    answers[order] = joined
    return answers


@contextmanager
def _tuned(network: CutNetwork, tuned: TunedNetwork | None) -> Iterator[None]:
    """The network with tuned weights while this lasts."""
    parameters = network.parameters()
    before = {}
    try:
        for name, tensor in (tuned.tensors if tuned else {}).items():
            before[name] = parameters[name].detach().clone()
            with torch.no_grad():
                parameters[name].copy_(torch.from_numpy(tensor))
        yield
    finally:
        with torch.no_grad():
            for name, value in before.items():
                parameters[name].copy_(value)
