"""Near-duplicate texts: exact forms, MinHash candidates verified word by word, templates."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Sequence

import numpy as np
from numpy.typing import NDArray

from headstart.audit.near_duplicates.align import Vocabulary, compare
from headstart.audit.near_duplicates.minhash import candidates, shingle, signatures
from headstart.audit.near_duplicates.normalise import (
    NUMBER,
    letters_outside_numbers,
    mask_numbers,
    normalise,
)
from headstart.audit.near_duplicates.pairs import Pairs, make_pairs, merge, no_pairs
from headstart.ports import Progress

FEWEST_LETTERS = 12
"""Letters that must be left when numbers are masked before equal masks count as duplicates."""
ALL_PAIRS = 40
"""Equal rows of which every pair is listed; of more, each is paired with the first."""


def equal_pairs(forms: Sequence[Hashable], kind: str, *, similarity: float = 1.0) -> Pairs:
    """Pairs of rows with the same form. None stands for no form and equals nothing.

    A row that appears in thousands of copies gives one pair for each copy, not one for each two.

    >>> equal_pairs(["a", None, "a", None], "identical").second.tolist()
    [2]
    """
    where: dict[Hashable, list[int]] = {}
    for row, form in enumerate(forms):
        if form is not None:
            where.setdefault(form, []).append(row)
    first: list[NDArray[np.int64]] = []
    second: list[NDArray[np.int64]] = []
    complete = True
    for rows in where.values():
        if len(rows) < 2:
            continue
        same = np.array(rows, dtype=np.int64)
        if len(rows) <= ALL_PAIRS:
            i, j = np.triu_indices(len(rows), k=1)
            first.append(same[i])
            second.append(same[j])
        else:
            complete = False
            first.append(np.full(len(rows) - 1, same[0]))
            second.append(same[1:])
    if not first:
        return no_pairs()
    return make_pairs(
        np.concatenate(first), np.concatenate(second), similarity, kind, complete=complete
    )


def text_pairs(texts: Sequence[str], *, seed: int = 0, progress: Progress | None = None) -> Pairs:
    """Near-duplicate pairs among `texts`, by what is written alone.

    Kinds: identical, normalised, reordered, numbers, typos, template, edited. Rows that are equal
    once normalised and with numbers masked are found by hashing and then represented by one of
    them; among those, pairs of character trigrams with a Jaccard index of about 0.4 or more are
    met by MinHash (256 hashes in bands of 4) and compared word by word.
    """
    normal = [normalise(text) for text in texts]
    masked = [mask_numbers(text) for text in texts]
    numbers = [
        m if letters_outside_numbers(m) >= FEWEST_LETTERS else n
        for m, n in zip(masked, normal, strict=True)
    ]
    found = [
        equal_pairs(list(texts), "identical"),
        equal_pairs(normal, "normalised", similarity=0.99),
        equal_pairs(numbers, "numbers", similarity=0.97),
    ]
    firsts: dict[str, int] = {}
    for row, form in enumerate(numbers):
        firsts.setdefault(form, row)
    forms, rows = list(firsts), np.array(list(firsts.values()), dtype=np.int64)
    words = [form.split() for form in forms]
    vocabulary = Vocabulary(Counter(w for text in words for w in set(text)), len(forms))
    near = _verified(forms, words, vocabulary, seed, progress)
    frames = equal_pairs(_frames(words, vocabulary), "template", similarity=0.9)
    for part in (near, frames):
        found.append(
            Pairs(rows[part.first], rows[part.second], part.similarity, part.kind, part.complete)
        )
    return merge(_ordered(part) for part in found)


def _ordered(pairs: Pairs) -> Pairs:
    return Pairs(
        np.minimum(pairs.first, pairs.second),
        np.maximum(pairs.first, pairs.second),
        pairs.similarity,
        pairs.kind,
        pairs.complete,
    )


def _frames(words: Sequence[list[str]], vocabulary: Vocabulary) -> list[str | None]:
    """Each text without the words that fill slots, where enough stays to know a template by and
    at least three texts have it."""
    everyday = max(3, vocabulary.texts // 100)
    frames: list[str | None] = []
    for text in words:
        frame: list[str] = []
        kept = 0
        for word in text:
            if word != NUMBER and vocabulary.counts[word] > everyday:
                frame.append(word)
                kept += 1
            elif not frame or frame[-1] != "_":
                frame.append("_")
        frames.append(" ".join(frame) if kept >= 8 and kept >= 0.65 * len(text) else None)
    often = Counter(frames)
    return [frame if often[frame] >= 3 else None for frame in frames]


def _verified(
    forms: Sequence[str],
    words: Sequence[list[str]],
    vocabulary: Vocabulary,
    seed: int,
    progress: Progress | None,
) -> Pairs:
    if len(forms) < 2:
        return no_pairs()
    signature = signatures(shingle(forms), seed=seed)
    first, second = candidates(signature)
    del signature
    parts: dict[str, list[tuple[int, int, float]]] = {}
    for done, (i, j) in enumerate(zip(first.tolist(), second.tolist(), strict=True)):
        if progress is not None and done % 20_000 == 0:
            progress("near-duplicate texts", done, len(first))
        verdict = compare(words[i], words[j], vocabulary)
        if verdict is not None:
            parts.setdefault(verdict[0], []).append((i, j, verdict[1]))
    return merge(
        make_pairs(
            np.array([i for i, _, _ in part], dtype=np.int64),
            np.array([j for _, j, _ in part], dtype=np.int64),
            np.array([s for _, _, s in part], dtype=np.float32),
            kind,
        )
        for kind, part in parts.items()
    )
