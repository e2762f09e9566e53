"""Texts as they arrive on a bad day. Equal seeds give equal texts."""

from __future__ import annotations

import string
import unicodedata
from collections.abc import Callable

import numpy as np

WORDS = 0.15
"""Share of words with a slip of the keyboard that a user would not notice."""
SHORTEST = 4


def typos(text: str, seed: int, share: float = WORDS) -> str:
    """The text with slips in that share of its longer words: two letters swapped, one left out, one
    doubled, or one replaced.

    >>> typos("where is my card", 0) == typos("where is my card", 0)
    True
    """
    chance = np.random.default_rng(seed)
    words = text.split(" ")
    for i, word in enumerate(words):
        if len(word) < SHORTEST or chance.random() >= share:
            continue
        at = int(chance.integers(1, len(word) - 1))
        letter = string.ascii_lowercase[int(chance.integers(26))]
        words[i] = (
            word[:at] + word[at + 1] + word[at] + word[at + 2 :],
            word[:at] + word[at + 1 :],
            word[:at] + word[at] + word[at:],
            word[:at] + letter + word[at + 1 :],
        )[int(chance.integers(4))]
    return " ".join(words)


def truncated(text: str, seed: int, kept: float) -> str:
    """The first words; at least one.

    >>> truncated("one two three four", 0, 0.5)
    'one two'
    """
    words = text.split()
    return " ".join(words[: max(1, round(kept * len(words)))])


def bare(text: str, seed: int, strength: float) -> str:
    """Without capitals, punctuation and accents; what would be empty stays as it is.

    >>> bare("Où est-il?", 0, 1.0)
    'ou estil'
    """
    plain = unicodedata.normalize("NFKD", text.lower())
    kept = "".join(c for c in plain if c.isalnum() or c.isspace())
    return kept if kept.strip() else text


Change = Callable[[str, int, float], str]
STRESS: dict[str, tuple[Change, tuple[tuple[str, float], ...]]] = {
    "typos": (typos, (("in 10% of the words", 0.1), ("25%", 0.25), ("50%", 0.5))),
    "cut short": (truncated, (("to 90% of the words", 0.9), ("75%", 0.75), ("50%", 0.5))),
    "no capitals, punctuation or accents": (bare, (("at all", 1.0),)),
}
"""Kinds of change, each with growing strengths: (what it is called, the number)."""
