"""Splits that keep groups whole and classes balanced."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from headstart.types.data import Folds

MOST_HELD = 0.4
"""Of the rows of a class, where a hold-out is to have other shares than the rows."""


def make_folds(
    codes: NDArray[np.int64], groups: NDArray[np.int64], k: int, repeats: int, seed: int
) -> Folds:
    """Repeated k-fold: no group is divided, and every class is spread as evenly as groups allow.

    With one row a group, the counts of a class in two folds differ by at most one, and so do the
    sizes of the folds. No fold is empty. Equal arguments give equal folds.

    codes: one a row (n,), or 1 where a label applies to a row that may have several (n, labels);
    each label is then spread as evenly as iterative stratification can.

    Raises:
        ValueError: fewer groups than folds, or fewer than two folds.
    """
    if len(codes) != len(groups):
        raise ValueError(f"{len(codes)} labels and {len(groups)} groups")
    if k < 2 or repeats < 1:
        raise ValueError(f"{k} folds and {repeats} repeats; at least 2 and 1")
    if len(np.unique(groups)) < k:
        raise ValueError(f"{len(np.unique(groups))} groups cannot fill {k} folds")
    random = np.random.default_rng([seed, 1])
    if codes.ndim == 2:
        member, own, sizes = _marks(codes, groups)
        even = np.full(k, 1.0 / k)
        each = [_stratified(own, sizes, even, random)[member] for _ in range(repeats)]
        return Folds(np.stack(each), k)
    return Folds(np.stack([_assign(codes, groups, k, random) for _ in range(repeats)]), k)


def carve_holdout(
    codes: NDArray[np.int64],
    groups: NDArray[np.int64],
    share: float,
    seed: int,
    prevalence: NDArray[np.float64] | None = None,
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """(development, hold-out) rows: about `share` of every class is held out, groups whole.

    prevalence: shares of the classes that the hold-out is to have instead (classes,); it has fewer
    rows where a class would otherwise lose more than `MOST_HELD` of its own.

    A class is never held out whole. Groups are drawn in random order, not by size, so that rows
    with many duplicates are no likelier to be held out than others. Of several labels a row (codes
    of two dimensions, as in `make_folds`), about `share` of the rows that have each.
    """
    random = np.random.default_rng([seed, 2])
    if codes.ndim == 2:
        group, own, sizes = _marks(codes, groups)
        part = _stratified(own, sizes, np.array([1.0 - share, share]), random)[group]
        return np.flatnonzero(part == 0), np.flatnonzero(part == 1)
    member, classes = _tally(codes, groups)
    total = classes.sum(axis=0)
    wanted = total * share
    if prevalence is not None:
        most = float((MOST_HELD * total / prevalence).min())
        wanted = min(share * len(codes), most) * prevalence
    room = np.minimum(np.floor(wanted + 0.5).astype(np.int64), total - 1)
    held = np.zeros(len(classes), dtype=bool)
    for group in random.permutation(len(classes)):
        if (classes[group] <= room).all():
            held[group] = True
            room -= classes[group]
    rows = held[member]
    return np.flatnonzero(~rows), np.flatnonzero(rows)


def _tally(
    codes: NDArray[np.int64], groups: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """(group of each row, class counts of each group)."""
    names, member = np.unique(groups, return_inverse=True)
    kinds, code = np.unique(codes, return_inverse=True)
    cells = np.bincount(member * len(kinds) + code, minlength=len(names) * len(kinds))
    return member.astype(np.int64), cells.reshape(len(names), len(kinds)).astype(np.int64)


def _marks(
    marks: NDArray[np.int64], groups: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """(group of each row, rows of each label in each group, rows of each group)."""
    names, member = np.unique(groups, return_inverse=True)
    member = member.reshape(-1).astype(np.int64)
    own = np.zeros((len(names), marks.shape[1]), dtype=np.int64)
    np.add.at(own, member, marks)
    return member, own, np.bincount(member, minlength=len(names)).astype(np.int64)


def _stratified(
    own: NDArray[np.int64],
    sizes: NDArray[np.int64],
    shares: NDArray[np.float64],
    random: np.random.Generator,
) -> NDArray[np.int64]:
    """Part of each group: the label with the fewest rows left comes first, and each of its groups
    goes where most rows of that label are still wanted, then where most rows are.

    Source: Sechidis, Tsoumakas and Vlahavas (2011), "On the stratification of multi-label data",
    with groups in place of rows.
    """
    part = np.full(len(sizes), -1, dtype=np.int64)
    wanted = shares[:, None] * own.sum(axis=0)
    room = shares * sizes.sum()
    order = random.permutation(len(sizes))
    order = order[np.argsort(-sizes[order], kind="stable")]

    def place(group: int, wish: NDArray[np.float64]) -> None:
        best = int(np.lexsort((random.random(len(shares)), -room, -wish))[0])
        part[group] = best
        wanted[best] -= own[group]
        room[best] -= sizes[group]

    while True:
        left = own[part < 0].sum(axis=0)
        if not left.any():
            break
        label = int(np.where(left > 0, left, np.iinfo(np.int64).max).argmin())
        for group in order[(part[order] < 0) & (own[order, label] > 0)]:
            place(int(group), wanted[:, label])
    for group in order[part[order] < 0]:
        place(int(group), room)
    for empty in np.setdiff1d(np.arange(len(shares)), part):
        fullest = int(np.bincount(part, minlength=len(shares)).argmax())
        part[random.choice(np.flatnonzero(part == fullest))] = empty
    return part


def _assign(
    codes: NDArray[np.int64], groups: NDArray[np.int64], k: int, random: np.random.Generator
) -> NDArray[np.int64]:
    """Fold of each row: groups of several rows first, the largest before the others, then single
    rows, rare classes before common ones, so that what is common evens out what is rare."""
    member, classes = _tally(codes, groups)
    members, totals = classes.sum(axis=1), classes.sum(axis=0)
    filled = np.zeros((k, classes.shape[1]), dtype=np.int64)
    fold = np.empty(len(members), dtype=np.int64)
    shuffled = random.permutation(len(members))
    several = shuffled[members[shuffled] > 1]
    for group in several[np.argsort(-members[several], kind="stable")]:
        own = classes[group] > 0
        load = filled[:, own] @ (classes[group, own] / totals[own])
        best = np.lexsort((random.random(k), filled.sum(axis=1), load))[0]
        fold[group] = best
        filled[best] += classes[group]
    single = shuffled[members[shuffled] == 1]
    code = classes[single].argmax(axis=1)
    order = random.permutation(classes.shape[1])
    for kind in order[np.argsort(totals[order], kind="stable")]:
        groups_of_kind = single[code == kind]
        taken = _lowest(filled[:, kind], filled.sum(axis=1), len(groups_of_kind), random)
        fold[groups_of_kind] = taken
        filled[:, kind] += np.bincount(taken, minlength=k)
    return fold[member]


def _lowest(
    filled: NDArray[np.int64], rows: NDArray[np.int64], n: int, random: np.random.Generator
) -> NDArray[np.int64]:
    """Folds of n single rows of one class, one after another: each goes where its class has the
    fewest rows, and among those where there are the fewest rows of all."""
    k = len(filled)
    steps = np.arange(n // k + int(np.ptp(filled)) + 2)
    fold = np.repeat(np.arange(k), len(steps))
    level = (filled[:, None] + steps).ravel()
    size = (rows[:, None] + steps).ravel()
    chance = np.repeat(random.random(k), len(steps))
    return fold[np.lexsort((chance, size, level))[:n]]
