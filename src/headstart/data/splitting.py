"""Splits that keep groups whole and classes balanced."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from headstart.types.data import Folds


def make_folds(
    codes: NDArray[np.int64], groups: NDArray[np.int64], k: int, repeats: int, seed: int
) -> Folds:
    """Repeated k-fold: no group is divided, and every class is spread as evenly as groups allow.

    With one row a group, the counts of a class in two folds differ by at most one, and so do the
    sizes of the folds.

    Raises:
        ValueError: fewer groups than folds.
    """
    if len(codes) != len(groups):
        raise ValueError(f"{len(codes)} labels and {len(groups)} groups")
    if len(np.unique(groups)) < k:
        raise ValueError(f"{len(np.unique(groups))} groups cannot fill {k} folds")
    random = np.random.default_rng([seed, 1])
    return Folds(np.stack([_assign(codes, groups, k, random) for _ in range(repeats)]), k)


def carve_holdout(
    codes: NDArray[np.int64], groups: NDArray[np.int64], share: float, seed: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """(development, hold-out) rows: about `share` of every class is held out, groups whole.

    A class whose only group would leave the development part stays there.
    """
    random = np.random.default_rng([seed, 2])
    member, members, classes = _tally(codes, groups)
    wanted = np.floor(classes.sum(axis=0) * share + 0.5)
    taken = np.zeros(classes.shape[1])
    held = np.zeros(len(members), dtype=bool)
    left = classes.sum(axis=0).astype(float)
    for group in _order(members, random):
        after = taken + classes[group]
        rest = left - classes[group]
        own = classes[group] > 0
        if (after[own] <= wanted[own]).all() and (rest[own] >= 1).all():
            held[group], taken, left = True, after, rest
    rows = held[member]
    return np.flatnonzero(~rows), np.flatnonzero(rows)


def _tally(
    codes: NDArray[np.int64], groups: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """(group of each row, rows of each group, class counts of each group)."""
    _, member = np.unique(groups, return_inverse=True)
    kinds, code = np.unique(codes, return_inverse=True)
    classes = np.zeros((member.max() + 1, len(kinds)), dtype=np.int64)
    np.add.at(classes, (member, code), 1)
    return member, classes.sum(axis=1), classes


def _order(members: NDArray[np.int64], random: np.random.Generator) -> NDArray[np.int64]:
    """Groups in random order, the large ones first, so that small ones can even things out."""
    shuffled = random.permutation(len(members))
    return shuffled[np.argsort(-members[shuffled], kind="stable")]


def _assign(
    codes: NDArray[np.int64], groups: NDArray[np.int64], k: int, random: np.random.Generator
) -> NDArray[np.int64]:
    """Fold of each row. Each group goes where its classes, and then rows, are fewest."""
    member, members, classes = _tally(codes, groups)
    filled = np.zeros((k, classes.shape[1]), dtype=np.int64)
    rows = np.zeros(k, dtype=np.int64)
    fold = np.empty(len(members), dtype=np.int64)
    # Rare classes first among groups of one size: what is common evens out what is rare.
    order = _order(members, random)
    totals = classes.sum(axis=0)
    rarity = np.where(classes[order] > 0, totals, totals.max()).min(axis=1)
    single = members[order] == 1
    order = np.concatenate(
        [order[~single], order[single][np.argsort(rarity[single], kind="stable")]]
    )
    for group in order:
        own = classes[group] > 0
        load = filled[:, own] @ classes[group, own]
        chances = random.random(k)
        best = np.lexsort((chances, rows, load))[0]
        fold[group] = best
        filled[best] += classes[group]
        rows[best] += members[group]
    return fold[member]
