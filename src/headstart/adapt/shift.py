"""Mild changes that a user would not call another input: typos, noise and light."""

from __future__ import annotations

import string

import numpy as np
from numpy.typing import NDArray

WORDS = 0.15
"""Share of words with a slip of the keyboard."""
SHORTEST = 4
NOISE, LIGHT = 0.1, 0.2


def typos(text: str, seed: int) -> str:
    """The text with slips in about 15% of its longer words: two letters swapped, one left out, one
    doubled, or one replaced. Equal seeds give equal texts.

    >>> typos("where is my card", 0) == typos("where is my card", 0)
    True
    """
    chance = np.random.default_rng(seed)
    words = text.split(" ")
    for i, word in enumerate(words):
        if len(word) < SHORTEST or chance.random() >= WORDS:
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


def disturbed(pixels: NDArray[np.float32], seed: int) -> NDArray[np.float32]:
    """Normalised pixels (channels, height, width) with noise and another brightness, in units of
    their standard deviation. Equal seeds give equal pictures."""
    chance = np.random.default_rng(seed)
    noise = chance.normal(scale=NOISE, size=pixels.shape)
    found: NDArray[np.float32] = (pixels + noise + chance.uniform(-LIGHT, LIGHT)).astype(np.float32)
    return found
