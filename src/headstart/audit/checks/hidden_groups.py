"""Columns that behave like a group, and how much they flatter the score."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from headstart.audit.columns import times_in
from headstart.data import make_folds
from headstart.heads import fit_linear
from headstart.ports import AuditInputs
from headstart.stats import mcnemar_exact
from headstart.types.data import Dataset, Finding

FEWEST_GROUPS = 5
LARGEST = 0.3
REPEATED = 0.5
"""Share of the rows whose value occurs more than once."""
MOST_COLUMNS = 6
MOST_ROWS = 2000
WORTH = 0.02
FOLDS = 5


class HiddenGroups:
    """An id repeated across rows, a burst of timestamps, or the beginning of file names, that is
    not yet kept together.

    Cross-validated accuracy of a linear head with the rows of one value apart is compared, row by
    row, with that of keeping them together.
    """

    name = "hidden-groups"
    needs = ("features",)

    def __call__(self, inputs: AuditInputs) -> Iterable[Finding]:
        assert inputs.features is not None
        n = len(inputs.dataset)
        rows = np.sort(np.random.default_rng([inputs.seed, 6]).permutation(n)[:MOST_ROWS])
        codes = inputs.dataset.codes()[rows]
        own = (inputs.groups if inputs.groups is not None else np.arange(n))[rows]
        columns = _candidates(inputs.dataset, rows)
        if not columns or len(np.unique(own)) < FOLDS:
            return
        matrix = inputs.features[rows]
        apart = right_apart(matrix, codes, own, inputs.seed)
        for name, groups in columns.items():
            together = right_apart(matrix, codes, groups, inputs.seed)
            gap = float(apart.mean() - together.mean())
            change = np.bincount(groups, apart.astype(float) - together)
            if gap < WORTH or mcnemar_exact(change > 0, change < 0) * len(columns) > 0.05:
                continue
            yield Finding(
                check=self.name,
                severity=round(min(0.9, 0.2 + 4 * gap), 3),
                title=f"{name} behaves like a group: the score drops by {100 * gap:.1f} points "
                "when its rows are kept together",
                detail=f"{len(set(groups.tolist())):,} values over {len(rows):,} rows. With the "
                f"rows of one value on both sides of a split accuracy is {apart.mean():.1%}, "
                f"else {together.mean():.1%}: the model recognises the value, not the label.",
                advice=_advice(name),
                method="linear head on frozen features, 5 folds with and without the groups; "
                "exact sign test over the groups, Bonferroni over the columns tried",
                numbers={"apart": float(apart.mean()), "together": float(together.mean())},
            )


def _advice(name: str) -> str:
    if name.endswith("in bursts of time,"):
        return (
            "Rows of one burst were made together. Put what made them (a session, a batch, a "
            "customer) into a column and keep it together with --group, or split by time: --time."
        )
    if name.startswith("The column"):
        return f"Keep its rows together: --group {name.split(chr(39))[1]}."
    return "Put what it stands for into a column, and name that column with --group."


def _candidates(dataset: Dataset, rows: NDArray[np.int64]) -> dict[str, NDArray[np.int64]]:
    """Columns whose values repeat, none too often, as ids of the rows."""
    examples = [dataset.examples[int(row)] for row in rows]
    names = dict.fromkeys(name for example in examples for name, _ in example.metadata)
    columns = {
        f"The column '{name}'": [dict(example.metadata).get(name, "") for example in examples]
        for name in names
    }
    if dataset.modality == "image":
        columns["The beginning of the file name"] = [_prefix(e.value) for e in examples]
    found = {}
    for name, values in columns.items():
        counts = Counter(values)
        several = sum(times for times in counts.values() if times > 1)
        if (
            len(counts) >= FEWEST_GROUPS
            and max(counts.values()) <= LARGEST * len(values)
            and several >= REPEATED * len(values)
        ):
            found[name] = np.unique(values, return_inverse=True)[1].astype(np.int64)
        elif (when := times_in(values)) is not None and (bursts := find_bursts(when)) is not None:
            found[f"{name}, in bursts of time,"] = bursts
    return dict(list(found.items())[:MOST_COLUMNS])


def find_bursts(when: NDArray[np.float64]) -> NDArray[np.int64] | None:
    """Burst of each row (n,) where times come in bursts, else None.

    Times sorted, the pause between two rows ends a burst where it is longer than the point at
    which the sorted pauses, in logarithms, jump most; the jump must be of a factor of ten, bursts
    must hold half of the rows, and none more than 30% of them. Rows at a steady rate have no such
    jump: of exponential pauses the sorted ones grow by less than a factor of ten but at the ends.
    """
    order = np.argsort(when, kind="stable")
    pauses = np.diff(when[order])
    usual = np.sort(pauses[pauses > 0])
    if len(usual) < FEWEST_GROUPS:
        return None
    shortest = usual[0] / 100
    logs = np.log(np.maximum(np.sort(pauses), shortest))
    inner = slice(len(logs) // 20, len(logs) - max(1, FEWEST_GROUPS - 2))
    jumps = np.diff(logs)[inner]
    if not len(jumps) or jumps.max() < np.log(10):
        return None
    cut = np.exp(logs[inner.start + int(jumps.argmax())] + jumps.max() / 2)
    bursts = np.empty(len(when), dtype=np.int64)
    bursts[order] = np.concatenate([[0], np.cumsum(pauses > cut)])
    sizes = np.bincount(bursts)
    in_bursts = sizes[sizes > 1].sum()
    if len(sizes) < FEWEST_GROUPS or in_bursts < REPEATED * len(when):
        return None
    return None if sizes.max() > LARGEST * len(when) else bursts


def _prefix(path: str) -> str:
    """What stands before the first separator of a file's name, or before its last number.

    >>> _prefix("photos/cat/device7_0012.png"), _prefix("IMG0012.jpg")
    ('device7', 'IMG')
    """
    stem = Path(path).stem
    return re.split(r"[_\-. ]", stem, maxsplit=1)[0] if re.search(r"[_\-. ]", stem) else re.sub(
        r"\d+$", "", stem
    )  # fmt: skip


def right_apart(
    matrix: NDArray[np.float32], codes: NDArray[np.int64], groups: NDArray[np.int64], seed: int
) -> NDArray[np.bool_]:
    """Which rows a model gets right that has not seen their fold, nor the rest of their group
    (n,)."""
    classes = int(codes.max()) + 1
    right = np.zeros(len(codes), dtype=bool)
    for train, test in make_folds(codes, groups, FOLDS, 1, seed):
        head = fit_linear(matrix[train], codes[train], classes, seed=seed, exact=False)
        right[test] = head.predict_proba(matrix[test]).argmax(axis=1) == codes[test]
    return right
