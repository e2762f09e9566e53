"""Two texts word by word: are they the same but for typing, numbers or slots of a template?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from headstart.audit.near_duplicates.normalise import NUMBER

LONGEST = 400
"""Words of a text that are aligned; two texts that agree that far are near enough."""


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """In how many texts each word stands."""

    counts: Mapping[str, int]
    texts: int

    def rare(self, word: str) -> bool:
        """Too rare to be a word of this domain's everyday language: a misspelling, a name."""
        return self.counts.get(word, 0) <= max(2, self.texts // 2000)

    def slip(self, a: str, b: str) -> bool:
        """One of the two is rare, or rare beside the other."""
        few, many = sorted((self.counts.get(a, 0), self.counts.get(b, 0)))
        return self.rare(a) or self.rare(b) or few <= many // 20

    def slot(self, word: str) -> bool:
        """Rare enough to fill a slot in a template."""
        return word == NUMBER or self.counts.get(word, 0) <= max(3, self.texts // 500)


def edit_distance(a: str, b: str, most: int) -> int:
    """Damerau-Levenshtein distance (adjacent swaps count one), or `most` + 1 where it is larger.

    >>> edit_distance("card", "crad", 2), edit_distance("card", "bank", 2)
    (1, 3)
    """
    if abs(len(a) - len(b)) > most:
        return most + 1
    before: list[int] = []
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, start=1):
        after = [i] + [0] * len(b)
        for j, y in enumerate(b, start=1):
            after[j] = min(row[j] + 1, after[j - 1] + 1, row[j - 1] + (x != y))
            if i > 1 and j > 1 and x == b[j - 2] and a[i - 2] == y:
                after[j] = min(after[j], before[j - 2] + 1)
        if min(after) > most:
            return most + 1
        before, row = row, after
    return min(row[-1], most + 1)


def _misspelt(a: str, b: str) -> bool:
    longest = max(len(a), len(b))
    most = 1 if longest < 5 else 2
    return longest >= 2 and edit_distance(a, b, most) <= most


def _typing(a: Sequence[str], b: Sequence[str], words: Vocabulary) -> bool:
    """Is one run of words a misspelling of the other? Of two words one must be rare: 'now' for
    'not' is another word, 'nwo' is not one."""
    if len(a) == len(b):
        return all(
            x == y or (NUMBER not in (x, y) and _misspelt(x, y) and words.slip(x, y))
            for x, y in zip(a, b, strict=True)
        )
    if not any(words.rare(word) for word in (*a, *b) if word != NUMBER):
        return False
    return len(a) + len(b) <= 6 and _misspelt("".join(a), "".join(b))


def compare(a: Sequence[str], b: Sequence[str], words: Vocabulary) -> tuple[str, float] | None:
    """(kind, similarity) of two near-duplicate texts given as words with numbers masked, or None.

    similarity: share of the letters of both that stand in words matched in order.
    """
    a, b = a[:LONGEST], b[:LONGEST]
    if len(a) >= 3 and len(a) == len(b) and sorted(a) == sorted(b):
        return "reordered", 0.95
    if 2 * len(set(a) & set(b)) < 0.55 * min(len(set(a)) + len(set(b)), len(a) + len(b)):
        return None  # too few words in common for any kind below
    equal_words = equal = misspelt = misspelt_words = 0
    slots = True
    for tag, a0, a1, b0, b1 in SequenceMatcher(None, a, b, autojunk=False).get_opcodes():
        x, y = a[a0:a1], b[b0:b1]
        if tag == "equal":
            equal_words += len(x)
            equal += 2 * sum(map(len, x))
        elif tag == "replace" and _typing(x, y, words):
            misspelt_words += max(len(x), len(y))
            misspelt += sum(map(len, (*x, *y)))
        elif not (x and y and all(words.slot(word) for word in (*x, *y))):
            slots = False
    letters = sum(map(len, (*a, *b)))
    similarity = (equal + 0.9 * misspelt) / max(1, letters)
    matched = equal + misspelt == letters
    if matched and misspelt_words <= max(1, (equal_words + misspelt_words) // 3):
        return "typos", similarity
    share = 2 * (equal_words + misspelt_words) / (len(a) + len(b))
    if slots and equal_words >= 6 and share >= 0.65:
        return "template", share
    if similarity >= 0.85 and equal_words >= 6:
        return "edited", similarity
    return None
