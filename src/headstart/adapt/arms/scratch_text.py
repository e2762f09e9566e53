"""Texts for the network from scratch: a bag of hashed word and character n-grams."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from zlib import crc32

import numpy as np
import torch
from numpy.typing import NDArray

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
    """Texts hashed once; no label takes part in it."""

    learning_rate = 2e-2
    max_steps = 300

    def __init__(self, values: Sequence[str]) -> None:
        self._buckets = [hashed_ngrams(text) for text in values]

    def batch(self, rows: NDArray[np.int64]) -> tuple[torch.Tensor, ...]:
        chosen = [self._buckets[i] for i in rows]
        starts = np.cumsum([0] + [len(buckets) for buckets in chosen[:-1]])
        return torch.from_numpy(np.concatenate(chosen)), torch.from_numpy(starts)

    def network(self, classes: int) -> torch.nn.Module:
        return BagNetwork(classes)


class BagNetwork(torch.nn.Module):
    """Mean of the n-gram embeddings, then a linear layer."""

    def __init__(self, classes: int) -> None:
        super().__init__()
        self.bag = torch.nn.EmbeddingBag(BUCKETS, WIDTH, mode="mean")
        torch.nn.init.normal_(self.bag.weight, std=0.1)
        self.drop = torch.nn.Dropout(0.1)
        self.head = torch.nn.Linear(WIDTH, classes)

    def forward(self, buckets: torch.Tensor, starts: torch.Tensor) -> torch.Tensor:
        logits: torch.Tensor = self.head(self.drop(self.bag(buckets, starts)))
        return logits
