"""Texts."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from headstart.modalities.text.ngrams import fit_ngrams, ngram_matrix
from headstart.types.model import ClassicalFeatures

LONGEST = 100_000
"""Characters in one text; a longer one is a document or a broken quote, not a message."""


def validate_text(text: object) -> str | None:
    """Why a value cannot be used as a text; None where it can.

    >>> validate_text("  "), validate_text("hello")
    ('the text is empty', None)
    """
    if not isinstance(text, str):
        return f"the value is not a text but {type(text).__name__}"
    if not text.strip():
        return "the text is empty"
    if len(text) > LONGEST:
        return f"the text has {len(text):,} characters; at most {LONGEST:,} are read"
    if "\0" in text:
        return "the text holds a NUL byte"
    if not text.isascii():
        try:
            text.encode("utf-8")
        except UnicodeEncodeError:
            return "the text holds half a surrogate pair, which is no character"
    return None


class TextModality:
    """Texts, described classically by TF-IDF of word and character n-grams."""

    name = "text"

    def classical_fit(self, values: Sequence[str]) -> ClassicalFeatures:
        """Vocabulary and inverse document frequencies of the training texts."""
        return fit_ngrams(values)

    def classical_transform(
        self, features: ClassicalFeatures, values: Sequence[str]
    ) -> NDArray[np.float32]:
        """TF-IDF (n, width)."""
        return ngram_matrix(features, values)
