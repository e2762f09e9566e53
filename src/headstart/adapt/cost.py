"""What training is expected to take, by a fixed rule: never by the clock, so that a decision does
not depend on how busy the machine is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from headstart.backbones.boundary import CutNetwork, cut
from headstart.backbones.encoder import FrozenEncoder
from headstart.types.thaw import AdaptationPlan, TrainingStage

FLOPS = 1e11
"""Operations a second of matrix products on two cores, as measured."""
WRITING = 4e-9
"""Seconds for each number that a layer of an image network gives, on two cores, as measured: its
lower layers have few weights and large outputs, and wait for memory."""
CHARACTERS = 4.0
"""To a token."""


def training_seconds(
    plan: AdaptationPlan, encoder: FrozenEncoder, values: Sequence[str], trainings: int
) -> float:
    """What so many trainings on four fifths of the rows are expected to take.

    A step is one pass forward, one back to the lowest block that the stage opens, and one more for
    the weights that move: three passes where all of them do.
    """
    assert encoder.network is not None
    network = cut(encoder.network, top=plan.top)
    layers = _texts(network, encoder, plan, values) if network.tokens else _layers(network)
    forward, rows = sum(layers.values()), 0.8 * len(values)
    fitted = round((1 - plan.inner_share) * rows)
    epochs = [plan.epochs(stage, fitted) for stage in plan.stages]
    steps = sum(
        count * (forward + _back(network, stage, layers))
        for count, stage in zip(epochs, plan.stages, strict=True)
    )
    if plan.pairs:
        # Two rows a pair; and forward alone, for the head of the start, of every epoch and of every
        # average.
        steps = 4 * plan.pairs * steps + (1 + sum(epochs) + len(plan.averaging)) * forward
    return steps * rows * trainings


def _texts(
    network: CutNetwork, encoder: FrozenEncoder, plan: AdaptationPlan, values: Sequence[str]
) -> dict[str, float]:
    """Seconds of each layer of the tail for one text, by the name of its weights."""
    most = encoder.card.max_tokens or 256
    lengths = np.array([min(most, 2 + len(value) / CHARACTERS) for value in values])
    if plan.pairs:
        lengths = np.maximum(lengths, np.roll(lengths, 1))  # the shorter is padded to the longer
    a_weight = 2 * float(lengths.mean()) / FLOPS
    return {
        name: a_weight * parameter.numel()
        for name, parameter in network.parameters().items()
        if parameter.ndim > 1 and "embeddings" not in name
    }


def _back(network: CutNetwork, stage: TrainingStage, layers: dict[str, float]) -> float:
    """Seconds of a row's way back. Adapters cost as much again as the gradients that they spare, as
    measured."""
    blocks = len(network.blocks)
    lowest = 0 if stage.top is None else blocks - stage.top
    end = blocks if stage.bottom is None else stage.bottom
    found = 0.0
    for name, seconds in layers.items():
        block = network.block_of[name]
        found += seconds * ((block >= lowest) + (lowest <= block < end))
    return found


def _layers(network: CutNetwork) -> dict[str, float]:
    """Seconds of each layer of the tail for one picture, by the name of its weights: a picture is
    passed through once, and each layer's multiplications and outputs are counted."""
    import torch

    found: dict[str, float] = {}
    inner: Any = getattr(network.module, "model", network.module)
    hooks = []
    for name, layer in inner.named_modules():
        weights = f"{name}.weight"
        if weights in network.block_of and layer.weight.ndim > 1:

            def count(
                layer: Any, inputs: Any, output: torch.Tensor, weights: str = weights
            ) -> None:
                positions = output[0].numel() / len(layer.weight)
                operations = 2 * layer.weight.numel() * positions
                found[weights] = operations / FLOPS + output[0].numel() * WRITING

            hooks.append(layer.register_forward_hook(count))
    try:
        with torch.inference_mode():
            network.module(*(one[:1] for one in network.network.example()))
    finally:
        for hook in hooks:
            hook.remove()
    return found
