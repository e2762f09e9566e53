"""Labels with an order: how many steps an answer is off, and agreement weighted by them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def positions(labels: Sequence[str], order: Sequence[str]) -> Floats:
    """Where each label stands in the order, 0 the lowest (labels,).

    Raises:
        ValueError: the order lacks a label.

    >>> positions(["high", "low", "medium"], ["low", "medium", "high"]).tolist()
    [2.0, 0.0, 1.0]
    """
    missing = [label for label in labels if label not in order]
    if missing:
        raise ValueError(f"the order of the labels lacks: {', '.join(missing)}")
    return np.array([order.index(label) for label in labels], dtype=np.float64)


def steps_between(labels: Sequence[str], order: Sequence[str]) -> Floats:
    """Steps between label i and label j in the order |i − j|, (labels, labels): as costs they make
    the cheapest answer the median of the probabilities, and its cost the mean absolute error.

    Raises:
        ValueError: the order lacks a label.

    >>> steps_between(["high", "low", "medium"], ["low", "medium", "high"]).tolist()
    [[0.0, 2.0, 1.0], [2.0, 0.0, 1.0], [1.0, 1.0, 0.0]]
    """
    places = positions(labels, order)
    found: Floats = np.abs(places[:, None] - places[None, :])
    return found


@dataclass(frozen=True, slots=True)
class QuadraticKappa:
    """Cohen's kappa with quadratic weights (1968), of rows or of weighted rows.

    The columns (n, 2) that stand where others take probabilities: the place in the order of the
    label and of the answer. With squared distances
    the expected disagreement of the two margins is E[a²] + E[b²] − 2 E[a] E[b], so that means are
    all that is needed. 0 where label and answer are one and the same constant, which kappa does not
    define.

    >>> QuadraticKappa()(np.array([0, 1]), np.array([[0.0, 0.0], [1.0, 1.0]]))
    1.0
    """

    def __call__(self, y: NDArray[np.integer], proba: NDArray[np.floating]) -> float:
        return float(self.weighted(y, proba)(np.ones((1, len(proba))))[0])

    def weighted(
        self, y: NDArray[np.integer], proba: NDArray[np.floating]
    ) -> Callable[[Floats], Floats]:
        """Kappa as a function of row weights alone."""
        a, b = proba.astype(np.float64).T
        columns = np.column_stack([(a - b) ** 2, a**2 + b**2, a, b])

        def of(weights: Floats) -> Floats:
            means = weights @ columns / weights.sum(axis=1, keepdims=True)
            expected = means[:, 1] - 2.0 * means[:, 2] * means[:, 3]
            share = np.divide(means[:, 0], expected, out=np.ones(len(means)), where=expected > 0.0)
            found: Floats = 1.0 - share
            return found

        return of
