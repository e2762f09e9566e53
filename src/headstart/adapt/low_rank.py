"""Low-rank adapters (LoRA; Hu et al. 2022) on a network's upper blocks, through peft."""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Any

import torch

from headstart.adapt.arms.seeded import building
from headstart.backbones.boundary import CutNetwork
from headstart.backbones.networks.base import require_framework
from headstart.types.thaw import AdaptationPlan

ADAPTER = "default"
"""What peft calls the only adapter of a layer."""


def adapted_weights(network: CutNetwork, plan: AdaptationPlan) -> dict[str, int]:
    """Weights that the plan adapts, by their names in the weights file, with their blocks."""
    if plan.low_rank is None:
        return {}
    lowest = 0 if plan.top is None else len(network.blocks) - plan.top
    return {
        name: block
        for name, block in network.block_of.items()
        if block >= lowest
        and any(fnmatchcase(name, f"{pattern}.weight") for pattern in plan.low_rank.modules)
    }


def require_peft() -> Any:
    """peft's LoRA.

    Raises:
        MissingExtraError: peft is not installed.
    """
    return require_framework("peft.tuners.lora", what="training low-rank adapters", extra="lora")


class LowRankAdapters:
    """A and B beside each adapted weight, until `remove`: the layer then computes with
    W + B A · alpha / rank. A is drawn by the seed alone, and B is 0: nothing changes at first.

    parameters: `{layer}.lora_A` (rank, inputs) and `{layer}.lora_B` (outputs, rank). block_of: the
    block of each. The weights below them are parameters of the network as before.

    Raises:
        MissingExtraError: peft is not installed.
    """

    def __init__(self, network: CutNetwork, plan: AdaptationPlan, seed: int) -> None:
        assert plan.low_rank is not None
        weights = adapted_weights(network, plan)
        lora = require_peft()
        inner: Any = getattr(network.module, "model", network.module)
        layers = [name.removesuffix(".weight") for name in weights]
        config = lora.LoraConfig(
            r=plan.low_rank.rank,
            lora_alpha=plan.low_rank.alpha,
            target_modules=layers,
            lora_dropout=0.0,
        )
        # peft draws from the generator that all threads share. (To have it build on no device
        # would turn every network to no device that another thread builds meanwhile.)
        with building():
            self._tuner = lora.LoraModel(inner, config, ADAPTER)
        self._layers: dict[str, Any] = {name: inner.get_submodule(name) for name in layers}
        self.parameters: dict[str, torch.nn.Parameter] = {}
        self.block_of: dict[str, int] = {}
        chance = torch.Generator().manual_seed(seed)
        for name, layer in self._layers.items():
            outputs, inputs = layer.base_layer.weight.shape
            rank = plan.low_rank.rank
            # As peft and the paper's authors draw it: uniform up to 1 / √inputs.
            drawn = (2 * torch.rand((rank, inputs), generator=chance) - 1) / inputs**0.5
            nothing = torch.zeros((outputs, rank))
            for kind, value in (("lora_A", drawn), ("lora_B", nothing)):
                parameter = torch.nn.Parameter(value.to(layer.base_layer.weight.device))
                getattr(layer, kind)[ADAPTER].weight = parameter
                self.parameters[f"{name}.{kind}"] = parameter
                self.block_of[f"{name}.{kind}"] = weights[f"{name}.weight"]
        network.module.eval()

    @torch.no_grad()
    def merged(self, state: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        """The state without adapters: their product is in the weights."""
        whole = {name: value for name, value in state.items() if name not in self.parameters}
        for name, layer in self._layers.items():
            product = state[f"{name}.lora_B"] @ state[f"{name}.lora_A"]
            whole[f"{name}.weight"] = whole[f"{name}.weight"] + product * layer.scaling[ADAPTER]
        return whole

    def remove(self) -> None:
        """Take them out: the network's layers are the ones of before."""
        self._tuner.unload()
