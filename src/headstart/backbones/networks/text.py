"""Transformer text encoders with their pooling."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from headstart.backbones.networks.base import require, require_framework, seeded
from headstart.types.errors import BackboneError
from headstart.types.model import Layer

if TYPE_CHECKING:
    import torch

POOLINGS = ("mean", "cls", "max")


@dataclass(frozen=True)
class TextNetwork:
    """A transformers model with mean, first-token or max pooling, of the last layer or of `layer`
    (0: the token embeddings); or of all layers side by side.

    weights: gives the safetensors file. config: the model's config.json. Features have shape
    (batch, hidden size), scaled to unit length where `normalize` says so.
    """

    weights: Callable[[], Path]
    weights_sha256: str
    config: Path
    pooling: str = "mean"
    normalize: bool = False
    layer: Layer | None = None

    @property
    def settings(self) -> dict[str, Any]:
        content: dict[str, Any] = json.loads(self.config.read_text(encoding="utf-8"))
        return content

    @property
    def architecture(self) -> dict[str, Any]:
        kept = {k: v for k, v in self.settings.items() if k not in _WITHOUT_EFFECT}
        view = {} if self.layer is None else {"layer": self.layer}
        return {"config": kept, "pooling": self.pooling, "normalize": self.normalize, **view}

    @property
    def stages(self) -> tuple[str, ...]:
        layers = int(self.settings.get("num_hidden_layers") or 0)
        return ("embeddings", *(f"layer {i}" for i in range(1, layers + 1))) if layers else ()

    @property
    def blocks(self) -> tuple[int, ...]:
        parts = len(self.stages) + len(POOLINGS) - 1 if self.layer == "all" else 1
        return (int(self.settings["hidden_size"]),) * parts

    @property
    def inputs(self) -> tuple[str, ...]:
        segments = int(self.settings.get("type_vocab_size") or 0) > 1
        return ("input_ids", "attention_mask") + (("token_type_ids",) if segments else ())

    @property
    def dynamic_axes(self) -> dict[str, dict[int, str]]:
        return {name: {0: "batch", 1: "sequence"} for name in self.inputs}

    def build(self) -> torch.nn.Module:
        with seeded(0):
            # Initial values are about to be replaced; the caller's random numbers stay as they are.
            model = self._architecture()
        _load(model, self.weights())
        self._check_layer(model)
        return _pooled(model, self.inputs, self.pooling, self.normalize, self.layer)

    def _check_layer(self, model: Any) -> None:
        layers = int(getattr(model.config, "num_hidden_layers", 0) or 0)
        if isinstance(self.layer, int) and self.layer > layers:
            raise BackboneError(
                f"there is no layer {self.layer}: the network has {layers}",
                place=str(self.config),
                tip=f"name one from 0 to {layers}",
            )

    def example(self) -> tuple[torch.Tensor, ...]:
        import torch

        # Two rows of different length, so that tracing sees a mask that hides something.
        ids = torch.full((2, 8), 5, dtype=torch.int64)
        mask = torch.ones_like(ids)
        mask[1, 5:] = 0
        by_name = {"input_ids": ids, "attention_mask": mask, "token_type_ids": ids * 0}
        return tuple(by_name[name] for name in self.inputs)

    def random_state(self, seed: int) -> dict[str, torch.Tensor]:
        require("torch", what="a text backbone", extra="text")
        with seeded(seed):
            return dict(self._architecture().state_dict())

    def with_weights(self, weights: Callable[[], Path], sha256: str) -> TextNetwork:
        return replace(self, weights=weights, weights_sha256=sha256)

    def _architecture(self) -> Any:
        transformers = require_framework("transformers", what="a text backbone", extra="text")
        try:
            config = transformers.AutoConfig.from_pretrained(
                str(self.config.parent), local_files_only=True, trust_remote_code=False
            )
            return transformers.AutoModel.from_config(config, trust_remote_code=False).eval()
        except (ValueError, KeyError, OSError) as error:
            raise BackboneError(
                f"transformers cannot make a network of type '{self.settings.get('model_type')}': "
                f"{str(error).splitlines()[0]}",
                place=str(self.config),
                tip="upgrade transformers, or use a backbone without code of its own",
            ) from error


_WITHOUT_EFFECT = ("_name_or_path", "transformers_version", "architectures", "use_cache")


def _load(model: Any, weights: Path) -> None:
    """Load a safetensors file into the bare encoder, whatever task head it was saved with."""
    load_file = require("safetensors.torch", what="a text backbone", extra="text").load_file
    wanted = model.state_dict()
    prefix = f"{model.base_model_prefix}."
    found = {
        (name.removeprefix(prefix) if name not in wanted else name): tensor.float()
        if tensor.is_floating_point()
        else tensor
        for name, tensor in load_file(weights).items()
    }
    missing = [name for name in wanted if name not in found and not name.startswith("pooler.")]
    if missing:
        raise BackboneError(
            f"{len(missing)} of {len(wanted)} weights are missing, '{missing[0]}' the first",
            place=str(weights),
            tip="use the folder's own config.json with its own weights",
        )
    try:
        model.load_state_dict({n: t for n, t in found.items() if n in wanted}, strict=False)
    except RuntimeError as error:
        raise BackboneError(
            f"the weights do not fit the configuration: {str(error).splitlines()[-1].strip()}",
            place=str(weights),
        ) from error


def _pooled(
    model: Any, inputs: tuple[str, ...], pooling: str, normalize: bool, layer: Layer | None
) -> torch.nn.Module:
    import torch

    class Pooled(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def forward(self, *tensors: torch.Tensor) -> torch.Tensor:
            named = dict(zip(inputs, tensors, strict=True))
            if layer == "all":
                return self.every(named, tensors[1])
            return self.pool(self.hidden(named), tensors[1])

        def every(self, named: dict[str, torch.Tensor], mask: torch.Tensor) -> torch.Tensor:
            """The last layer, those below it downwards, the last again in the other poolings."""
            *below, last = self.model(**named, output_hidden_states=True).hidden_states
            others = [one for one in POOLINGS if one != pooling]
            parts = [self.pool(hidden, mask) for hidden in (last, *reversed(below))]
            return torch.cat([*parts, *(self.pool(last, mask, one) for one in others)], dim=1)

        def hidden(self, named: dict[str, torch.Tensor]) -> torch.Tensor:
            if layer is None:
                return self.model(**named).last_hidden_state  # type: ignore[no-any-return]
            # Tracing leaves out the layers above: they lead to no output.
            states = self.model(**named, output_hidden_states=True).hidden_states
            return states[layer]  # type: ignore[no-any-return]

        def pool(
            self, hidden: torch.Tensor, mask: torch.Tensor, pooling: str = pooling
        ) -> torch.Tensor:
            """One vector a row, of unit length where the published features are."""
            features = self.pooled(hidden, mask, pooling)
            return torch.nn.functional.normalize(features, dim=1) if normalize else features

        def pooled(
            self, hidden: torch.Tensor, attention_mask: torch.Tensor, pooling: str
        ) -> torch.Tensor:
            if pooling == "cls":
                return hidden[:, 0]
            if pooling == "max":
                return hidden.masked_fill(attention_mask.unsqueeze(-1) == 0, -1e9).amax(1)
            # A matrix product, not a sum over an axis: onnxruntime's sum rounds a batch of one row
            # differently from a batch of two, and a row's features must not depend on the others.
            weights = attention_mask.to(hidden.dtype)
            weights = weights / weights.sum(1, keepdim=True)
            return torch.matmul(weights.unsqueeze(1), hidden).squeeze(1)

    return Pooled().eval()
