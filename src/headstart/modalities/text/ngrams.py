"""TF-IDF of word and character n-grams, in numpy and the standard library.

Training and serving run the same code. It counts what scikit-learn's `TfidfVectorizer` counts:
lower-cased words and pairs of words (`token_pattern=r"\\w+"`), and 2 to 5 characters within word
boundaries (`analyzer="char_wb"`); term counts are `1 + log(count)`, inverse document frequencies
are smoothed, and each of the two blocks has length 1.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import chain, pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from headstart.types.model import ClassicalFeatures

KIND = "ngrams"
WORDS = re.compile(r"\w+")
SHORTEST, LONGEST = 2, 5
WORD_SHARE = 1 / 3
"""Of the vocabulary; the rest are characters."""
MOST_GRAMS = 30_000
FEWEST_GRAMS = 4_000
MOST_VALUES = 60_000_000
"""Values (rows × n-grams) of the training matrix, which is dense: 240 MB."""
LONGEST_GRAM = 100
"""Characters of an n-gram worth keeping: longer "words" are links and encoded files."""
REMEMBERED = 50_000
"""Words whose n-grams are looked up once."""
LONGEST_REMEMBERED = 40
SLICE = 512
"""Texts counted together."""


def word_grams(text: str) -> Iterator[str]:
    """Words and pairs of neighbouring words.

    >>> list(word_grams("My card!"))
    ['my', 'card', 'my card']
    """
    words = WORDS.findall(text.lower())
    yield from words
    for first, second in pairwise(words):
        yield f"{first} {second}"


def pieces(word: str) -> Iterator[str]:
    """2 to 5 characters of a word, a space at either end.

    >>> list(pieces("ab"))
    [' a', 'ab', 'b ', ' ab', 'ab ', ' ab ']
    """
    padded = f" {word} "
    for size in range(SHORTEST, LONGEST + 1):
        if size >= len(padded):
            yield padded
            break
        for start in range(len(padded) - size + 1):
            yield padded[start : start + size]


def character_grams(text: str) -> Iterator[str]:
    """The pieces of each word of the text."""
    return chain.from_iterable(map(pieces, text.lower().split()))


Grams = Callable[[str], Iterator[str]]
BLOCKS: tuple[tuple[str, Grams], ...] = (("words", word_grams), ("characters", character_grams))


def vocabulary_size(rows: int) -> int:
    """N-grams kept when learning from so many texts.

    >>> vocabulary_size(600), vocabulary_size(10_000), vocabulary_size(1_000_000)
    (30000, 6000, 4000)
    """
    return max(FEWEST_GRAMS, min(MOST_GRAMS, MOST_VALUES // max(1, rows)))


def fit_ngrams(values: Sequence[str]) -> ClassicalFeatures:
    """Vocabulary (the n-grams that occur in most texts) and idf of both blocks.

    Raises:
        ValueError: there is no text.
    """
    if not values:
        raise ValueError("n-grams cannot be learned from no text")
    most = vocabulary_size(len(values))
    words = int(most * WORD_SHARE)
    arrays: dict[str, NDArray[Any]] = {}
    width = 0
    counted = (_texts_with_words(values), _texts_with_pieces(values))
    for (name, _), found, limit in zip(BLOCKS, counted, (words, most - words), strict=True):
        kept = sorted(found, key=lambda gram, found=found: (-found[gram], gram))[:limit]  # type: ignore[misc]
        vocabulary = sorted(kept)
        counts = np.array([found[gram] for gram in vocabulary], dtype=np.float64)
        arrays[name] = np.array(vocabulary, dtype=np.str_)
        arrays[f"{name}_idf"] = np.log((1 + len(values)) / (1 + counts)) + 1
        width += len(vocabulary)
    return ClassicalFeatures(KIND, {}, arrays, width)


def _texts_with_words(values: Sequence[str]) -> Counter[str]:
    """Texts that hold each word or pair."""
    found: Counter[str] = Counter()
    for text in values:
        found.update({gram for gram in word_grams(text) if len(gram) <= LONGEST_GRAM})
    return found


def _texts_with_pieces(values: Sequence[str]) -> Counter[str]:
    """Texts that hold each piece of a word."""
    found: Counter[str] = Counter()
    known: dict[str, frozenset[str]] = {}
    for text in values:
        held: set[str] = set()
        for word in set(text.lower().split()):
            grams = known.get(word)
            if grams is None:
                grams = frozenset(pieces(word))
                if len(known) < REMEMBERED and len(word) <= LONGEST_REMEMBERED:
                    known[word] = grams
            held |= grams
        found.update(held)
    return found


class NGrams:
    """What `fit_ngrams` learned, ready to be applied.

    Raises:
        KeyError: an array is missing.
        ValueError: the arrays do not fit each other.
    """

    def __init__(self, features: ClassicalFeatures) -> None:
        arrays = features.arrays
        self.width = features.width
        index = {name: {g: i for i, g in enumerate(arrays[name].tolist())} for name, _ in BLOCKS}
        self._words, self._pieces = index["words"], index["characters"]
        self._idf = np.concatenate([arrays[f"{name}_idf"] for name, _ in BLOCKS])
        if not len(self._words) + len(self._pieces) == self.width == len(self._idf):
            raise ValueError(f"the vocabulary does not have {self.width} n-grams")
        if self._idf.dtype.kind != "f" or not np.isfinite(self._idf).all():
            raise ValueError("the inverse document frequencies are not finite numbers")
        self._known: dict[str, list[int]] = {}

    def _columns(self, text: str) -> list[int]:
        """Column of every known n-gram of the text, as often as it occurs."""
        found = [self._words[gram] for gram in word_grams(text) if gram in self._words]
        for word in text.lower().split():
            known = self._known.get(word)
            if known is None:
                known = self._look_up(word)
            found += known
        return found

    def _look_up(self, word: str) -> list[int]:
        offset = len(self._words)
        found = [offset + self._pieces[gram] for gram in pieces(word) if gram in self._pieces]
        if len(word) <= LONGEST_REMEMBERED:
            if len(self._known) >= REMEMBERED:
                self._known = {}
            self._known[word] = found
        return found

    def matrix(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Dense features (n, width)."""
        out = np.zeros((len(texts), self.width), dtype=np.float32)
        for start in range(0, len(texts), SLICE):
            part = [self._columns(text) for text in texts[start : start + SLICE]]
            rows = np.repeat(np.arange(len(part)), [len(columns) for columns in part])
            columns = np.fromiter(chain.from_iterable(part), dtype=np.int64, count=len(rows))
            cells, often = np.unique(rows * self.width + columns, return_counts=True)
            if not len(cells):
                continue
            rows, columns = np.divmod(cells, self.width)
            weights = (1 + np.log(often)) * self._idf[columns]
            block = rows * 2 + (columns >= len(self._words))
            lengths = np.sqrt(np.bincount(block, weights**2))
            out[start + rows, columns] = weights / lengths[block]
        return out


def ngram_matrix(features: ClassicalFeatures, values: Sequence[str]) -> NDArray[np.float32]:
    """Features (n, width) of the texts."""
    return NGrams(features).matrix(values)
