"""A network cut between two blocks: a prefix that stays as it is, and a tail that may move.

The prefix runs on one row at a time, never padded, in eval mode: what it gives for a row cannot
depend on the rows beside it, so that kept activations are the same bits as those computed anew.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from headstart.backbones.networks import ImageNetwork, Network, TextNetwork
from headstart.backbones.runtime import Inputs
from headstart.types.errors import BackboneError

if TYPE_CHECKING:
    import torch

TEXT_KINDS = ("bert", "roberta", "xlm-roberta", "camembert")
"""transformers' model types whose layers take hidden states and an additive mask, nothing else."""


class Tail(Protocol):
    """Activations at the boundary to features (batch, width)."""

    def __call__(self, activations: torch.Tensor, mask: torch.Tensor) -> torch.Tensor: ...


@dataclass(frozen=True)
class CutNetwork:
    """A network in two parts, sharing its parameters with `module`.

    blocks: names of all blocks, bottom first. below: how many of them are the prefix. tail: takes
    activations and, for texts, the mask of their tokens (batch, length).
    """

    network: Network
    module: torch.nn.Module
    blocks: tuple[str, ...]
    below: int
    prefix: Callable[..., torch.Tensor]
    tail: Tail
    block_of: dict[str, int]
    """Block of each parameter in the tail, by its name in the weights file."""
    tokens: bool

    def parameters(self) -> dict[str, torch.nn.Parameter]:
        """The tail's parameters by their names in the weights file, bottom first."""
        named = _named(self.module)
        return {name: named[name] for name in self.block_of}

    @property
    def device(self) -> str:
        """Where its weights are now: cpu, mps, cuda or cuda:1."""
        return str(next(self.module.parameters()).device)

    def activation(self, inputs: Inputs) -> NDArray[np.float32]:
        """What the prefix gives for one row: (length, width) of a text, (channels, height, width)
        of an image. `inputs` hold that row alone, padded or not."""
        import torch

        # Copies in torch's own memory, which always begins at the same alignment.
        tensors = [one.clone().to(self.device) for one in _one_row(inputs, self.network.inputs)]
        with torch.inference_mode():
            found: NDArray[np.float32] = self.prefix(*tensors)[0].float().cpu().numpy()
        return found


def cut(network: Network, *, top: int | None) -> CutNetwork:
    """Build the network and cut it below its `top` blocks; None: everything is tail.

    Raises:
        BackboneError: it is of a kind that cannot be cut, or has fewer blocks.
    """
    if isinstance(network, TextNetwork) and network.layer is None:
        return _cut_text(network, network.build(), top)
    if isinstance(network, ImageNetwork) and network.stage is None:
        return _cut_image(network, network.build(), top)
    raise BackboneError(
        "a view of a layer inside the network, or a network of unknown kind, cannot be thawed",
        tip="name the backbone without layer",
    )


def _boundary(blocks: tuple[str, ...], top: int | None) -> int:
    if top is not None and not 0 <= top <= len(blocks):
        raise BackboneError(
            f"{top} blocks cannot be thawed: the network has {len(blocks)}",
            tip=f"name 0 to {len(blocks)}",
        )
    return 0 if top is None else len(blocks) - top


def _named(module: torch.nn.Module) -> dict[str, torch.nn.Parameter]:
    # Under the names of the weights file: the wrapper that pools adds 'model.' before them.
    inner: Any = getattr(module, "model", module)
    return dict(inner.named_parameters())


def _block_of(
    module: torch.nn.Module, units: Sequence[Sequence[torch.nn.Module]], below: int
) -> dict[str, int]:
    owner = {
        id(parameter): index
        for index, unit in enumerate(units)
        for part in unit
        for parameter in part.parameters()
    }
    named = _named(module)
    return {
        name: owner[id(parameter)]
        for name, parameter in named.items()
        if owner.get(id(parameter), -1) >= below
    }


def _one_row(inputs: Inputs, names: Sequence[str]) -> list[torch.Tensor]:
    import torch

    mask = inputs.get("attention_mask")
    if mask is None:
        return [torch.from_numpy(np.ascontiguousarray(inputs[name])) for name in names]
    kept = mask[0] != 0
    if not kept.any():
        kept[0] = True
    return [torch.from_numpy(np.ascontiguousarray(inputs[name][:, kept])) for name in names]


def _cut_text(network: TextNetwork, module: Any, top: int | None) -> CutNetwork:
    import torch

    kind = network.settings.get("model_type")
    if kind not in TEXT_KINDS:
        raise BackboneError(
            f"a network of type '{kind}' cannot be cut between its layers",
            tip=f"thawing is there for {', '.join(TEXT_KINDS)}; frozen features are for all",
        )
    layers = list(module.model.encoder.layer)
    blocks = ("embeddings", *(f"layer {i}" for i in range(1, len(layers) + 1)))
    below = _boundary(blocks, top)

    def embedded(ids: torch.Tensor) -> torch.Tensor:
        found: torch.Tensor = module.model.embeddings(
            input_ids=ids, token_type_ids=torch.zeros_like(ids)
        )
        return found

    def prefix(ids: torch.Tensor, *_: torch.Tensor) -> torch.Tensor:
        if below == 0:
            return ids
        hidden = embedded(ids)
        for layer in layers[: below - 1]:
            hidden = layer(hidden, attention_mask=None)
        return hidden

    class TextTail(torch.nn.Module):
        def forward(self, activations: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
            hidden = embedded(activations.long()) if below == 0 else activations
            hidden_away = torch.zeros(mask.shape, dtype=hidden.dtype, device=mask.device)
            hidden_away = hidden_away.masked_fill(mask == 0, torch.finfo(hidden.dtype).min)
            for layer in layers[max(0, below - 1) :]:
                hidden = layer(hidden, attention_mask=hidden_away[:, None, None, :])
            features: torch.Tensor = module.pool(hidden, mask)
            return features

    owners = [[module.model.embeddings], *([layer] for layer in layers)]
    return CutNetwork(
        network,
        module,
        blocks,
        below,
        prefix,
        TextTail(),
        _block_of(module, owners, below),
        True,
    )


def _cut_image(network: ImageNetwork, module: Any, top: int | None) -> CutNetwork:
    import torch

    inner = getattr(module, "model", module)
    pool = inner.forward_head if inner is module else module.pool
    units = _image_units(network.name, inner)
    blocks = tuple(units)
    below = _boundary(blocks, top)
    runs = list(units.values())

    def prefix(pixels: torch.Tensor) -> torch.Tensor:
        for part in (part for unit in runs[:below] for part in unit):
            pixels = part(pixels)
        return pixels

    class ImageTail(torch.nn.Module):
        def forward(self, activations: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
            for part in (part for unit in runs[below:] for part in unit):
                activations = part(activations)
            features: torch.Tensor = pool(activations)
            return features

    return CutNetwork(
        network,
        module,
        blocks,
        below,
        prefix,
        ImageTail(),
        _block_of(module, runs, below),
        False,
    )


def _image_units(name: str, module: Any) -> dict[str, list[torch.nn.Module]]:
    """Blocks of a timm network, bottom first; each a chain of modules."""
    if all(hasattr(module, part) for part in ("conv_stem", "bn1", "blocks", "conv_head", "bn2")):
        units = {"stem": [module.conv_stem, module.bn1]}
        units |= {f"stage {i}": [stage] for i, stage in enumerate(module.blocks)}
        # The last stage and the convolution that widens it to the features are one block.
        units[f"stage {len(module.blocks) - 1}"] += [module.conv_head, module.bn2]
        return units
    if all(hasattr(module, part) for part in ("conv1", "maxpool", "layer1", "layer4", "fc")):
        units = {"stem": [module.conv1, module.bn1, module.act1, module.maxpool]}
        return units | {f"stage {i}": [getattr(module, f"layer{i}")] for i in range(1, 5)}
    raise BackboneError(
        f"{name} cannot be cut between its stages",
        tip="thawing is there for EfficientNets and ResNets; frozen features are for all",
    )
