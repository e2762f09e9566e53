"""Near-duplicates that were given different labels."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from headstart.audit.near_duplicates.grouping import FIRM
from headstart.audit.near_duplicates.pairs import Pairs


@dataclass(frozen=True, slots=True)
class Contradiction:
    """Rows that are copies of one another, their labels, and the label that most of them have
    (None for a tie)."""

    rows: tuple[int, ...]
    labels: tuple[str, ...]
    majority: str | None


def contradictions(
    labels: Sequence[str], *, groups: NDArray[np.int64] | None = None, pairs: Pairs | None = None
) -> tuple[Contradiction, ...]:
    """Groups of copies with more than one label, the largest first.

    From `pairs` (of these rows), only copies by construction count: identical, normalised,
    reordered, renumbered, misspelt. Without pairs, `groups` are taken as they are.
    """
    n = len(labels)
    if pairs is not None:
        from headstart.audit.near_duplicates.grouping import group_rows

        groups = group_rows(pairs.take((pairs.kind <= FIRM) & (pairs.second < n)), n).ids
    if groups is None:
        return ()
    order = np.argsort(groups, kind="stable")
    edges = np.flatnonzero(np.diff(groups[order])) + 1
    found = []
    for part in np.split(order, edges):
        if len(part) < 2:
            continue
        own = [labels[row] for row in part.tolist()]
        ranked = Counter(own).most_common(2)
        if len(ranked) > 1:
            majority = ranked[0][0] if ranked[0][1] > ranked[1][1] else None
            found.append(Contradiction(tuple(part.tolist()), tuple(own), majority))
    return tuple(sorted(found, key=lambda one: (-len(one.rows), one.rows)))
