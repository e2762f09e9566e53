"""From pairs to groups: union-find that refuses long chains of weak links."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from headstart.audit.near_duplicates.pairs import KIND, Pairs

FIRM = int(KIND["typos"])
"""Kinds up to this one always join: they are copies by construction, at any distance."""
SMALL = 12
"""Two groups that together have at most this many rows join on any link."""


@dataclass(frozen=True, slots=True)
class Groups:
    """A group id for each row (n,), numbered from 0 in order of first appearance.

    `refused` holds indices of the pairs whose rows ended in different groups, because the two
    groups had too few links between them.
    """

    ids: NDArray[np.int64]
    refused: NDArray[np.int64]

    @property
    def sizes(self) -> NDArray[np.int64]:
        """Rows in each group."""
        return np.bincount(self.ids)


class _Forest:
    """Union-find with path halving, union by size."""

    def __init__(self, n: int) -> None:
        self.parent = list(range(n))
        self.size = [1] * n

    def root(self, row: int) -> int:
        parent = self.parent
        while parent[row] != row:
            parent[row] = parent[parent[row]]
            row = parent[row]
        return row

    def join(self, a: int, b: int) -> tuple[int, int]:
        """(root that stays, root that goes) of two different trees."""
        if self.size[a] < self.size[b]:
            a, b = b, a
        self.parent[b] = a
        self.size[a] += self.size[b]
        return a, b


def group_rows(pairs: Pairs, n: int, *, support: float = 0.1) -> Groups:
    """Groups of the `n` rows by their `pairs`, without transitive over-merging.

    Identical, normalised, reordered, renumbered and misspelt copies always share a group. Weaker
    links join from the most to the least similar, and two groups of more than a dozen rows only
    join where at least the share `support` of the pairs between them was found: a single link
    between two dense groups is a chain, not a duplicate. (Union-find alone is single linkage;
    this is its average-linkage form on the graph of found pairs.)

    `support` is ignored where `pairs.complete` is False: then links are missing on purpose.

    >>> from headstart.audit.near_duplicates.pairs import make_pairs
    >>> found = make_pairs(np.array([0, 1]), np.array([1, 3]), 1.0, "identical")
    >>> group_rows(found, 4).ids.tolist()
    [0, 0, 1, 0]
    """
    forest = _Forest(n)
    firm = pairs.kind <= FIRM
    _join_all(forest, pairs, np.flatnonzero(firm))
    weak = np.flatnonzero(~firm)
    weak = weak[np.lexsort((pairs.second[weak], pairs.first[weak], -pairs.similarity[weak]))]
    if not pairs.complete:
        _join_all(forest, pairs, weak)
    else:
        _join_supported(forest, pairs, weak, support)
    roots = np.array([forest.root(row) for row in range(n)], dtype=np.int64)
    _, first, inverse = np.unique(roots, return_index=True, return_inverse=True)
    rank = np.empty(len(first), dtype=np.int64)
    rank[np.argsort(first, kind="stable")] = np.arange(len(first))
    ids = rank[inverse.ravel()]
    refused = np.flatnonzero(ids[pairs.first] != ids[pairs.second]).astype(np.int64)
    return Groups(ids=ids, refused=refused)


def _join_all(forest: _Forest, pairs: Pairs, which: NDArray[np.int64]) -> None:
    first, second = pairs.first[which].tolist(), pairs.second[which].tolist()
    for a, b in zip(first, second, strict=True):
        x, y = forest.root(a), forest.root(b)
        if x != y:
            forest.join(x, y)


def _join_supported(forest: _Forest, pairs: Pairs, weak: NDArray[np.int64], support: float) -> None:
    """Join by weak links, most similar first, where enough pairs between the groups were found."""
    links: dict[int, dict[int, int]] = {}
    for a, b in zip(pairs.first[weak].tolist(), pairs.second[weak].tolist(), strict=True):
        x, y = forest.root(a), forest.root(b)
        if x != y:
            links.setdefault(x, {})[y] = links.get(x, {}).get(y, 0) + 1
            links.setdefault(y, {})[x] = links.get(y, {}).get(x, 0) + 1
    for a, b in zip(pairs.first[weak].tolist(), pairs.second[weak].tolist(), strict=True):
        x, y = forest.root(a), forest.root(b)
        if x == y:
            continue
        p, q = forest.size[x], forest.size[y]
        if p + q > SMALL and links[x][y] < support * p * q:
            continue
        stays, goes = forest.join(x, y)
        _move_links(links, stays, goes)


def _move_links(links: dict[int, dict[int, int]], stays: int, goes: int) -> None:
    kept = links.setdefault(stays, {})
    for other, count in links.pop(goes, {}).items():
        back = links[other]
        del back[goes]
        if other != stays:
            kept[other] = kept.get(other, 0) + count
            back[stays] = back.get(stays, 0) + count
