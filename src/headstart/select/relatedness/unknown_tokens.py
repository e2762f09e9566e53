"""How well a tokenizer's vocabulary fits texts."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

WORD = re.compile(r"\w+|[^\w\s]")
UNKNOWN = frozenset({"[UNK]", "<unk>", "<|unk|>"})
FRAME = frozenset(
    {"[CLS]", "[SEP]", "[PAD]", "[MASK]", "<s>", "</s>", "<pad>", "<mask>", "<|endoftext|>"}
)
"""Tokens that a tokenizer adds; they are not counted."""
SPACE = "▁"
BYTE_SPACE = "Ġ"
PART = ""
"""Of a letter: equals no word."""


@dataclass(frozen=True, slots=True)
class TokenStatistics:
    """tokens_per_word: at least about 1. unknown_share: of the tokens, those that stand for what
    the vocabulary cannot spell. whole_word_share: of the words, those that are one token."""

    tokens_per_word: float
    unknown_share: float
    whole_word_share: float


def token_statistics(tokens: Sequence[Sequence[str]], texts: Sequence[str]) -> TokenStatistics:
    """Counts over all texts together, not a mean over texts.

    tokens: the tokens of each text, as the tokenizer spells them (WordPiece's ##, SentencePiece's ▁
    or byte-level BPE's Ġ); padding and other added tokens are not counted. texts: the same texts. A
    word is a run of letters, digits and underscores, or one other sign that is not a space, so that
    a text of a language without spaces counts as few words. Words and tokens are compared without
    case and accents.

    Raises:
        ValueError: not one sequence of tokens for each text, or no word in any text.
    """
    if len(tokens) != len(texts):
        raise ValueError(f"tokens of {len(tokens)} texts, and {len(texts)} texts")
    spelt = [[token for token in row if token not in FRAME] for row in tokens]
    in_bytes = any(token.startswith(BYTE_SPACE) for row in spelt for token in row)
    n_words = n_whole = 0
    for row, text in zip(spelt, texts, strict=True):
        words = Counter(_plain(word) for word in WORD.findall(text))
        pieces = Counter(_plain(_bare(token, in_bytes)) for token in row if token not in UNKNOWN)
        n_words += words.total()
        n_whole += (words & pieces).total()
    if not n_words:
        raise ValueError("no text holds a word")
    n_tokens = sum(map(len, spelt))
    unknown = sum(token in UNKNOWN for row in spelt for token in row)
    return TokenStatistics(
        tokens_per_word=n_tokens / n_words,
        unknown_share=unknown / n_tokens if n_tokens else 0.0,
        whole_word_share=n_whole / n_words,
    )


def _plain(word: str) -> str:
    parts = unicodedata.normalize("NFKD", word)
    return "".join(c for c in parts if not unicodedata.combining(c)).casefold()


def _bare(token: str, in_bytes: bool) -> str:
    """The token without its marks; a continuation keeps its own, and so equals no word."""
    if not in_bytes:
        return token.removeprefix(SPACE)
    try:
        return bytes(BYTES[c] for c in token).decode().strip()
    except (KeyError, UnicodeDecodeError):
        return PART


def _byte_letters() -> dict[str, int]:
    """Byte of each letter of byte-level BPE (Radford et al. 2019): printable bytes are themselves,
    the others follow from U+0100 on."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [byte for byte in range(256) if byte not in printable]
    letters = {chr(byte): byte for byte in printable}
    return letters | {chr(256 + place): byte for place, byte in enumerate(others)}


BYTES = _byte_letters()
