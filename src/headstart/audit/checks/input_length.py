"""Texts that the candidate cannot read whole, or reads in shreds."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from headstart.audit.exhibits import count, exhibits_of, places_of, share
from headstart.ports import AuditInputs
from headstart.types.data import Finding

SHREDDED = 4.0
"""Tokens a word from which a text is in a language or script that the tokenizer hardly knows."""
FEWEST_WORDS = 3


def shredded(texts: Sequence[str], tokens: Sequence[Sequence[str]]) -> NDArray[np.bool_]:
    """Which texts have four tokens a word or more, or a quarter of them unknown (n,)."""
    lengths = np.array([len(one) for one in tokens])
    words = np.array([len(text.split()) for text in texts])
    unknown = np.array([one.count("[UNK]") + one.count("<unk>") for one in tokens])
    shreds = (words >= FEWEST_WORDS) & (lengths / np.maximum(words, 1) >= SHREDDED)
    return np.asarray(shreds | (unknown * 4 >= lengths))


class InputLength:
    """Tokens beyond the limit, and tokens a word."""

    name = "input-length"
    needs = ("tokenize",)

    def __call__(self, inputs: AuditInputs) -> Iterable[Finding]:
        assert inputs.tokenize is not None
        tokens = inputs.tokenize(inputs.dataset.values)
        if inputs.max_tokens is not None:
            lengths = np.array([len(one) for one in tokens])
            yield from self._cut(inputs, lengths, inputs.max_tokens)
        yield from self._strange(inputs, np.flatnonzero(shredded(inputs.dataset.values, tokens)))

    def _cut(self, inputs: AuditInputs, lengths: np.ndarray, most: int) -> Iterable[Finding]:
        cut = np.flatnonzero(lengths > most)
        if not len(cut):
            return
        lost = float((lengths[cut] - most).sum() / lengths.sum())
        n = len(inputs.dataset)
        longest = cut[np.argsort(-lengths[cut], kind="stable")]
        notes = [f"{lengths[row]:,} tokens" for row in longest[:10]]
        yield Finding(
            check=self.name,
            severity=round(min(0.6, 0.05 + lost), 3),
            title=f"{count(len(cut), 'text')} of {n:,} ({share(len(cut), n)}) are cut at "
            f"{most} tokens",
            detail=f"The network does not see {share(lost, 1)} of all tokens: the ends of the "
            "longest texts.",
            rows=places_of(inputs.dataset, longest),
            advice="Put what decides the label first, or choose a backbone that reads more.",
            method="the candidate's own tokenizer",
            exhibits=exhibits_of(inputs.dataset, longest, notes),
            numbers={"texts": len(cut), "tokens_lost": lost},
        )

    def _strange(self, inputs: AuditInputs, rows: np.ndarray) -> Iterable[Finding]:
        n = len(inputs.dataset)
        if not len(rows):
            return
        yield Finding(
            check=self.name,
            severity=round(min(0.6, 0.05 + len(rows) / n), 3),
            title=f"The tokenizer shreds {count(len(rows), 'text')} of {n:,} "
            f"({share(len(rows), n)})",
            detail=f"{SHREDDED:.0f} tokens a word or more, or a quarter unknown: a language, "
            "script or code that the network has hardly seen.",
            rows=places_of(inputs.dataset, rows),
            advice="Choose a multilingual backbone if these texts matter.",
            method="the candidate's own tokenizer",
            exhibits=exhibits_of(inputs.dataset, rows),
            numbers={"texts": len(rows)},
        )
