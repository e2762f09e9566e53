"""A column of times that the hold-out does not follow, and how later rows fare."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from headstart.audit.checks.hidden_groups import FOLDS, right_apart
from headstart.audit.columns import times_in
from headstart.heads import fit_linear
from headstart.ports import AuditInputs
from headstart.stats import mcnemar_exact
from headstart.types.data import Dataset, Finding

LATEST = 0.2
FEWEST = 20
"""Later rows that are compared."""
MOST_ROWS = 2000
MOMENTS = 10
"""Least different times of a column that says when rows were made."""
CREDIBLE = 0.05


class LaterRows:
    """Rows carry a time, and the hold-out is a random part of all of them: it cannot show how the
    model fares on rows that come later.

    The latest fifth of the rows is answered twice by a linear head: by one of the earlier rows, and
    by those of folds over all times, which saw as late rows as use never will.
    """

    name = "later-rows"
    needs = ("features",)

    def __call__(self, inputs: AuditInputs) -> Iterable[Finding]:
        assert inputs.features is not None
        if inputs.time_column is not None or inputs.holdout is not None:
            return
        n = len(inputs.dataset)
        rows = np.sort(np.random.default_rng([inputs.seed, 12]).permutation(n)[:MOST_ROWS])
        codes, matrix = inputs.dataset.codes()[rows], inputs.features[rows]
        own = (inputs.groups if inputs.groups is not None else np.arange(n))[rows]
        columns = _columns_of_times(inputs.dataset)
        if not columns or len(np.unique(own)) < FOLDS:
            return
        mixed = right_apart(matrix, codes, own, inputs.seed)
        for name, when in columns.items():
            edge = np.quantile(when[rows], 1.0 - LATEST)
            early = when[rows] <= edge
            late = ~early & ~np.isin(own, own[early])
            if late.sum() < FEWEST or len(np.unique(codes[early])) < 2:
                continue
            head = fit_linear(
                matrix[early], codes[early], int(codes.max()) + 1, seed=inputs.seed, exact=False
            )
            right = head.predict_proba(matrix[late]).argmax(axis=1) == codes[late]
            yield _finding(name, when, right, mixed[late])


def _finding(
    name: str,
    when: NDArray[np.float64],
    later: NDArray[np.bool_],
    mixed: NDArray[np.bool_],
) -> Finding:
    """later, mixed: whether each of the latest rows is answered rightly by a head of the earlier
    rows, and by those of all times."""
    gap, p_value = float(mixed.mean() - later.mean()), mcnemar_exact(mixed, later)
    worse = gap > 0.0 and p_value <= CREDIBLE
    first, last = (datetime.fromtimestamp(one, UTC).date() for one in (when.min(), when.max()))
    return Finding(
        check=LaterRows.name,
        severity=round(min(0.9, 0.3 + 4 * gap), 3) if worse else 0.2,
        title=f"The column '{name}' holds times, and the hold-out is a random part of them"
        + (f": later rows cost {100 * gap:.1f} points" if worse else ""),
        detail=f"From {first} to {last}. Of the {len(later):,} latest rows a linear head of "
        f"the earlier ones is right on {later.mean():.1%}, one of rows from all times on "
        f"{mixed.mean():.1%} (p = {p_value:.3f}).",
        advice="If it says when a row was made, hold out the latest rows, as use will bring later "
        f"ones: --time {name}.",
        method="linear head on frozen features; the latest fifth of the rows, without those whose "
        "group has an earlier one, against 5 folds over all rows; McNemar's exact test",
        numbers={"later": float(later.mean()), "mixed": float(mixed.mean())},
    )


def _columns_of_times(dataset: Dataset) -> dict[str, NDArray[np.float64]]:
    """Columns with a time in every row, and not the same few. Numbers may be anything."""
    rows = [dict(example.metadata) for example in dataset.examples]
    found = {}
    for name in dict.fromkeys(name for row in rows for name in row):
        values = [row.get(name, "").strip() for row in rows]
        when = None if all(map(str.isdigit, values)) else times_in(values)
        if when is not None and len(np.unique(when)) >= MOMENTS:
            found[name] = when
    return found
