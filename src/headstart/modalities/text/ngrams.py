"""TF-IDF of word and character n-grams, in numpy and the standard library.

Training and serving run the same code. It counts what scikit-learn's `TfidfVectorizer` counts:
lower-cased words and pairs of words (`token_pattern=r"\\w+"`), and 2 to 5 characters within word
boundaries (`analyzer="char_wb"`); term counts are `1 + log(count)`, inverse document frequencies
are smoothed, and each of the two blocks has length 1.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from headstart.types.errors import MissingExtra
from headstart.types.model import ClassicalFeatures

KIND = "ngrams"
WORDS = re.compile(r"\w+")
SPACES = re.compile(r"\s\s+")
SHORTEST, LONGEST = 2, 5
MOST_WORDS = 10_000
MOST_CHARACTERS = 20_000
LONGEST_GRAM = 100
"""Characters of an n-gram worth keeping: longer "words" are links and encoded files."""
DENSE = 40_000_000
"""Values beyond which a matrix is kept sparse."""


def word_grams(text: str) -> Iterator[str]:
    """Words and pairs of neighbouring words.

    >>> list(word_grams("My card!"))
    ['my', 'card', 'my card']
    """
    words = WORDS.findall(text.lower())
    yield from words
    for first, second in pairwise(words):
        yield f"{first} {second}"


def character_grams(text: str) -> Iterator[str]:
    """2 to 5 characters of each word, a space at either end.

    >>> list(character_grams("ab"))
    [' a', 'ab', 'b ', ' ab', 'ab ', ' ab ']
    """
    for word in SPACES.sub(" ", text.lower()).split():
        padded = f" {word} "
        for size in range(SHORTEST, LONGEST + 1):
            if size >= len(padded):
                yield padded
                break
            for start in range(len(padded) - size + 1):
                yield padded[start : start + size]


BLOCKS = (("words", word_grams, MOST_WORDS), ("characters", character_grams, MOST_CHARACTERS))


def fit_ngrams(values: Sequence[str]) -> ClassicalFeatures:
    """Vocabulary (the n-grams that occur in most texts) and idf of both blocks.

    Raises:
        ValueError: there is no text.
    """
    if not values:
        raise ValueError("n-grams cannot be learned from no text")
    arrays: dict[str, NDArray[Any]] = {}
    width = 0
    for name, grams, most in BLOCKS:
        found: Counter[str] = Counter()
        for text in values:
            found.update({gram for gram in grams(text) if len(gram) <= LONGEST_GRAM})
        kept = sorted(sorted(found), key=found.__getitem__, reverse=True)[:most]
        vocabulary = sorted(kept)
        counts = np.array([found[gram] for gram in vocabulary], dtype=np.float64)
        arrays[name] = np.array(vocabulary, dtype=np.str_)
        arrays[f"{name}_idf"] = np.log((1 + len(values)) / (1 + counts)) + 1
        width += len(vocabulary)
    return ClassicalFeatures(KIND, {}, arrays, width)


class NGrams:
    """What `fit_ngrams` learned, ready to be applied."""

    def __init__(self, features: ClassicalFeatures) -> None:
        self.width = features.width
        self._blocks = []
        offset = 0
        for name, grams, _ in BLOCKS:
            vocabulary = features.arrays[name].tolist()
            index = {gram: number for number, gram in enumerate(vocabulary)}
            self._blocks.append((index, features.arrays[f"{name}_idf"], grams, offset))
            offset += len(vocabulary)

    def row(self, text: str) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """(columns, values) of one text."""
        columns, values = [], []
        for index, idf, grams, offset in self._blocks:
            counts = Counter(index[gram] for gram in grams(text) if gram in index)
            if not counts:
                continue
            where = np.fromiter(counts.keys(), dtype=np.int64, count=len(counts))
            often = np.fromiter(counts.values(), dtype=np.float64, count=len(counts))
            weight = (1 + np.log(often)) * idf[where]
            columns.append(where + offset)
            values.append((weight / np.sqrt((weight**2).sum())).astype(np.float32))
        if not columns:
            return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.float32)
        return np.concatenate(columns), np.concatenate(values)

    def matrix(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Dense features (n, width)."""
        out = np.zeros((len(texts), self.width), dtype=np.float32)
        for number, text in enumerate(texts):
            columns, values = self.row(text)
            out[number, columns] = values
        return out

    def sparse(self, texts: Sequence[str]) -> Any:
        """The same as a SciPy CSR matrix."""
        try:
            from scipy.sparse import csr_matrix
        except ImportError as error:
            raise MissingExtra("Training on many texts", extra="text", package="scipy") from error
        rows = [self.row(text) for text in texts]
        ends = np.cumsum([0, *(len(columns) for columns, _ in rows)])
        columns = np.concatenate([columns for columns, _ in rows])
        values = np.concatenate([values for _, values in rows])
        return csr_matrix((values, columns, ends), shape=(len(texts), self.width))


def ngram_matrix(features: ClassicalFeatures, values: Sequence[str]) -> NDArray[np.float32]:
    """Features (n, width) of the texts; CSR where the array would hold over 40 million values."""
    grams = NGrams(features)
    large = len(values) * features.width > DENSE
    found: NDArray[np.float32] = grams.sparse(values) if large else grams.matrix(values)
    return found
