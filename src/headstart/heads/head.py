"""What every head is in the end."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class LinearHead:
    """softmax(X @ weights.T + bias); where a row may have `several` labels, each logit's logistic
    function.

    weights (classes, width) and bias (classes,), float32; l2 is the penalty that they were fitted
    with (the median over the labels where each has its own), 0 where there was none; towards: the
    share of given weights that the penalty pulled towards.
    """

    weights: NDArray[np.float32]
    bias: NDArray[np.float32]
    l2: float = 0.0
    several: bool = False
    towards: float = 0.0

    def predict_proba(self, X: NDArray[np.floating]) -> NDArray[np.float32]:
        """Probabilities (n, classes) of features X (n, width).

        >>> head = LinearHead(np.zeros((2, 1), np.float32), np.zeros(2, np.float32))
        >>> head.predict_proba(np.array([[3.0]])).tolist()
        [[0.5, 0.5]]
        """
        logits = np.asarray(X, dtype=np.float32) @ self.weights.T + self.bias
        if self.several:
            return sigmoid(logits).astype(np.float32)
        logits -= logits.max(axis=1, keepdims=True)
        np.exp(logits, out=logits)
        logits /= logits.sum(axis=1, keepdims=True)
        proba: NDArray[np.float32] = logits
        return proba


def sigmoid(logits: NDArray[np.floating]) -> NDArray[np.floating]:
    """1 / (1 + exp(−logits)), without overflow.

    >>> sigmoid(np.array([0.0, -1000.0, 1000.0])).tolist()
    [0.5, 0.0, 1.0]
    """
    half: NDArray[np.floating] = 0.5 * (1.0 + np.tanh(0.5 * logits))
    return half
