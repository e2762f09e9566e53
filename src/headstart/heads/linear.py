"""A linear head whose regularisation is chosen on the training rows alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from headstart.heads.head import LinearHead
from headstart.heads.inner_folds import inner_folds
from headstart.heads.rotation import Rotation
from headstart.heads.softmax import Matrix, Problem, softmax_and_loss, solve
from headstart.heads.sparse import SparseRows, worth_it
from headstart.heads.threads import threads_for

PRIOR_VARIANCES: tuple[float, ...] = (0.3, 2.0, 10.0, 50.0, 300.0, 2000.0)
"""Penalties tried, the strongest first, as the variance that they allow the logits beforehand: with
features of root mean square length s, l2 = s² / variance."""
INNER_FOLDS = 3
CLEARLY_WORSE = 1.01
TOWARDS = 0.5
"""Share of the given weights that the penalty pulls to, where that is better than to 0."""
LARGE = 2e8
"""Multiplications in a product above which single precision is used throughout."""


def fit_linear(
    X: NDArray[np.floating],
    y: NDArray[np.integer],
    n_classes: int,
    *,
    l2_grid: Sequence[float] | None = None,
    groups: NDArray[np.integer] | None = None,
    seed: int = 0,
    exact: bool = True,
    towards: NDArray[np.floating] | None = None,
) -> LinearHead:
    """Multinomial logistic regression with an L2 penalty chosen by cross-validated log loss.

    Minimises Σ_i log loss_i + l2/2 · ‖weights‖² with a free bias: scikit-learn's
    LogisticRegression(C=1/l2) for three classes or more (for two, C=2/l2, since it keeps one weight
    vector where there are two here). Without a grid, six penalties in proportion to the features'
    mean square length are tried, so that a change of unit changes nothing. The search goes from the
    strongest to the weakest, and ends where the log loss grows by over 1%.

    A class without a row in `y` gets no weights, and the odds of half a row.

    Weights that are known beforehand, as those of label names are, can be given as `towards`: half
    of them is then what the penalty pulls to instead of 0, where the inner folds find a lower log
    loss with it.

    Where a row may have several labels (y of two dimensions), each label is a logistic regression
    of its own, with a penalty of its own (binary relevance).

    Args:
        X: features (n, width), finite.
        y: codes (n,), 0 … n_classes − 1; or 1 where a label applies, else 0 (n, n_classes).
        groups: rows of one group stay in one inner fold (n,).
        seed: of the inner folds (3, grouped and stratified).
        exact: solve to 1e-10 of the mean loss; else to 1e-5, which is enough to score a fold.
        towards: weights (n_classes, width), for rows of one label each.

    Raises:
        ValueError: there is no row, shapes or codes do not fit, or X is not finite.
    """
    if towards is not None and (y.ndim == 2 or towards.shape != (n_classes, X.shape[-1])):
        raise ValueError(f"weights {towards.shape} to pull towards do not fit the labels or rows")
    if y.ndim == 2:
        return _fit_sets(X, y, n_classes, l2_grid, groups, seed, exact)
    _check(X, y, n_classes)
    present, codes = np.unique(y, return_inverse=True)
    codes = codes.reshape(-1).astype(np.int64)
    rotation, work = _prepared(X, len(present))
    with threads_for(work):
        spread = rotation.scale**2
        grid = _grid(l2_grid, spread)
        given = None
        if towards is not None:
            given = np.asarray(X @ towards[present].T, dtype=np.float64)
        l2, share, weights, bias = _fit(
            rotation, codes, len(present), grid, groups, seed, work > LARGE, exact, given
        )
        own, shift = rotation.back(X, weights, bias)
        logits = rotation.rows @ weights.T + bias
        if share and towards is not None and given is not None:
            own += share * towards[present]
            logits += share * given
    return _whole(own, shift, present, n_classes, l2 * spread, _level(logits), share)


def _prepared(X: NDArray[np.floating], classes: int) -> tuple[Rotation | SparseRows, float]:
    """(rows in a form that is quick to solve, multiplications of a product with them)."""
    if worth_it(X, classes):
        sparse = SparseRows.of(X)
        return sparse, float(sparse.rows.nnz) * classes
    work = float(len(X)) * min(X.shape) * classes
    with threads_for(work):
        return Rotation.of(X), work


def _grid(l2_grid: Sequence[float] | None, spread: float) -> list[float]:
    """Penalties for rotated rows, the strongest first."""
    wanted = (
        (value / spread for value in l2_grid)
        if l2_grid is not None
        else (1.0 / variance for variance in PRIOR_VARIANCES)
    )
    return sorted(wanted, reverse=True)


def _fit_sets(
    X: NDArray[np.floating],
    y: NDArray[np.integer],
    labels: int,
    l2_grid: Sequence[float] | None,
    groups: NDArray[np.integer] | None,
    seed: int,
    exact: bool,
) -> LinearHead:
    """One logistic regression a label; a label that every row has, or none, gets no weights, and
    the odds of half a row."""
    if y.shape != (len(X), labels):
        raise ValueError(f"labels {y.shape} do not belong to {len(X)} rows and {labels} labels")
    weights = np.zeros((labels, X.shape[1]), dtype=np.float32)
    bias = np.zeros(labels, dtype=np.float32)
    penalties = []
    for extreme in (y.min(axis=1), y.max(axis=1)):
        _check(X, extreme, 2)
    rotation, every = _prepared(X, 2 * labels)
    work = every / labels
    with threads_for(work):
        grid = _grid(l2_grid, rotation.scale**2)
        for label in range(labels):
            codes = y[:, label].astype(np.int64)
            ones = int(codes.sum())
            if ones in (0, len(codes)):
                bias[label] = np.log((ones + 0.5) / (len(codes) - ones + 0.5))
                continue
            l2, _, own, shift = _fit(rotation, codes, 2, grid, groups, seed, work > LARGE, exact)
            turned, level = rotation.back(X, own, shift)
            weights[label], bias[label] = turned[1] - turned[0], level[1] - level[0]
            penalties.append(l2 * rotation.scale**2)
    return LinearHead(weights, bias, float(np.median(penalties)) if penalties else 0.0, True)


def _check(X: NDArray[np.floating], y: NDArray[np.integer], n_classes: int) -> None:
    if X.ndim != 2 or y.shape != X.shape[:1] or not len(y):
        raise ValueError(f"features of shape {X.shape} and labels of shape {y.shape} do not fit")
    if y.min() < 0 or y.max() >= n_classes:
        raise ValueError(f"labels must be codes from 0 to {n_classes - 1}")
    if not np.isfinite(X).all():
        raise ValueError("the features hold a value that is not finite")


def _fit(
    rotation: Rotation | SparseRows,
    codes: NDArray[np.int64],
    classes: int,
    grid: Sequence[float],
    groups: NDArray[np.integer] | None,
    seed: int,
    large: bool,
    exact: bool,
    given: NDArray[np.float64] | None = None,
) -> tuple[float, float, NDArray[np.float64], NDArray[np.float64]]:
    """Penalty, share of the given logits, weights (classes, rank) and bias, of the classes that
    there are."""
    rank = rotation.rows.shape[1]
    if classes == 1 or rank == 0:
        counts = np.bincount(codes, minlength=classes)
        return grid[0], 0.0, np.zeros((classes, rank)), np.log(counts / counts.sum())
    single = rotation.rows.astype(np.float32)
    chosen, share = grid[0], 0.0
    found: NDArray[np.float32] | None = None
    if len(grid) > 1 or given is not None:
        chosen, share, found = _choose(single, codes, grid, groups, seed, given)
    known = share * given if share and given is not None else None
    problem = Problem.of(single, codes, classes, known)
    start = problem.start() if found is None else found
    solution: NDArray[Any] = solve(problem, chosen, start, 1e-5)
    if exact:
        if not large:
            problem = Problem.of(rotation.rows, codes, classes, known)
        near = solution.astype(problem.rows.dtype)
        solution = solve(problem, chosen, near, 1e-7 if large else 1e-10)
    solution = solution.astype(np.float64)
    return chosen, share, solution[:-1].T, solution[-1] - solution[-1].mean()


def _choose(
    rows: Matrix,
    codes: NDArray[np.int64],
    grid: Sequence[float],
    groups: NDArray[np.integer] | None,
    seed: int,
    given: NDArray[np.float64] | None = None,
) -> tuple[float, float, NDArray[np.float32] | None]:
    """The penalty, the share of the given logits, and weights near which the solution on all rows
    lies, where they are known."""
    folds = inner_folds(codes, groups, INNER_FOLDS, seed)
    best, share, least = grid[len(grid) // 2], 0.0, np.inf
    near: NDArray[np.float32] | None = None
    for part in (0.0,) if given is None else (0.0, TOWARDS):
        known = part * given if part and given is not None else None
        paths = [_Path(rows, codes, folds != fold, known) for fold in range(INNER_FOLDS)]
        paths = [path for path in paths if path.useful]
        if not paths:
            break
        whole = all(path.classes == codes.max() + 1 for path in paths)
        lowest = np.inf
        for l2 in grid:
            loss = sum(path.step(l2) for path in paths)
            if loss < least:
                best, share, least = l2, part, loss
                near = np.mean([path.last for path in paths], axis=0) if whole else None
            if loss > CLEARLY_WORSE * lowest:
                break
            lowest = min(lowest, loss)
    return best, share, near


class _Path:
    """One inner fold, solved along the grid from where the last penalty ended.

    Rows of a class that this fold has not trained on cannot be judged and are left out.
    """

    def __init__(
        self,
        rows: Matrix,
        codes: NDArray[np.int64],
        train: NDArray[np.bool_],
        given: NDArray[np.float64] | None,
    ) -> None:
        present, own = np.unique(codes[train], return_inverse=True)
        judged = ~train & np.isin(codes, present)
        self.useful = len(present) > 1 and bool(judged.any())
        self.classes = len(present)
        self._answers = np.searchsorted(present, codes[judged])
        self._rows = rows[judged]
        if self.useful:
            of = (rows[train], own.reshape(-1), len(present))
            known = None if given is None else given[:, present]
            self._problem = Problem.of(*of, None if known is None else known[train])
            self._known = 0.0 if known is None else known[judged].astype(np.float32)
            self.last = self._problem.start()

    def step(self, l2: float) -> float:
        """Sum of the log losses of the rows left out."""
        self.last = solve(self._problem, l2, self.last, 1e-3)
        logits = self._rows @ self.last[:-1] + self.last[-1] + self._known
        return softmax_and_loss(logits, self._answers)[1]


def _level(logits: NDArray[np.float64]) -> float:
    """Logit of half a row: mean log Σ exp(logits) of the training rows, less log 2n."""
    top = logits.max(axis=1)
    total = np.exp(logits - top[:, None]).sum(axis=1)
    return float((top + np.log(total)).mean() - np.log(2 * len(logits)))


def _whole(
    weights: NDArray[np.float64],
    bias: NDArray[np.float64],
    present: NDArray[np.integer],
    n_classes: int,
    l2: float,
    level: float,
    share: float,
) -> LinearHead:
    all_weights = np.zeros((n_classes, weights.shape[1]), dtype=np.float32)
    all_bias = np.full(n_classes, level, dtype=np.float32)
    all_weights[present], all_bias[present] = weights, bias
    return LinearHead(all_weights, all_bias, l2, towards=share)
