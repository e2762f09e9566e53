"""Sentences that many texts share: signatures, greetings, disclaimers, quoted headers."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np

from headstart.audit.exhibits import SHOWN, count, exhibits_of, places_of, share
from headstart.audit.near_duplicates.normalise import mask_numbers, normalise
from headstart.audit.personal import mask_personal
from headstart.ports import AuditInputs
from headstart.types.data import Finding

LEAST_TEXTS = 5
LEAST_SHARE = 0.01
LEAST_WORDS = 2
WORTH = 0.02
"""Share of all letters that boilerplate takes, from which it is worth saying."""
NAMED = 5
SENTENCES = re.compile(r"\n+|(?<=[.!?…])\s+")


class Boilerplate:
    """Lines and sentences that recur in texts which are otherwise different.

    A text that consists of nothing else is not boilerplate but a copy: near-duplicates finds it.
    """

    name = "boilerplate"
    needs: tuple[str, ...] = ()

    def __call__(self, inputs: AuditInputs) -> Iterable[Finding]:
        dataset = inputs.dataset
        if dataset.modality != "text":
            return
        n = len(dataset)
        wholes = [sentences_of(value) for value in dataset.values]
        least = _least(n)
        common = recurring(wholes)
        if not common:
            return
        taken = np.array([sum(len(p) for p in text if p in common) for text in wholes])
        letters = np.array([max(1, sum(map(len, text))) for text in wholes])
        portion = float(taken.sum() / letters.sum())
        rows = np.flatnonzero(taken)
        if portion < WORTH:
            return
        rows = rows[np.argsort(-(taken[rows] / letters[rows]), kind="stable")]
        often = sorted(common, key=lambda one: (-common[one] * len(one), one))
        named = "; ".join(f"'{mask_personal(one)[:80]}' ({common[one]:,})" for one in often[:NAMED])
        notes = [f"{share(taken[row], letters[row])} of the text" for row in rows[:SHOWN]]
        yield Finding(
            check=self.name,
            severity=round(min(0.45, 0.05 + portion), 3),
            title=f"{count(len(rows), 'text')} of {n:,} ({share(len(rows), n)}) hold boilerplate",
            detail=f"{count(len(common), 'sentence')} recur in texts that are otherwise different "
            f"and take {share(portion, 1)} of all letters. The largest: {named}.",
            rows=places_of(dataset, rows),
            advice="Cut signatures and disclaimers before the model, in training and in "
            "production alike: they cost tokens, make different texts look alike, and may give "
            "away who wrote or answered.",
            method=f"lines and sentences of {LEAST_WORDS} words or more, normalised, numbers "
            f"masked, in at least {least} texts with different remainders",
            exhibits=exhibits_of(dataset, rows.tolist(), notes),
            numbers={"texts": len(rows), "sentences": len(common), "share_of_letters": portion},
        )


def recurring(texts: Sequence[Sequence[str]]) -> dict[str, int]:
    """Sentences that stand in many texts which are otherwise different, and in how many.

    texts: the sentences of each (`sentences_of`).
    """
    bodies: dict[str, set[str]] = {}
    held: Counter[str] = Counter()
    for text in texts:
        for part in set(text):
            rest = " ".join(other for other in text if other != part)
            if rest:
                held[part] += 1
                bodies.setdefault(part, set()).add(rest)
    return {
        part: times
        for part, times in held.items()
        if times >= _least(len(texts))
        and len(bodies[part]) >= 0.8 * times
        and len(part.split()) >= LEAST_WORDS
    }


def sentences_of(text: str) -> list[str]:
    """Lines and sentences, normalised, numbers masked."""
    return [mask_numbers(part) for part in _sentences(text)]


def _least(texts: int) -> int:
    return max(LEAST_TEXTS, int(np.ceil(LEAST_SHARE * texts)))


def _sentences(text: str) -> list[str]:
    """Lines and sentences, normalised.

    >>> _sentences("Where is it?  Kind regards,\\nAnn")
    ['where is it', 'kind regards', 'ann']
    """
    return [found for part in SENTENCES.split(text) if (found := normalise(part))]
