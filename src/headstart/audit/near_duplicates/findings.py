"""What a person is told about near-duplicates."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from headstart.audit.exhibits import LISTED, SHOWN, count, exhibit, share
from headstart.audit.near_duplicates.find import NearDuplicates
from headstart.audit.near_duplicates.pairs import KIND, KINDS
from headstart.types.data import Dataset, Example, Exhibit, Finding

CHECK = "near-duplicates"
ALIKE = ("template", "edited", "embedding")
"""Kinds of pairs that need not be copies: people write alike."""
_HOW = {
    "text": "normalised forms, MinHash over character trigrams verified word by word, "
    "and exact cosine of frozen embeddings where there are any",
    "image": "low frequencies of many views and exact cosine of frozen embeddings propose pairs, "
    "the detail of the registered pictures decides",
}


def near_duplicate_findings(
    near: NearDuplicates, dataset: Dataset, holdout: Dataset | None = None
) -> tuple[Finding, ...]:
    """Hold-out rows that leak, copies within the data set, and chains that were cut."""
    examples = (*dataset.examples, *(holdout.examples if holdout is not None else ()))
    found = []
    if holdout is not None and len(holdout):
        leaks = _leaks(near, dataset, holdout, examples)
        if leaks is not None:
            found.append(leaks)
    copies = _copies(near, dataset, examples)
    if copies is not None:
        found.append(copies)
    if len(near.refused):
        found.append(_chains(near, dataset, examples))
    return tuple(found)


def clearest(near: NearDuplicates, which: NDArray[np.int64]) -> NDArray[np.int64]:
    """The pairs `which` with the clearest first: most similar, strictest kind."""
    pairs = near.pairs
    order = np.lexsort(
        (pairs.second[which], pairs.first[which], pairs.kind[which], -pairs.similarity[which])
    )
    return which[order]


def _exhibits(
    near: NearDuplicates, which: NDArray[np.int64], examples: tuple[Example, ...], modality: str
) -> tuple[Exhibit, ...]:
    pairs = near.pairs
    return tuple(
        exhibit(
            [examples[int(pairs.first[p])], examples[int(pairs.second[p])]],
            modality,
            note=KINDS[int(pairs.kind[p])],
            score=round(float(pairs.similarity[p]), 4),
        )
        for p in clearest(near, which)[:SHOWN]
    )


def _kinds(near: NearDuplicates, which: NDArray[np.int64]) -> str:
    sizes = np.bincount(near.pairs.kind[which], minlength=len(KINDS))
    return ", ".join(f"{size:,} {kind}" for kind, size in zip(KINDS, sizes, strict=True) if size)


def _leaks(
    near: NearDuplicates, dataset: Dataset, holdout: Dataset, examples: tuple[Example, ...]
) -> Finding | None:
    n = len(dataset)
    leaking = np.flatnonzero(near.leaking)
    if not len(leaking):
        return None
    across = np.flatnonzero((near.pairs.first < n) & (near.pairs.second >= n))
    copied, alike, usual = _excess(near, len(dataset), across)
    repeats = (
        f" Training rows repeat one another as often ({usual:.1%} of them have one alike), "
        "so that much comes from how people write and not from the split."
        if alike and alike <= usual
        else ""
    )
    return Finding(
        check=CHECK,
        severity=round(min(1.0, 0.25 + 4 * copied + 4 * max(0.0, alike - usual)), 3),
        title=f"{count(len(leaking), 'hold-out row')} of {len(holdout):,} "
        f"({share(len(leaking), len(holdout))}) have a near-duplicate among the training rows",
        detail=f"Pairs across: {_kinds(near, across)}. A score on these rows measures memory, "
        f"not what the model will do on new data.{repeats}",
        rows=tuple(holdout.examples[int(row)].place for row in leaking[:LISTED]),
        done="set aside: they are scored, but the clean part of the hold-out decides",
        advice="Read the pairs below. If the copies come from how the hold-out was drawn, draw it "
        "by customer, device or time instead of by row.",
        method=_HOW[dataset.modality],
        exhibits=_exhibits(near, across, examples, dataset.modality),
        numbers={
            "leaking_rows": len(leaking),
            "holdout_rows": len(holdout),
            "pairs_across": len(across),
            "copied_share": copied,
            "alike_share": alike,
            "alike_share_within_training": usual,
        },
    )


def _excess(near: NearDuplicates, n: int, across: NDArray[np.int64]) -> tuple[float, float, float]:
    """Shares of the hold-out rows that are copies of training rows, and that are merely alike; and
    the share of training rows that are merely like another training row.

    Alike are templates, edits and embeddings that point the same way: two people may have written
    them. Without any flaw in the split the last two shares are the same.
    """
    pairs = near.pairs
    strict = ~np.isin(pairs.kind, [KIND[kind] for kind in ALIKE])
    copied = np.unique(pairs.second[across[strict[across]]])
    alike = np.setdiff1d(pairs.second[across[~strict[across]]], copied)
    within = np.flatnonzero((pairs.second < n) & ~strict)
    usual = np.unique(np.concatenate([pairs.first[within], pairs.second[within]]))
    held = max(1, len(near.holdout_groups))
    return len(copied) / held, len(alike) / held, len(usual) / n


def _copies(
    near: NearDuplicates, dataset: Dataset, examples: tuple[Example, ...]
) -> Finding | None:
    n = len(dataset)
    within = np.flatnonzero(near.pairs.second < n)
    if not len(within):
        return None
    sizes = np.bincount(near.groups)
    copies = int(np.maximum(sizes - 1, 0).sum())
    several = int((sizes > 1).sum())
    rows = np.flatnonzero(sizes[near.groups] > 1)
    return Finding(
        check=CHECK,
        severity=round(min(0.9, copies / n), 3),
        title=f"{count(copies, 'row')} of {n:,} ({share(copies, n)}) repeat another row nearly",
        detail=f"{count(several, 'group')} of near-duplicates, the largest of "
        f"{count(int(sizes.max()), 'row')}; pairs: {_kinds(near, within)}. "
        f"The data holds about {n - copies:,} independent rows.",
        rows=tuple(dataset.examples[int(row)].place for row in rows[:LISTED]),
        done="grouped: rows of one group are never on both sides of a split",
        advice="Nothing, if the copies are real messages or photographs. If they come from an "
        "export that repeats rows, export again without.",
        method=_HOW[dataset.modality],
        exhibits=_exhibits(near, within, examples, dataset.modality),
        numbers={
            "copies": copies,
            "groups": several,
            "largest_group": int(sizes.max()),
            "pairs": len(within),
        },
    )


def _chains(near: NearDuplicates, dataset: Dataset, examples: tuple[Example, ...]) -> Finding:
    return Finding(
        check=CHECK,
        severity=0.1,
        title=f"{count(len(near.refused), 'weak link')} between large groups of near-duplicates "
        "not followed",
        detail="Following every link would join rows that have nothing to do with one another "
        "(a is like b, b like c, …). Groups of more than a dozen rows are joined only where a "
        "tenth of the pairs between them are near-duplicates.",
        done="kept apart",
        advice="Read the links below; name a group column if these rows belong together.",
        method="average linkage over the found pairs",
        exhibits=_exhibits(near, near.refused, examples, dataset.modality),
        numbers={"links": len(near.refused)},
    )
