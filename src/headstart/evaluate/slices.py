"""Parts of the hold-out where the model is credibly worse.

What the parts are is found on the development rows, or by the inputs alone; whether they are worse
is tested on the others.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from headstart.evaluate.words_of import distinctive_words
from headstart.modalities import value_size
from headstart.stats import holm, newcombe, wilson
from headstart.types.brief import ModalityName
from headstart.types.result import NotAvailable, SliceReport, SliceRow

FEWEST = 20
"""Rows of a part, and beside it."""
MOST_VALUES = 30
"""Distinct values of a column that is cut by value."""
NUMBERS = 0.95
"""Share of a column's values that must be numbers for it to be cut by size."""
ROWS_A_CLUSTER = 40
MOST_CLUSTERS = 12
WEAKEST = 3
"""Clusters that are tested: those with most errors among the development rows."""
ROUNDS = 25


@dataclass(frozen=True, slots=True)
class Mark:
    """Rows (n,) that have something in common which their inputs alone show."""

    name: str
    kind: str
    """`time`, `finding` of the audit, or `doubt` about the labels nearby."""
    rows: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Known:
    """Rows with all that a part can be cut by. features: (n, width), or none."""

    modality: ModalityName
    values: Sequence[str]
    metadata: Sequence[Mapping[str, str]]
    features: NDArray[np.floating] | None = None
    marks: Sequence[Mark] = ()


@dataclass(frozen=True, slots=True)
class Part:
    """A rule that says of any row whether it belongs."""

    name: str
    kind: str
    """`column`, `size`, `cluster`, or that of a mark."""
    column: str = ""
    value: str | None = None
    low: float = -np.inf
    high: float = np.inf
    centres: NDArray[np.float64] | None = None
    cluster: int = -1

    def of(self, rows: Known) -> NDArray[np.bool_]:
        """Which of the rows belong (n,)."""
        marked = [mark.rows for mark in rows.marks if mark.name == self.name]
        if marked:
            return marked[0]
        if self.kind == "cluster":
            assert rows.features is not None
            assert self.centres is not None
            return np.asarray(_nearest(rows.features, self.centres) == self.cluster)
        if self.value is not None:
            return np.array([row.get(self.column) == self.value for row in rows.metadata], bool)
        numbers = _sizes(rows) if self.kind == "size" else _numbers(rows, self.column)
        return np.asarray((numbers > self.low) & (numbers <= self.high))


def find_parts(
    rows: Known,
    wrong: NDArray[np.bool_],
    labels: Sequence[str],
    codes: NDArray[np.int64],
    seed: int,
) -> tuple[Part, ...]:
    """Parts of the development rows, by the columns beside the label, the size of the input, and
    the clusters of the features in which most out-of-fold answers are wrong.

    Args:
        wrong: whether the out-of-fold answer of each row is wrong (n,).
        codes: into labels; they name a cluster of images.
    """
    found = [*_by_columns(rows), *_by_thirds(_sizes(rows), "size", "", SIZE[rows.modality])]
    if rows.features is not None:
        found += _weak_clusters(rows, wrong, labels, codes, seed)
    return tuple(found)


def time_marks(column: str, texts: Sequence[str], moments: NDArray[np.float64]) -> tuple[Mark, ...]:
    """The earliest, the middle and the latest third of the rows.

    The latest rows are held out, so that thirds of the development rows would not divide them: the
    edges are those of the rows themselves, whose labels they do not look at.

    Args:
        texts: what the column says of each row, by which the edges are named.
        moments: the same in seconds (n,); NaN where it is no time.
    """
    known = np.flatnonzero(np.isfinite(moments))
    order = known[np.argsort(moments[known], kind="stable")]
    if len(order) < 3 * FEWEST:
        return ()
    first, second = (int(order[len(order) * third // 3 - 1]) for third in (1, 2))
    low, high = moments[first], moments[second]
    if not low < high < moments[order[-1]]:
        return ()
    names = (
        f"{column} up to {texts[first]}",
        f"{column} after {texts[first]}, up to {texts[second]}",
        f"{column} after {texts[second]}",
    )
    cut = (moments <= low, (moments > low) & (moments <= high), moments > high)
    return tuple(Mark(name, "time", rows) for name, rows in zip(names, cut, strict=True))


SIZE = {"text": "characters", "image": "pixels"}


def slice_report(
    parts: Sequence[Part],
    y: NDArray[np.int64],
    given: NDArray[np.int64],
    rows: Known,
    confidence: float,
) -> SliceReport | NotAvailable:
    """Every part against the other rows: Fisher's exact test, one-sided, Holm over all parts."""
    if not len(y):
        return NotAvailable("no row is left that may decide")
    from scipy.stats import fisher_exact

    wrong = given != y
    n, errors = len(y), int(wrong.sum())
    cut = [(part, part.of(rows)) for part in parts]
    tested = [(part, own) for part, own in cut if FEWEST <= own.sum() <= n - FEWEST]
    if not tested:
        return NotAvailable(f"no part of the hold-out has {FEWEST} rows, and as many beside it")
    p_values = []
    for _, own in tested:
        size, missed = int(own.sum()), int(wrong[own].sum())
        beside = errors - missed
        table = np.array([[missed, size - missed], [beside, n - size - beside]])
        p_values.append(float(fisher_exact(table, alternative="greater").pvalue))
    made = []
    for (part, own), p in zip(tested, holm(p_values), strict=True):
        size, missed = int(own.sum()), int(wrong[own].sum())
        low, high = newcombe(missed, size, errors - missed, n - size, confidence)
        made.append(
            SliceRow(
                name=part.name,
                kind=part.kind,
                error=wilson(missed, size, confidence),
                rest=wilson(errors - missed, n - size, confidence),
                low=low,
                high=high,
                p_value=float(p),
                worse=bool(p <= 1.0 - confidence),
            )
        )
    made.sort(key=lambda row: (row.p_value, -row.error.value))
    return SliceReport(tuple(made), len(tested), len(parts) - len(tested))


def _by_columns(rows: Known) -> list[Part]:
    found: list[Part] = []
    for column in sorted({name for row in rows.metadata for name in row}):
        values = [row.get(column, "") for row in rows.metadata]
        counts = Counter(value for value in values if value)
        numbers = _numbers(rows, column)
        if np.isfinite(numbers).mean() >= NUMBERS and len(counts) > MOST_VALUES:
            found += _by_thirds(numbers, "column", column, column)
        elif 2 <= len(counts) <= MOST_VALUES:
            often = [value for value, count in sorted(counts.items()) if count >= FEWEST]
            found += [Part(f"{column} is '{value}'", "column", column, value) for value in often]
    return found


def _by_thirds(numbers: NDArray[np.float64], kind: str, column: str, what: str) -> list[Part]:
    known = numbers[np.isfinite(numbers)]
    if len(known) < 3 * FEWEST:
        return []
    first, second = np.quantile(known, [1 / 3, 2 / 3], method="lower")
    if not known.min() <= first < second < known.max():
        return []
    return [
        Part(f"{what} up to {first:g}", kind, column, high=float(first)),
        Part(
            f"{what} from {first:g} to {second:g}", kind, column, None, float(first), float(second)
        ),
        Part(f"{what} over {second:g}", kind, column, low=float(second)),
    ]


def _numbers(rows: Known, column: str) -> NDArray[np.float64]:
    def number(text: str) -> float:
        try:
            return float(text)
        except ValueError:
            return np.nan

    return np.array([number(row.get(column, "")) for row in rows.metadata], dtype=np.float64)


def _sizes(rows: Known) -> NDArray[np.float64]:
    return np.array([value_size(rows.modality, value) for value in rows.values], dtype=np.float64)


def _weak_clusters(
    rows: Known,
    wrong: NDArray[np.bool_],
    labels: Sequence[str],
    codes: NDArray[np.int64],
    seed: int,
) -> list[Part]:
    """k-means of the features; of the clusters those with most errors, named by what they hold."""
    assert rows.features is not None
    count = min(MOST_CLUSTERS, len(rows.features) // ROWS_A_CLUSTER)
    if count < 2:
        return []
    centres = k_means(rows.features.astype(np.float64), count, seed)
    places = _nearest(rows.features, centres)
    sizes = np.bincount(places, minlength=count)
    shares = np.bincount(places, weights=wrong, minlength=count) / np.maximum(sizes, 1)
    large = [int(code) for code in np.argsort(-shares, kind="stable") if sizes[code] >= FEWEST]
    found = []
    for code in large[:WEAKEST]:
        own = places == code
        if rows.modality == "text":
            named = ", ".join(distinctive_words(rows.values, own))
        else:
            often = Counter(labels[one] for one in codes[own]).most_common(3)
            named = ", ".join(label for label, _ in often)
        name = f"inputs like: {named}" if named else f"cluster {code + 1}"
        found.append(Part(name, "cluster", centres=centres, cluster=code))
    return found


def k_means(features: NDArray[np.float64], count: int, seed: int) -> NDArray[np.float64]:
    """Centres (count, width): Lloyd's algorithm from k-means++ (Arthur and Vassilvitskii 2007)."""
    random = np.random.default_rng(seed)
    centres = features[random.integers(len(features))][None]
    while len(centres) < count:
        far = _squares(features, centres).min(axis=1)
        total = far.sum()
        if total <= 0.0:
            break
        centres = np.vstack([centres, features[random.choice(len(features), p=far / total)]])
    for _ in range(ROUNDS):
        places = _nearest(features, centres)
        moved = np.stack(
            [
                features[places == code].mean(axis=0) if (places == code).any() else centre
                for code, centre in enumerate(centres)
            ]
        )
        if np.array_equal(moved, centres):
            break
        centres = moved
    return np.asarray(centres)


def _squares(features: NDArray[np.floating], centres: NDArray[np.floating]) -> NDArray[np.float64]:
    wide = features.astype(np.float64)
    squares = (wide**2).sum(axis=1)[:, None] - 2.0 * wide @ centres.T
    return np.asarray(np.maximum(squares + (centres**2).sum(axis=1), 0.0))


def _nearest(features: NDArray[np.floating], centres: NDArray[np.floating]) -> NDArray[np.int64]:
    return np.asarray(_squares(features, centres).argmin(axis=1), dtype=np.int64)
