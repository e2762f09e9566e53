"""What a transformers folder says of its model: pooling, token limit, width."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from headstart.backbones.cache import read_json
from headstart.backbones.networks.text import POOLINGS
from headstart.types.errors import BackboneError
from headstart.types.model import BackboneCard

WEIGHTS = ("model.safetensors", "pytorch_model.bin")
WANTED = (
    "config.json",
    "tokenizer.json",
    "model.safetensors",
    "modules.json",
    "sentence_bert_config.json",
    "*_Pooling/config.json",
)
LONGEST = 512
"""Token limit where the folder names none or a larger one: beyond it a CPU takes too long."""


def folder_card(folder: Path, ref: str, *, source: str, licence: str) -> BackboneCard:
    """The card of a local transformers or sentence-transformers folder.

    Raises:
        BackboneError: a file is missing, or the model is of a kind that cannot be used.
    """
    config = read_json(folder / "config.json")
    if config is None:
        raise _lacks(folder, ref, "config.json")
    if not (folder / "tokenizer.json").is_file():
        raise _lacks(folder, ref, "tokenizer.json")
    width = config.get("hidden_size") or config.get("dim") or config.get("d_model")
    if not isinstance(width, int):
        raise BackboneError(
            f"the configuration of {ref} does not say how wide its features are",
            place=str(folder / "config.json"),
            tip="use a text encoder (BERT, RoBERTa, MPNet, DistilBERT and the like)",
        )
    pooling, normalize, notes = _modules(folder, ref)
    weights = find_weights(folder, ref)
    return BackboneCard(
        ref=ref,
        name=ref.partition(":")[2].rstrip("/").rsplit("/", 1)[-1],
        modality="text",
        licence=licence,
        feature_width=width,
        source=source,
        size_mb=round(weights.stat().st_size / 1e6, 1),
        max_tokens=_limit(folder, config),
        pooling=pooling,
        normalize=normalize,
        adaptation=("frozen",),
        architecture=str(config.get("model_type", "")) or None,
        notes=notes,
    )


def find_weights(folder: Path, ref: str) -> Path:
    """The weights file of a folder, safetensors first.

    Raises:
        BackboneError: there is none.
    """
    for name in WEIGHTS:
        if (folder / name).is_file():
            return folder / name
    raise _lacks(folder, ref, WEIGHTS[0])


def _lacks(folder: Path, ref: str, file: str) -> BackboneError:
    tip = "name a folder that transformers' save_pretrained wrote, model and fast tokenizer"
    return BackboneError(f"{ref} has no file '{file}'", place=str(folder), tip=tip)


def _limit(folder: Path, config: dict[str, Any]) -> int:
    said = (read_json(folder / "sentence_bert_config.json") or {}).get("max_seq_length")
    positions = config.get("max_position_embeddings")
    # RoBERTa's positions start after the padding index, so two of them are never used.
    if isinstance(positions, int) and config.get("model_type") in ("roberta", "xlm-roberta"):
        positions -= 2
    limits = [limit for limit in (said, positions, LONGEST) if isinstance(limit, int) and limit > 0]
    return min(limits)


def _modules(folder: Path, ref: str) -> tuple[str, bool, str]:
    """(pooling, unit length, notes) as a sentence-transformers folder says, else mean pooling."""
    import json

    path = folder / "modules.json"
    if not path.is_file():
        return "mean", False, "Pooling is not named by the publisher: mean over tokens is used."
    modules = json.loads(path.read_text(encoding="utf-8"))
    kinds = [str(module.get("type", "")).rsplit(".", 1)[-1] for module in modules]
    strange = [kind for kind in kinds if kind not in ("Transformer", "Pooling", "Normalize")]
    if strange:
        raise BackboneError(
            f"{ref} has a module that cannot be exported: {', '.join(strange)}",
            place=str(path),
            tip="use a model that only pools and normalises",
        )
    pooling = "mean"
    for module, kind in zip(modules, kinds, strict=True):
        if kind == "Pooling":
            pooling = _pooling(read_json(folder / module["path"] / "config.json") or {}, ref, path)
    return pooling, "Normalize" in kinds, ""


def _pooling(config: dict[str, Any], ref: str, place: Path) -> str:
    names = {
        "pooling_mode_mean_tokens": "mean",
        "pooling_mode_cls_token": "cls",
        "pooling_mode_max_tokens": "max",
    }
    chosen = [short for name, short in names.items() if config.get(name)]
    named = config.get("pooling_mode")
    if isinstance(named, str) and named in POOLINGS and not chosen:
        chosen = [named]
    if len(chosen) != 1:
        raise BackboneError(
            f"{ref} pools its tokens in a way that is not known: {config}",
            place=str(place),
            tip=f"use a model that pools by one of: {', '.join(POOLINGS)}",
        )
    return chosen[0]
