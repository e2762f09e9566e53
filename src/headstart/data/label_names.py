"""What a label is called: what cannot be seen tells no two names apart."""

from __future__ import annotations

import re
import unicodedata

_BETWEEN = re.compile(r"(?<=[^\W\d_])[\s_-]+(?=[^\W_])|(?<=\d)[\s_-]+(?=[^\W\d_])")
"""Spaces, '_' and '-' with a letter on one side and a letter or digit on the other."""
_WHOLE = re.compile(r"(-?\d+)\.0+")


def label_name(written: str) -> str:
    """The name without spaces around it, with single spaces within, in Unicode's form NFC.

    >>> label_name("  card\\u00a0 arrival "), label_name("Cafe\\u0301") == "Café"
    ('card arrival', True)
    """
    return unicodedata.normalize("NFC", " ".join(written.split()))


def spelling(label: str) -> str:
    """Equal for names that differ only by case, by spaces, '_' or '-' between words, or by the
    '.0' that a spreadsheet adds to a number. A sign at an end ('A-', 'C++') is part of the name,
    and so is what stands between digits ('1-5').

    >>> len({spelling(name) for name in ("Card arrival", "card_arrival", "CARD-ARRIVAL")})
    1
    >>> spelling("A-"), spelling("1-5"), spelling("2.0")
    ('a-', '1-5', '2')
    """
    folded = label_name(unicodedata.normalize("NFKC", label)).casefold()
    whole = _WHOLE.fullmatch(folded)
    return whole[1] if whole else _BETWEEN.sub("", folded)
