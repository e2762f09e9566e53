"""Texts in the forms under which near-duplicates are equal."""

from __future__ import annotations

import re
import unicodedata

NUMBER = "0"
_SEPARATORS = re.compile(r"[\W_]+")
_APOSTROPHE = re.compile(r"(?<=\w)['’`´](?=\w)")
_WITH_DIGIT = re.compile(r"\b(?:\w+[-/]){0,3}\w*\d[\w\-.,:/]*(?:\s+\w*\d[\w\-.,:/]*)*")


def _fold(text: str) -> str:
    once = unicodedata.normalize("NFKC", text).casefold()
    return unicodedata.normalize(
        "NFKC", once
    ).casefold()  # folding can give new compatibility forms


def _words(folded: str) -> str:
    words = _SEPARATORS.sub(" ", _APOSTROPHE.sub("", folded)).strip()
    return words or " ".join(folded.split())


def normalise(text: str) -> str:
    """Case folded, compatibility forms unified, punctuation and runs of spaces made one space.

    A text of punctuation alone keeps it.

    >>> normalise("  Where's my CARD?? ")
    'wheres my card'
    >>> normalise(":-(")
    ':-('
    """
    return _words(_fold(text))


def mask_numbers(text: str) -> str:
    """The normalised text with every number, or code that holds a digit, as '0'.

    >>> mask_numbers("Order A-12 of 1 000 EUR on 3 May, 10:45!")
    'order 0 of 0 eur on 0 may 0'
    """
    return _words(_WITH_DIGIT.sub(f" {NUMBER} ", _fold(text)))


def letters_outside_numbers(masked: str) -> int:
    """Letters that are left when numbers are masked: what a masked text is recognised by."""
    return sum(len(token) for token in masked.split() if token != NUMBER)
