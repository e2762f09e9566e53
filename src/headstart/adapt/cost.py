"""What training is expected to take, by a fixed rule: never by the clock, so that a decision does
not depend on how busy the machine is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from headstart.backbones.boundary import CutNetwork, cut
from headstart.backbones.encoder import FrozenEncoder
from headstart.types.thaw import AdaptationPlan

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

    A step is one pass forward and one backward for the activations, and one more for the weights
    that move: 3 passes where all of them do.
    """
    assert encoder.network is not None
    network = cut(encoder.network, top=plan.top)
    epochs = sum(stage.epochs for stage in plan.stages)
    if network.tokens:
        forward, moving, passes = _of_texts(network, encoder, plan, values)
    else:
        forward, moving, passes = *_of_images(network, plan), float(epochs)
    # Adapters cost as much again as the gradients that they spare, as measured.
    return (2 * forward + moving) * passes * 0.8 * len(values) * trainings


def _of_texts(
    network: CutNetwork, encoder: FrozenEncoder, plan: AdaptationPlan, values: Sequence[str]
) -> tuple[float, float, float]:
    """(seconds of a forward pass of a row, of the weights that move in it, passes of a row)."""
    weights = moving = 0
    for name, parameter in network.parameters().items():
        if parameter.ndim > 1 and "embeddings" not in name:
            weights += parameter.numel()
            moving += parameter.numel() * _moves(network, plan, name)
    most = encoder.card.max_tokens or 256
    lengths = np.array([min(most, 2 + len(value) / CHARACTERS) for value in values])
    passes = float(sum(stage.epochs for stage in plan.stages))
    if plan.pairs:
        # Two rows a pair, the shorter padded to the longer; and forward alone, for the head
        # of the start, of every epoch and of every average.
        lengths = np.maximum(lengths, np.roll(lengths, 1))
        passes = 4 * plan.pairs * passes + (1 + passes + len(plan.averaging)) / 3
    a_weight = 2 * float(lengths.mean()) / FLOPS
    return a_weight * weights, a_weight * moving, passes


def _moves(network: CutNetwork, plan: AdaptationPlan, name: str) -> bool:
    """Whether any stage may move the parameter's block."""
    block = network.block_of[name]
    return any(stage.bottom is None or block < stage.bottom for stage in plan.stages)


def _of_images(network: CutNetwork, plan: AdaptationPlan) -> tuple[float, float]:
    """(seconds of a forward pass of a picture, of the weights that move in it)."""
    layers = _layers(network)
    moving = (seconds for name, seconds in layers.items() if _moves(network, plan, name))
    return sum(layers.values()), sum(moving)


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
