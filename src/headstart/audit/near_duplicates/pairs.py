"""Pairs of near-duplicate rows, as arrays."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

KINDS = (
    "identical",
    "normalised",
    "reordered",
    "numbers",
    "typos",
    "template",
    "edited",
    "perceptual",
    "embedding",
)
"""What makes two rows near-duplicates, the strictest first.

identical: same content. normalised: same but for case, punctuation, spaces (texts) or for the file
around the same pixels (images). reordered: the same words in another order. numbers: the same but
for digits. typos: the same but for misspelt words. template: the same sentence with other names or
numbers in its slots. edited: most words in the same order. perceptual: the same picture after
re-encoding, resizing, cropping, brightness, rotation or a watermark. embedding: embeddings that
point the same way.
"""

KIND = {name: np.uint8(code) for code, name in enumerate(KINDS)}


@dataclass(frozen=True, slots=True)
class Pairs:
    """Pairs of rows, as arrays (m,): `first` < `second`, `similarity` in [0, 1], `kind` in KINDS.

    `complete` is False where a memory limit kept only the pairs that hold the groups together.
    """

    first: NDArray[np.int64]
    second: NDArray[np.int64]
    similarity: NDArray[np.float32]
    kind: NDArray[np.uint8]
    complete: bool = True

    def __len__(self) -> int:
        return len(self.first)

    def take(self, which: NDArray[np.int64] | NDArray[np.bool_]) -> Pairs:
        return Pairs(
            self.first[which],
            self.second[which],
            self.similarity[which],
            self.kind[which],
            self.complete,
        )


def make_pairs(
    a: NDArray[np.int64],
    b: NDArray[np.int64],
    similarity: NDArray[np.float32] | float,
    kind: str,
    *,
    complete: bool = True,
) -> Pairs:
    """Pairs of one kind, each in the order first < second."""
    return Pairs(
        np.minimum(a, b).astype(np.int64),
        np.maximum(a, b).astype(np.int64),
        np.broadcast_to(np.asarray(similarity, dtype=np.float32), a.shape).copy(),
        np.full(a.shape, KIND[kind], dtype=np.uint8),
        complete,
    )


def no_pairs() -> Pairs:
    empty = np.empty(0, dtype=np.int64)
    return Pairs(empty, empty, np.empty(0, dtype=np.float32), np.empty(0, dtype=np.uint8))


def merge(parts: Iterable[Pairs]) -> Pairs:
    """All pairs once each; a pair found several ways keeps its strictest kind."""
    found = [part for part in parts if len(part)]
    if not found:
        return no_pairs()
    first = np.concatenate([part.first for part in found])
    second = np.concatenate([part.second for part in found])
    similarity = np.concatenate([part.similarity for part in found])
    kind = np.concatenate([part.kind for part in found])
    order = np.lexsort((-similarity, kind, second, first))
    first, second = first[order], second[order]
    new = np.ones(len(order), dtype=np.bool_)
    new[1:] = (first[1:] != first[:-1]) | (second[1:] != second[:-1])
    keep = order[new]
    return Pairs(
        first[new],
        second[new],
        similarity[keep],
        kind[keep],
        all(part.complete for part in found),
    )
