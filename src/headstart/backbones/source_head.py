"""The classifier that a network was pretrained with, where its weights still hold it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from headstart.backbones.encoder import FrozenEncoder
from headstart.backbones.networks.base import require
from headstart.ports import Encoder

NAMES = ("classifier", "fc", "head.fc", "head")


@dataclass(frozen=True, slots=True)
class SourceHead:
    """weights (source classes, width), bias (source classes,)."""

    weights: NDArray[np.float32]
    bias: NDArray[np.float32]

    def probabilities(self, features: NDArray[np.float32]) -> NDArray[np.float32]:
        """Of the source's classes, (n, source classes), for features (n, width)."""
        logits = features @ self.weights.T + self.bias
        logits -= logits.max(axis=1, keepdims=True)
        np.exp(logits, out=logits)
        logits /= logits.sum(axis=1, keepdims=True)
        return np.asarray(logits, dtype=np.float32)


def source_head(encoder: Encoder) -> SourceHead | None:
    """The head on this encoder's features; None where the weights hold none, or where a view gives
    other features than those it was trained on.

    >>> from headstart.backbones import load_encoder
    >>> source_head(load_encoder("all-MiniLM-L6-v2")) is None
    True
    """
    card = encoder.card
    whole = card.layer is None and card.pooling == "average"
    if not (isinstance(encoder, FrozenEncoder) and card.modality == "image" and whole):
        return None
    path = encoder.weights_file
    if path is None:
        return None
    open_file = require("safetensors", what="the source's classifier", extra="image").safe_open
    with open_file(path, "numpy") as tensors:
        held = set(tensors.keys())
        for name in NAMES:
            if {f"{name}.weight", f"{name}.bias"} <= held:
                weights = np.asarray(tensors.get_tensor(f"{name}.weight"), dtype=np.float32)
                bias = np.asarray(tensors.get_tensor(f"{name}.bias"), dtype=np.float32)
                if weights.ndim == 2 and weights.shape[1] == encoder.width:
                    return SourceHead(weights, bias)
    return None
