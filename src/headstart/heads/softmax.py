"""Multinomial logistic regression by Newton's method with conjugate gradients."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[Any]
MOST_STEPS = 100
MOST_PRODUCTS = 200


@dataclass(frozen=True, slots=True)
class Problem:
    """Σ_i −log softmax(rows_i @ W + b + given_i)_{y_i} + l2/2 · ‖W‖², without a penalty on b.

    rows (n, rank), an array or scipy.sparse.csr_array, carry a last column of ones, whose weights
    are b; given: logits (n, n_classes)
    that are there beforehand, None: zeros. float32 or float64.
    """

    rows: Matrix
    y: NDArray[np.int64]
    n_classes: int
    given: Matrix | None = None

    @classmethod
    def of(
        cls, rows: Matrix, y: NDArray[np.int64], n_classes: int, given: Matrix | None = None
    ) -> Problem:
        """With the column of ones added."""
        ones = np.ones((rows.shape[0], 1), dtype=rows.dtype)
        known = None if given is None else given.astype(rows.dtype)
        if isinstance(rows, np.ndarray):
            return cls(np.ascontiguousarray(np.hstack([rows, ones])), y, n_classes, known)
        from scipy.sparse import hstack

        return cls(hstack([rows, ones], format="csr"), y, n_classes, known)

    def start(self) -> Matrix:
        """No weights, and the class shares as bias: (rank + 1, n_classes)."""
        weights = np.zeros((self.rows.shape[1], self.n_classes), dtype=self.rows.dtype)
        shares = np.log(np.bincount(self.y, minlength=self.n_classes) / len(self.y))
        weights[-1] = shares - shares.mean()
        return weights


def softmax_and_loss(logits: Matrix, y: NDArray[np.int64]) -> tuple[Matrix, float]:
    """Probabilities (n, classes), and the sum of −log of the true ones."""
    shifted = logits - logits.max(axis=1, keepdims=True)
    true = shifted[np.arange(len(y)), y]
    np.exp(shifted, out=shifted)
    total = shifted.sum(axis=1, keepdims=True)
    shifted /= total
    return shifted, float(np.log(total, dtype=np.float64).sum() - true.sum(dtype=np.float64))


def solve(problem: Problem, l2: float, start: Matrix, tolerance: float) -> Matrix:
    """Weights (rank + 1, n_classes) from `start`, the last row the bias.

    Ends when a Newton step promises less than `tolerance` × rows of the sum of losses. Conjugate
    gradients are preconditioned with the Hessian's diagonal averaged over the classes; on principal
    axes little else is left of it.
    Source: Nocedal and Wright (2006), algorithm 7.1 (line-search Newton–CG).
    """
    rows, y = problem.rows, problem.y
    penalty = np.full((rows.shape[1], 1), l2, dtype=rows.dtype)
    penalty[-1] = 0.0
    squares = rows * rows if isinstance(rows, np.ndarray) else rows.power(2)
    weights = start.copy()
    logits = rows @ weights
    if problem.given is not None:
        logits += problem.given
    proba, loss = softmax_and_loss(logits, y)
    value = loss + 0.5 * float((penalty * weights**2).sum(dtype=np.float64))
    enough = tolerance * len(y)
    for _ in range(MOST_STEPS):
        residual = proba.copy()
        residual[np.arange(len(y)), y] -= 1.0
        gradient = rows.T @ residual + penalty * weights
        spread = (1.0 - np.einsum("ij,ij->i", proba, proba)) / problem.n_classes
        diagonal = (squares.T @ np.maximum(spread, 1e-12))[:, None] + penalty
        step, along = _newton_step(rows, proba, penalty, diagonal, gradient)
        promised = -float(np.vdot(gradient, step))
        if promised <= 0.0:
            break
        length = 1.0
        while True:
            trial, moved = weights + length * step, logits + length * along
            trial_proba, trial_loss = softmax_and_loss(moved, y)
            found = trial_loss + 0.5 * float((penalty * trial**2).sum(dtype=np.float64))
            if found <= value - 1e-4 * length * promised or promised * length <= enough:
                break
            length *= 0.5
        if found < value:
            weights, logits, proba, value = trial, moved, trial_proba, found
        if promised <= 2.0 * enough:
            break
    return weights


def _newton_step(
    rows: Matrix, proba: Matrix, penalty: Matrix, diagonal: Matrix, gradient: Matrix
) -> tuple[Matrix, Matrix]:
    """Approximate −H⁻¹ gradient, and rows @ it."""
    residual = -gradient
    step = np.zeros_like(gradient)
    along = np.zeros_like(proba)
    scaled = residual / diagonal
    direction = scaled
    size = first = float(np.vdot(residual, scaled))
    forcing = 0.1
    for _ in range(MOST_PRODUCTS):
        moved = rows @ direction
        curved = moved * proba
        curved -= proba * curved.sum(axis=1, keepdims=True)
        product = rows.T @ curved
        product += penalty * direction
        bend = float(np.vdot(direction, product))
        if bend <= 0.0:
            break
        rate = size / bend
        step += rate * direction
        along += rate * moved
        residual -= rate * product
        scaled = residual / diagonal
        last, size = size, float(np.vdot(residual, scaled))
        if size <= forcing**2 * first:
            break
        direction = scaled + (size / last) * direction
    return step, along
