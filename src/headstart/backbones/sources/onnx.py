"""onnx: an encoder that was published as an ONNX file; frozen only."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path

from headstart.backbones.encoder import FrozenEncoder
from headstart.backbones.preprocessing import pixels, tokens
from headstart.backbones.reference import parse_reference
from headstart.backbones.runtime import OnnxRunner
from headstart.backbones.weights import checked_sha256
from headstart.types.errors import BackboneError, did_you_mean
from headstart.types.model import BackboneCard

OPTIONS = ("sha256", "max_tokens", "size", "mean", "std", "interpolation", "crop")
TOKEN_INPUTS = {"input_ids", "attention_mask", "token_type_ids"}
IMAGE_INPUT = "pixel_values"
MAX_TOKENS = 256


@dataclass
class OnnxSource:
    """`onnx:PATH`, with one output `features` (batch, width) and one of two kinds of input.

    Texts: `input_ids`, `attention_mask` and maybe `token_type_ids`, both axes dynamic, and a
    tokenizer.json beside the file; `?max_tokens=256`. Images: `pixel_values` (batch, 3, size,
    size); `?mean=0.485,0.456,0.406&std=0.229,0.224,0.225&interpolation=bicubic&crop=0.875&size=224`
    (0.5 and 0.5 where mean and std are not named).
    """

    cache: Path
    scheme: str = "onnx"

    def card(self, ref: str) -> BackboneCard:
        """What the graph's inputs and output say.

        Raises:
            BackboneError: the file is missing, no ONNX graph, or has other inputs or outputs.
        """
        reference = parse_reference(ref)
        assert reference is not None
        for name in reference.options:
            if name not in OPTIONS:
                raise BackboneError(
                    f"unknown option '{name}' in '{ref}'", tip=did_you_mean(name, OPTIONS)
                )
        path = Path(reference.name).expanduser()
        if not path.is_file():
            raise BackboneError(
                f"there is no file '{reference.name}'", place=ref, tip="name an existing .onnx file"
            )
        graph = OnnxRunner(path)
        card = BackboneCard(
            ref=ref,
            name=path.stem,
            modality="text",
            licence="unknown",
            feature_width=_width(graph, path),
            source=str(path),
            size_mb=round(path.stat().st_size / 1e6, 1),
            pooling="in the graph",
            file=str(path),
            sha256=reference.options.get("sha256"),
        )
        return _described(card, graph, path, reference.options)

    def encoder(self, card: BackboneCard, *, random_seed: int | None = None) -> FrozenEncoder:
        """The encoder.

        Raises:
            BackboneError: random weights are asked for, which a finished graph cannot have.
        """
        assert card.file is not None
        path = Path(card.file)
        if random_seed is not None:
            raise BackboneError(
                f"{card.ref} was published as ONNX: it cannot be given random weights",
                tip="name the network as pkg:, hf:, timm: or file: to compare with random weights",
            )
        sha256 = checked_sha256(path, card.sha256, card.ref)
        preprocessor = (
            tokens(path.parent, card, inputs=tuple(OnnxRunner(path).inputs))
            if card.modality == "text"
            else pixels(card)
        )
        return FrozenEncoder(card, preprocessor, self.cache, weights_sha256=sha256, graph=path)


def _width(graph: OnnxRunner, path: Path) -> int:
    if len(graph.outputs) != 1:
        raise BackboneError(
            f"the graph has {len(graph.outputs)} outputs: {', '.join(graph.outputs)}",
            place=str(path),
            tip="keep one output, (batch, width), with pooling inside the graph",
        )
    shape = graph.output_shapes[0]
    if len(shape) != 2 or not isinstance(shape[1], int):
        raise BackboneError(
            f"the output '{graph.output}' has shape {shape}, not (batch, width)",
            place=str(path),
            tip="pool inside the graph, and let the graph name the width",
        )
    return shape[1]


def _described(
    card: BackboneCard, graph: OnnxRunner, path: Path, options: dict[str, str]
) -> BackboneCard:
    names = set(graph.inputs)
    if {"input_ids", "attention_mask"} <= names <= TOKEN_INPUTS:
        if any(isinstance(axis, int) for node in graph.inputs.values() for axis in node.shape):
            raise _axes(graph, path)
        if not (path.parent / "tokenizer.json").is_file():
            raise BackboneError(
                f"texts need a tokenizer.json beside '{path.name}'",
                place=str(path.parent),
                tip="copy the model's tokenizer.json there",
            )
        return replace(card, max_tokens=_count(options, "max_tokens", MAX_TOKENS))
    if names == {IMAGE_INPUT}:
        shape = graph.inputs[IMAGE_INPUT].shape
        if len(shape) != 4 or isinstance(shape[0], int) or shape[1] not in (3, "channels"):
            raise _axes(graph, path)
        side = shape[2] if isinstance(shape[2], int) else 224
        mean, std = (_numbers(options, name, (0.5, 0.5, 0.5)) for name in ("mean", "std"))
        return replace(
            card,
            modality="image",
            input_size=_count(options, "size", side),
            mean=(mean[0], mean[1], mean[2]),
            std=(std[0], std[1], std[2]),
            interpolation=options.get("interpolation", "bicubic"),
            crop_fraction=_numbers(options, "crop", (1.0,))[0],
        )
    raise BackboneError(
        f"the graph's inputs are {', '.join(sorted(names))}",
        place=str(path),
        tip=f"name them input_ids and attention_mask (texts) or {IMAGE_INPUT} (images)",
    )


def _axes(graph: OnnxRunner, path: Path) -> BackboneError:
    shapes = ", ".join(f"{name} {node.shape}" for name, node in graph.inputs.items())
    return BackboneError(
        f"the graph's input shapes cannot be used: {shapes}",
        place=str(path),
        tip="export with a dynamic batch axis (and, for texts, a dynamic sequence axis)",
    )


def _count(options: dict[str, str], name: str, default: int) -> int:
    said = options.get(name, str(default)).strip()
    if not re.fullmatch(r"[0-9]{1,9}", said) or int(said) < 1:
        raise BackboneError(
            f"'{name}={said}' is not a whole number above 0", tip=f"write {name}={default}"
        )
    return int(said)


def _numbers(options: dict[str, str], name: str, default: tuple[float, ...]) -> tuple[float, ...]:
    if name not in options:
        return default
    parts = options[name].split(",")
    if len(parts) != len(default) or not all(
        re.fullmatch(r"\d+(\.\d+)?|\.\d+", part.strip()) for part in parts
    ):
        raise BackboneError(
            f"'{name}={options[name]}' is not {len(default)} positive number(s)",
            tip=f"write {name}={','.join(str(number) for number in default)}",
        )
    return tuple(float(part) for part in parts)
