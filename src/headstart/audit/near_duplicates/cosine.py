"""Exact search for pairs of embeddings with a high cosine, in blocks of bounded memory."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from headstart.audit.near_duplicates.pairs import Pairs, make_pairs, merge, no_pairs
from headstart.backbones.threads import beside_each_other
from headstart.ports import Progress

BLOCK = 2048
SPAN = 16
FEW = 4 * BLOCK
"""Rows that are multiplied out at once: a rotation would cost more than it saves."""
DENSE = 200_000
"""Hits in one block above which only its spanning forest is kept."""
SLACK = 2e-5
"""Added to every bound: the rounding of a float32 dot product over a few hundred terms."""


@dataclass(frozen=True, slots=True)
class _Rotated:
    """Unit rows in a basis where the first coordinates hold most of their length.

    head (n, d + 1): the first d coordinates and the length of the rest, so that a product of two
    heads is an upper bound of the cosine (Cauchy-Schwarz on the rest). tail (n, D - d).
    """

    head: NDArray[np.float32]
    tail: NDArray[np.float32]


def unit_rows(features: NDArray[np.float32]) -> NDArray[np.float32]:
    """Rows scaled to length one; rows of zeros stay zeros.

    Raises:
        ValueError: a value is not finite, or the array is not two-dimensional.
    """
    matrix = np.asarray(features, dtype=np.float32)
    if matrix.ndim != 2:
        raise ValueError(f"features must have two dimensions, not {matrix.ndim}")
    length = np.linalg.norm(matrix, axis=1, keepdims=True)
    if not np.isfinite(length).all():
        row = int(np.flatnonzero(~np.isfinite(length[:, 0]))[0])
        raise ValueError(f"features of row {row} hold a value that is not finite")
    return np.divide(matrix, np.where(length > 0, length, 1), dtype=np.float32)


def _sample(n: int, size: int) -> NDArray[np.int64]:
    return np.unique(np.linspace(0, n - 1, num=min(n, size)).astype(np.int64))


def _head_width(rotated: NDArray[np.float32], threshold: float) -> int:
    """The head that costs least: a wider one multiplies more, a narrower one lets more through."""
    n, width = len(rotated), int(rotated.shape[1])
    rows = rotated[_sample(n, 1500)]
    upper = np.triu_indices(len(rows), k=1)
    best, best_cost = width, 2.0 * width
    for d in (16, 32, 48, 64, 96, 128, 192, 256):
        if d >= width:
            break
        rest = np.sqrt(np.maximum(1 - np.square(rows[:, :d]).sum(axis=1), 0))
        bound = rows[:, :d] @ rows[:, :d].T + np.outer(rest, rest)
        through = float((bound[upper] > threshold - SLACK).mean())
        cost = 2.0 * (d + 1) + through * 40.0 * width  # a gathered product costs about 20 fold
        if cost < best_cost:
            best, best_cost = d, cost
    return best


def _rotate(unit: NDArray[np.float32], threshold: float) -> _Rotated:
    n = len(unit)
    if n <= FEW:
        head = np.concatenate([unit, np.zeros((n, 1), dtype=np.float32)], axis=1)
        return _Rotated(head, np.zeros((n, 0), dtype=np.float32))
    rows = unit[_sample(n, 20_000)].astype(np.float64)
    _, basis = np.linalg.eigh(rows.T @ rows)
    turn = basis[:, ::-1].astype(np.float32)
    rotated = np.empty_like(unit)
    for start in range(0, n, 16 * BLOCK):
        np.matmul(unit[start : start + 16 * BLOCK], turn, out=rotated[start : start + 16 * BLOCK])
    d = _head_width(rotated, threshold)
    tail = rotated[:, d:]
    rest = np.sqrt(np.einsum("ij,ij->i", tail, tail))
    head = np.concatenate([rotated[:, :d], rest[:, None]], axis=1)
    return _Rotated(np.ascontiguousarray(head), np.ascontiguousarray(tail))


def _exact(rotated: _Rotated, i: NDArray[np.int64], j: NDArray[np.int64]) -> NDArray[np.float32]:
    """Cosines of the pairs (i, j), gathered in small chunks."""
    out = np.empty(len(i), dtype=np.float32)
    d = rotated.head.shape[1] - 1
    for start in range(0, len(i), 1 << 14):
        a, b = i[start : start + (1 << 14)], j[start : start + (1 << 14)]
        near = np.einsum("ij,ij->i", rotated.head[a, :d], rotated.head[b, :d])
        out[start : start + len(a)] = near + np.einsum("ij,ij->i", rotated.tail[a], rotated.tail[b])
    return out


def _block_pairs(rotated: _Rotated, task: tuple[int, int], threshold: float) -> Pairs:
    """Pairs between the block of rows at `task[0]` and the `SPAN` blocks from `task[1]` on."""
    head = rotated.head
    start, first_other = task
    rows = head[start : start + BLOCK]
    found = []
    for other in range(first_other, min(first_other + SPAN * BLOCK, len(head)), BLOCK):
        columns = head[other : other + BLOCK]
        product = rows @ columns.T
        hits = np.flatnonzero(product.ravel() > threshold - SLACK)
        if not len(hits):
            continue
        i, j = hits // len(columns) + start, hits % len(columns) + other
        if other == start:
            upper = i < j
            hits, i, j = hits[upper], i[upper], j[upper]
        complete = len(hits) <= DENSE
        if not complete:
            bound = make_pairs(i, j, np.minimum(product.ravel()[hits], 1), "embedding")
            tree = spanning_forest(bound, len(head))
            i, j = tree.first, tree.second
            hits = (i - start) * len(columns) + (j - other)
        whole = rotated.tail.shape[1] == 0
        cosine = product.ravel()[hits] if whole else _exact(rotated, i, j)
        keep = cosine >= threshold
        cosine = np.minimum(cosine[keep], 1)
        found.append(make_pairs(i[keep], j[keep], cosine, "embedding", complete=complete))
    return merge(found)


def _clumps(unit: NDArray[np.float32], used: NDArray[np.int64]) -> Pairs:
    """Rows that are all but equal to a leader, where more than 16 of them are in one place.

    A thousand copies would give half a million pairs; the leader stands for them in the search.
    """
    projection = np.random.default_rng(0).normal(size=(unit.shape[1], 6)).astype(np.float32)
    cell = np.floor((unit[used] @ projection) * 20).astype(np.int16)
    _, bins, sizes = np.unique(cell, axis=0, return_inverse=True, return_counts=True)
    order = np.argsort(bins, kind="stable")
    ends = np.cumsum(sizes)
    parts = []
    for bin_ in np.flatnonzero(sizes > 16):
        rows = np.sort(used[order[ends[bin_] - sizes[bin_] : ends[bin_]]])
        cosine = unit[rows[1:]] @ unit[rows[0]]
        same = cosine >= 0.9999
        if same.sum() > 16:
            leader = np.full(int(same.sum()), rows[0])
            near = np.minimum(cosine[same], 1)
            parts.append(make_pairs(leader, rows[1:][same], near, "embedding", complete=False))
    return merge(parts)


def spanning_forest(pairs: Pairs, n: int) -> Pairs:
    """The fewest, most similar pairs that connect the same rows (maximum spanning forest)."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import minimum_spanning_tree

    weight = 2.0 - pairs.similarity.astype(np.float64)  # positive: zero would mean no edge
    graph = coo_array((weight, (pairs.first, pairs.second)), shape=(n, n)).tocsr()
    tree = minimum_spanning_tree(graph).tocoo()
    a, b = tree.row.astype(np.int64), tree.col.astype(np.int64)
    similarity = (2.0 - tree.data).astype(np.float32)
    return make_pairs(a, b, similarity, "embedding", complete=False)


def cosine_pairs(
    features: NDArray[np.float32],
    threshold: float,
    *,
    limit: int = 4_000_000,
    threads: int = 2,
    progress: Progress | None = None,
) -> Pairs:
    """Every pair of rows of `features` (n, width) whose cosine is at least `threshold`.

    Exact: rows are rotated to their principal axes, the first axes and the length of the rest give
    an upper bound of each cosine by one narrow matrix product, and only pairs above the threshold
    by that bound are multiplied out. Blocks of 2,048 rows keep memory at the features, their
    rotated copy and a few blocks. When more than `limit` pairs are found, the pairs so far are
    replaced by their maximum spanning forest: the same groups, fewer pairs (`complete` is False).

    Raises:
        ValueError: a value is not finite, or `threshold` is not in (0, 1].
    """
    if not 0 < threshold <= 1:
        raise ValueError(f"threshold must be above 0 and at most 1, not {threshold}")
    unit = unit_rows(features)
    used = np.flatnonzero(unit.any(axis=1))
    n = len(used)
    if n < 2:
        return no_pairs()
    clumps = _clumps(unit, used)
    used = np.setdiff1d(used, clumps.second)
    n = len(used)
    if n < 2:
        return clumps
    rotated = _rotate(unit if n == len(unit) else unit[used], threshold)
    del unit
    found = no_pairs()
    waiting: list[Pairs] = []
    held = 0
    starts = range(0, n, BLOCK)
    tasks = [(start, other) for start in starts for other in range(start, n, SPAN * BLOCK)]
    # Blocks are too small to share, and the search for hits in a product would leave the second
    # core idle.
    parts = beside_each_other(
        lambda task: _block_pairs(rotated, task, threshold), tasks, max(1, threads)
    )
    for done, part in enumerate(parts, start=1):
        waiting.append(part)
        held += len(part)
        if held > limit:
            found = spanning_forest(merge([found, *waiting]), n)
            waiting, held = [], len(found)
        if progress is not None:
            progress("embedding pairs", done, len(tasks))
    found = merge([found, *waiting])
    return merge([replace(found, first=used[found.first], second=used[found.second]), clumps])
