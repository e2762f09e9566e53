"""Where a training stands, in one safetensors file: numbers, and JSON in its header."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from headstart.backbones.cache import write_atomically
from headstart.backbones.networks.base import require


def write_checkpoint(
    path: Path, facts: Mapping[str, Any], tensors: dict[str, torch.Tensor]
) -> None:
    """Write it in one step: a reader sees this checkpoint or the one before.

    Raises:
        BackboneError: the folder cannot be written, or the disk is full.
    """
    save = require("safetensors.torch", what="training", extra="all").save
    whole = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    content = save(whole, metadata={"facts": json.dumps(facts)})
    write_atomically(path, lambda temporary: temporary.write_bytes(content), what="the checkpoint")


def read_checkpoint(path: Path, key: str) -> tuple[dict[str, Any], dict[str, torch.Tensor]] | None:
    """The checkpoint of the training with this key; None where there is none, or a damaged one."""
    safe_open = require("safetensors", what="training", extra="all").safe_open
    if not path.exists():
        return None
    try:
        with safe_open(str(path), framework="pt") as file:
            facts = json.loads((file.metadata() or {})["facts"])
            if facts["key"] != key:
                return None
            return facts, {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except Exception:  # a file that is no checkpoint: training starts anew
        return None
