"""Heads that look at no features, or at no labels."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from headstart.heads.head import LinearHead


def fit_majority(y: NDArray[np.integer], n_classes: int, width: int = 0) -> LinearHead:
    """Class shares of the training rows, whatever the input.

    One row is added to each class (Laplace), so that a class without rows keeps a probability.

    >>> fit_majority(np.array([0, 0, 1]), 2).predict_proba(np.zeros((1, 0))).round(3).tolist()
    [[0.6000000238418579, 0.4000000059604645]]
    """
    counts = np.bincount(y, minlength=n_classes) + 1.0
    bias = np.log(counts / counts.sum()).astype(np.float32)
    return LinearHead(np.zeros((n_classes, width), dtype=np.float32), bias)


def fit_prototypes(label_vectors: NDArray[np.floating], scale: float) -> LinearHead:
    """The generic model as it is: softmax(scale · unit label vector · x), no training.

    For x of unit length the logits are scaled cosines. A label vector of length 0 stays 0.

    Args:
        label_vectors: embeddings of the label names or definitions (classes, width).
    """
    vectors = np.asarray(label_vectors, dtype=np.float64)
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    unit = vectors / np.where(lengths > 0.0, lengths, 1.0)
    return LinearHead((scale * unit).astype(np.float32), np.zeros(len(unit), dtype=np.float32))
