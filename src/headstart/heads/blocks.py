"""A linear head over several blocks of features, each with a penalty of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from headstart.heads.head import LinearHead
from headstart.heads.inner_folds import inner_folds
from headstart.heads.linear import INNER_FOLDS, PRIOR_VARIANCES, fit_linear

CHOOSING = 600
"""Rows on which shares are chosen at most: each try takes the cube of their number."""
SHARES = (0.25, 1.0)
"""Tried for a block beside the first one's 1, as the variance of its features."""
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class BlockHead:
    """head: for the blocks side by side, as they are. shares: of each block, 0 where it dropped
    out; the first block has 1."""

    head: LinearHead
    shares: tuple[float, ...]


def fit_blocks(
    blocks: Sequence[NDArray[np.floating]],
    y: NDArray[np.integer],
    n_classes: int,
    *,
    groups: NDArray[np.integer] | None = None,
    seed: int = 0,
    exact: bool = True,
) -> BlockHead:
    """A head on blocks of features, of which those that do not help get no weight.

    Banded ridge regression (Dupré la Tour et al. 2022): each block is centred, brought to a mean
    square length of 1 and multiplied by the root of its share, so that its penalty is l2 / share.
    Shares are chosen by inner folds (3, grouped and stratified) on the squared error of a ridge
    regression on one-hot labels, which has a closed form, on at most 600 of the rows; the blocks
    are visited once, in their order, and a share is kept where it lowers the error. On the blocks
    with a share a multinomial logistic regression is fitted: `fit_linear`. Where none helps, it is
    that of the first block.

    blocks: (n, width) each, the first one the one to beat; y: codes (n,), or 1 where a label
    applies to a row that may have several (n, n_classes).

    Raises:
        ValueError: there is no block, or rows and labels do not fit.
    """
    if not blocks or any(len(block) != len(y) for block in blocks):
        raise ValueError(f"{[block.shape for block in blocks]} do not belong to {len(y)} labels")
    lengths = [_length(block) for block in blocks]
    shares = _choose(blocks, lengths, y, n_classes, groups, seed)
    scales = [float(np.sqrt(share) / length) for share, length in zip(shares, lengths, strict=True)]
    used = [block * scale for block, scale in zip(blocks, scales, strict=True) if scale > 0]
    found = fit_linear(np.hstack(used), y, n_classes, groups=groups, seed=seed, exact=exact)
    weights, begin = [], 0
    for block, scale in zip(blocks, scales, strict=True):
        width = block.shape[1] if scale > 0 else 0
        own = np.zeros((n_classes, block.shape[1]), dtype=np.float32)
        own[:, :width] = scale * found.weights[:, begin : begin + width]
        weights.append(own)
        begin += width
    head = LinearHead(np.hstack(weights), found.bias, found.l2, found.several)
    return BlockHead(head, tuple(shares))


def _length(block: NDArray[np.floating]) -> float:
    """Root mean square length of a centred row; infinite where all rows are equal."""
    length = float(np.sqrt(block.var(axis=0, dtype=np.float64).sum()))
    return length if length > 0 else float("inf")


def _choose(
    blocks: Sequence[NDArray[np.floating]],
    lengths: Sequence[float],
    y: NDArray[np.integer],
    n_classes: int,
    groups: NDArray[np.integer] | None,
    seed: int,
) -> list[float]:
    some = np.sort(np.random.default_rng(seed).permutation(len(y))[:CHOOSING])
    owners = None if groups is None else groups[some]
    several = y.ndim == 2
    # Rows that may have several labels have no class to be spread by.
    spread = np.zeros(len(some), dtype=np.int64) if several else y[some]
    fold = inner_folds(spread, owners, INNER_FOLDS, seed)
    targets = y[some].astype(np.float64) if several else np.eye(n_classes)[y[some]]
    grams = []
    for block, length in zip(blocks, lengths, strict=True):
        own = block[some]
        centred = (own - own.mean(axis=0, dtype=np.float64)) / length
        grams.append(centred @ centred.T)
    kept, gram = [1.0], grams[0]
    least = squared_error(gram, targets, fold)
    for other in grams[1:]:
        share = 0.0
        for tried in SHARES if other.any() else ():
            error = squared_error(gram + tried * other, targets, fold)
            if error < least:
                least, share = error, tried
        gram = gram + share * other
        kept.append(share)
    return kept


def squared_error(gram: Floats, targets: Floats, fold: NDArray[np.integer]) -> float:
    """Mean squared error (over rows) of ridge regression on rows left out, at the best penalty.

    gram (n, n): of centred features; targets (n, outputs); fold (n,). With a free intercept, the
    rows S of a fold are missed by (I − H_SS)⁻¹ (y_S − ŷ_S), where H is the hat matrix of all rows.
    """
    n = len(gram)
    sizes, vectors = np.linalg.eigh(gram)
    sizes = np.maximum(sizes, 0.0)
    spread = float(sizes.sum()) / n
    if not spread > 0:
        return float("inf")
    centred = targets - targets.mean(axis=0)
    turned = vectors.T @ centred
    parts = [np.flatnonzero(fold == number) for number in np.unique(fold)]
    best = float("inf")
    for variance in PRIOR_VARIANCES:
        shrunk = sizes / (sizes + spread / variance)
        missed = centred - vectors @ (shrunk[:, None] * turned)
        total = 0.0
        for part in parts:
            hat = (vectors[part] * shrunk) @ vectors[part].T + 1.0 / n
            total += float((np.linalg.solve(np.eye(len(part)) - hat, missed[part]) ** 2).sum())
        best = min(best, total / n)
    return best
