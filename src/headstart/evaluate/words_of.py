"""The words by which some texts differ from the others."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

WORD = re.compile(r"[^\W\d_]{3,}")
SHOWN = 4
PRIOR = 0.5


def distinctive_words(
    texts: Sequence[str], own: NDArray[np.bool_], shown: int = SHOWN
) -> tuple[str, ...]:
    """Words that stand in more of the own texts than of the others, the clearest first.

    Log odds of a text to hold the word, with half a text as prior, over their standard error
    (Monroe, Colaresi and Quinn 2008).

    >>> distinctive_words(["blue car", "blue bus", "red car"], np.array([True, True, False]), 1)
    ('blue',)
    """
    held = [set(WORD.findall(text.lower())) for text in texts]
    inside = Counter(word for words, mine in zip(held, own, strict=True) if mine for word in words)
    beside = Counter(
        word for words, mine in zip(held, own, strict=True) if not mine for word in words
    )
    n, m = int(own.sum()), int((~own).sum())
    scored = []
    for word, count in inside.items():
        a, b = count + PRIOR, beside[word] + PRIOR
        odds = np.log(a / (n - count + PRIOR)) - np.log(b / (m - beside[word] + PRIOR))
        scored.append((-float(odds / np.sqrt(1.0 / a + 1.0 / b)), word))
    return tuple(word for score, word in sorted(scored)[:shown] if score < 0.0)
