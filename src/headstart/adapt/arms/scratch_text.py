"""Texts for the network from scratch: a bag of hashed word and character n-grams."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from zlib import crc32

import numpy as np
import torch
from numpy.typing import NDArray

from headstart.adapt.arms.seeded import Dropout, seeded

BUCKETS = 1 << 14
WIDTH = 32
MOST = 400
"""Features kept of one text: bounds the work that a very long text makes."""


def hashed_ngrams(text: str) -> NDArray[np.int64]:
    """Buckets of the words, word pairs and character trigrams of a text, at least one.

    The features of fastText (Joulin et al. 2017), hashed with CRC-32 so that they are the same in
    every process.
    """
    words = re.findall(r"\w+|[^\w\s]", text.casefold())[:MOST]
    grams = [f"w{word}" for word in words]
    grams += [f"p{a} {b}" for a, b in pairwise(words)]
    for word in words:
        marked = f"<{word}>"
        grams += [f"c{marked[i : i + 3]}" for i in range(len(marked) - 2)]
    buckets = [crc32(gram.encode("utf-8", "surrogatepass")) % BUCKETS for gram in grams[:MOST]]
    return np.array(buckets or [0], dtype=np.int64)


class TextRows:
    """Texts hashed once; no label takes part in it. Buckets that no text fills are left out."""

    learning_rate = 2e-2
    max_steps = 300

    def __init__(self, values: Sequence[str]) -> None:
        hashed = [hashed_ngrams(text) for text in values]
        filled, number = np.unique(np.concatenate(hashed), return_inverse=True)
        self._buckets = np.split(number, np.cumsum([len(one) for one in hashed])[:-1])
        self._filled = len(filled)

    def batch(self, rows: NDArray[np.int64]) -> tuple[torch.Tensor, ...]:
        chosen = [self._buckets[i] for i in rows]
        starts = np.cumsum([0] + [len(buckets) for buckets in chosen[:-1]])
        return torch.from_numpy(np.concatenate(chosen)), torch.from_numpy(starts)

    def network(self, classes: int, chance: torch.Generator) -> torch.nn.Module:
        return seeded(lambda: BagNetwork(self._filled, classes, chance), chance)


class BagNetwork(torch.nn.Module):
    """Mean of the n-gram embeddings, then a linear layer."""

    def __init__(self, buckets: int, classes: int, chance: torch.Generator) -> None:
        super().__init__()
        self.bag = torch.nn.EmbeddingBag(buckets, WIDTH, mode="mean")
        self.drop = Dropout(0.1, chance)
        self.head = torch.nn.Linear(WIDTH, classes)

    def forward(self, buckets: torch.Tensor, starts: torch.Tensor) -> torch.Tensor:
        logits: torch.Tensor = self.head(self.drop(self.bag(buckets, starts)))
        return logits
