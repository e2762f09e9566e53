"""The most similar rows of each row, over several views of the query."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from headstart.ports import Progress

BLOCK = 1024
MOST_HITS = 1_000_000
"""Hits of one block that are held before they are cut to the best few of each query."""

ViewsOf = Callable[[int, int], Iterable[tuple[int, NDArray[np.float32]]]]


@dataclass(frozen=True, slots=True)
class Nearest:
    """Flat arrays of equal length: `query` is like `row` in view number `view`."""

    query: NDArray[np.int64]
    row: NDArray[np.int64]
    view: NDArray[np.int64]
    similarity: NDArray[np.float32]

    def take(self, which: NDArray[np.int64] | NDArray[np.bool_]) -> Nearest:
        return Nearest(self.query[which], self.row[which], self.view[which], self.similarity[which])


def _concatenate(parts: list[Nearest]) -> Nearest:
    if not parts:
        empty = np.empty(0, dtype=np.int64)
        return Nearest(empty, empty, empty, np.empty(0, dtype=np.float32))
    return Nearest(
        np.concatenate([part.query for part in parts]),
        np.concatenate([part.row for part in parts]),
        np.concatenate([part.view for part in parts]),
        np.concatenate([part.similarity for part in parts]),
    )


def _best(found: Nearest, k: int) -> Nearest:
    """Each (query, row) once in its best view, and of each query the `k` best rows."""
    found = found.take(np.lexsort((-found.similarity, found.row, found.query)))
    once = np.ones(len(found.query), dtype=np.bool_)
    once[1:] = (np.diff(found.query) != 0) | (np.diff(found.row) != 0)
    found = found.take(once)
    found = found.take(np.lexsort((-found.similarity, found.query)))
    rank = np.arange(len(found.query)) - np.searchsorted(found.query, found.query, side="left")
    return found.take(rank < k)


def nearest_rows(
    rows: NDArray[np.float32],
    views_of: ViewsOf,
    *,
    threshold: float,
    k: int,
    progress: Progress | None = None,
) -> Nearest:
    """For each row, the at most `k` other rows with a cosine above `threshold` to any of its views.

    rows: unit rows (n, d). `views_of(start, stop)` gives (view number, unit rows) for those
    queries. Exact, in blocks.
    """
    n = len(rows)
    done: list[Nearest] = []
    for start in range(0, n, BLOCK):
        stop = min(n, start + BLOCK)
        best: list[Nearest] = []
        held = 0
        least = np.full(stop - start, threshold, dtype=np.float32)
        for view, queries in views_of(start, stop):
            for other in range(0, n, 4 * BLOCK):
                product = queries @ rows[other : other + 4 * BLOCK].T
                hits = np.flatnonzero((product > least[:, None]).ravel())
                i, j = hits // product.shape[1] + start, hits % product.shape[1] + other
                keep = i != j
                number = np.full(int(keep.sum()), view, dtype=np.int64)
                best.append(Nearest(i[keep], j[keep], number, product.ravel()[hits[keep]]))
                held += len(number)
                if held > MOST_HITS:
                    best = [_best(_concatenate(best), k)]
                    held = len(best[0].query)
                    least = _raised(best[0], start, least, k)
        done.append(_best(_concatenate(best), k))
        if progress is not None:
            progress("similar pictures", stop, n)
    return _concatenate(done)


def _raised(best: Nearest, start: int, least: NDArray[np.float32], k: int) -> NDArray[np.float32]:
    """What a row must beat to be among the `k` best of each query of the block."""
    rank = np.arange(len(best.query)) - np.searchsorted(best.query, best.query, side="left")
    last = rank == k - 1
    raised = least.copy()
    at = best.query[last] - start
    raised[at] = np.maximum(raised[at], best.similarity[last])
    return raised
