"""Slices of the data by its other columns: where the model is credibly worse."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from headstart.audit.exhibits import count, exhibits_of, places_of
from headstart.ports import AuditInputs
from headstart.stats import holm, wilson
from headstart.types.data import Dataset, Finding

FEWEST = 20
"""Rows of a slice, and beside it."""
MOST_VALUES = 30
PARTS = 3
"""Parts, of equal size, into which a column of numbers is cut."""


class Slices:
    """Rows of one value of a column (a third of them, for numbers) against all the others.

    Fisher's exact test of the out-of-fold errors, Holm over all slices of all columns.
    """

    name = "slices"
    needs = ("probabilities",)

    def __call__(self, inputs: AuditInputs) -> Iterable[Finding]:
        from scipy.stats import fisher_exact

        assert inputs.probabilities is not None
        dataset = inputs.dataset
        right = inputs.probabilities.argmax(axis=1) == dataset.codes()
        n, wins = len(dataset), int(right.sum())
        slices = _slices(dataset)
        if not slices:
            return
        raw = []
        for _, rows in slices:
            size, good = int(rows.sum()), int(right[rows].sum())
            table = np.array([[good, size - good], [wins - good, n - size - wins + good]])
            raw.append(float(fisher_exact(table, alternative="less").pvalue))
        for (name, rows), p in zip(slices, holm(raw), strict=True):
            if p > 0.05:
                continue
            inside = wilson(int(right[rows].sum()), int(rows.sum()))
            outside = float(right[~rows].mean())
            wrong = np.flatnonzero(rows & ~right)
            yield Finding(
                check=self.name,
                severity=round(min(0.45, 0.1 + (outside - inside.value) / 2), 3),
                title=f"Rows where {name} are answered worse: {inside.value:.0%} right, "
                f"{outside:.0%} elsewhere",
                detail=f"{count(int(rows.sum()), 'row')} of {n:,}, by models that have not seen "
                f"them; corrected p {p:.2g}. They are kept.",
                rows=places_of(dataset, np.flatnonzero(rows)),
                advice="Look at the errors below; collect more such rows if they matter, or send "
                "them to a person.",
                method=f"Fisher's exact test of out-of-fold errors, Holm over {len(slices)} slices",
                exhibits=exhibits_of(dataset, wrong.tolist()),
                numbers={"inside": inside, "outside": outside, "p_value": float(p)},
            )


def _slices(dataset: Dataset) -> list[tuple[str, NDArray[np.bool_]]]:
    """What each slice is, and which rows are in it."""
    names = dict.fromkeys(name for example in dataset.examples for name, _ in example.metadata)
    found = []
    for name in names:
        values = [dict(example.metadata).get(name, "").strip() for example in dataset.examples]
        numbers = _numbers(values)
        if numbers is not None:
            found += _thirds(name, numbers)
            continue
        counts = Counter(values)
        if 2 <= len(counts) <= MOST_VALUES:
            array = np.array(values)
            found += [(f"'{name}' is '{v}'" if v else f"'{name}' is empty", array == v)
                      for v in sorted(counts)]  # fmt: skip
    n = len(dataset)
    return [(what, rows) for what, rows in found if FEWEST <= rows.sum() <= n - FEWEST]


def _numbers(values: list[str]) -> NDArray[np.float64] | None:
    """The column as numbers, where it is one of many different numbers."""
    try:
        numbers = np.array([float(value) if value else np.nan for value in values])
    except ValueError:
        return None
    return numbers if len(np.unique(numbers[~np.isnan(numbers)])) > MOST_VALUES else None


def _thirds(name: str, numbers: NDArray[np.float64]) -> list[tuple[str, NDArray[np.bool_]]]:
    edges = np.nanquantile(numbers, np.linspace(0, 1, PARTS + 1)[1:-1])
    part = np.digitize(numbers, edges)
    spans = [
        f"'{name}' is below {edges[0]:g}",
        f"'{name}' is from {edges[0]:g} to {edges[1]:g}",
        f"'{name}' is {edges[1]:g} or more",
    ]
    known = ~np.isnan(numbers)
    return [(span, known & (part == i)) for i, span in enumerate(spans)]
