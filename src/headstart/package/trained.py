"""What the trained model says, without its bundle."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from headstart.data import file_key, text_key
from headstart.heads import outside_scores, sigmoid
from headstart.modalities import get_modality
from headstart.ports import Encoder
from headstart.types.model import ClassicalFeatures, EncoderFeatures, FittedModel


def trained_probabilities(
    model: FittedModel, encoder: Encoder | None, values: Sequence[str]
) -> NDArray[np.float64]:
    """What the trained model says (n, classes), without ONNX's head: see `FittedModel`."""
    return trained_outputs(model, encoder, values)[0]


def trained_outputs(
    model: FittedModel, encoder: Encoder | None, values: Sequence[str]
) -> tuple[NDArray[np.float64], NDArray[np.float64] | None]:
    """The same, and how little each row looks like the training rows (n,) where that is known."""
    features: NDArray[np.float32]
    if isinstance(model.featurizer, EncoderFeatures):
        assert encoder is not None
        features = encoder.encode(values, [value_key(model.modality, value) for value in values])
    elif isinstance(model.featurizer, ClassicalFeatures):
        modality = get_modality(model.modality)
        features = modality.classical_transform(model.featurizer, values)
    else:
        features = np.zeros((len(values), 0), dtype=np.float32)
    logits = features.astype(np.float64) @ model.weights.T.astype(np.float64) + model.bias
    strange = None if model.outside is None else outside_scores(model.outside, features, logits)
    if model.separator is not None:
        return np.asarray(sigmoid(logits), dtype=np.float64), strange
    logits = logits - logits.max(axis=1, keepdims=True)
    exponentials = np.exp(logits)
    return np.asarray(exponentials / exponentials.sum(axis=1, keepdims=True)), strange


def value_key(modality: str, value: str) -> str:
    """sha256 (hex) of the text, or of the image file's bytes: what features are kept under."""
    return text_key(value) if modality == "text" else file_key(Path(value))
