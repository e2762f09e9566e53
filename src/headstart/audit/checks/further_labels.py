"""Labels in other columns, and rows with several labels at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from headstart.audit.columns import label_values
from headstart.audit.exhibits import LISTED, SHOWN, count, exhibit, places_of, share
from headstart.audit.labels import label_findings, rank_labels
from headstart.data import make_folds
from headstart.heads import fit_linear
from headstart.ports import AuditInputs
from headstart.types.data import Dataset, Finding

FOLDS = 5
FEWEST = 10
"""Rows with a label, and rows without it, from which the label can be learned."""
USUAL = 0.95
"""Share of a label's rows that have one label of another column, from which it decides it."""


class FurtherLabels:
    """Every further label column like the first; every label of a set as a yes or no of its own.

    A linear head on frozen features answers each row out of fold, and its neighbours vote; what
    both hold against a label is ranked as for the first column.
    """

    name = "further-labels"
    needs = ("features",)

    def __call__(self, inputs: AuditInputs) -> Iterable[Finding]:
        assert inputs.features is not None
        for column in inputs.also:
            yield from self._column(inputs, inputs.features, column)
        if inputs.dataset.separator is not None:
            yield from self._sets(inputs, inputs.features)

    def _column(
        self, inputs: AuditInputs, features: NDArray[np.float32], column: str
    ) -> Iterable[Finding]:
        values = label_values(inputs.dataset, column)
        rows = np.array([row for row, value in enumerate(values) if value], dtype=np.int64)
        dataset = _labelled(inputs.dataset, rows, [values[row] for row in rows])
        groups = _groups(inputs)[rows]
        proba = _out_of_fold(
            features[rows], dataset.codes(), len(dataset.labels), groups, inputs.seed
        )
        if proba is not None:
            ranking = rank_labels(dataset.codes(), proba, features[rows], groups=groups)
            copies = None if inputs.copies is None else inputs.copies[rows]
            found = label_findings(dataset, ranking=ranking, probabilities=proba, copies=copies)
            for one in found:
                yield replace(one, check=self.name, title=f"Column '{column}': {one.title}")
        yield from self._against_first(inputs.dataset, rows, values, column)

    def _against_first(
        self, dataset: Dataset, rows: NDArray[np.int64], values: list[str], column: str
    ) -> Iterable[Finding]:
        """Rows whose label in this column is not the one that goes with their first label."""
        of_label: dict[str, Counter[str]] = {}
        for row in rows.tolist():
            of_label.setdefault(dataset.examples[row].label, Counter())[values[row]] += 1
        usual = {
            label: seen.most_common(1)[0][0]
            for label, seen in of_label.items()
            if seen.total() >= FEWEST and seen.most_common(1)[0][1] >= USUAL * seen.total()
        }
        if len(usual) < 0.8 * len(of_label):
            return
        odd = [
            row
            for row in rows.tolist()
            if usual.get(dataset.examples[row].label, values[row]) != values[row]
        ]
        if not odd:
            return
        yield Finding(
            check=self.name,
            severity=round(min(0.9, 0.1 + 4 * len(odd) / len(dataset)), 3),
            title=f"Column '{column}': {count(len(odd), 'row')} at odds with the label",
            detail=f"For {len(usual)} of {len(of_label)} labels, at least {USUAL:.0%} of the rows "
            f"have one and the same value in '{column}'; these rows have another.",
            rows=places_of(dataset, odd),
            advice="One of the two columns is wrong in each of these rows: read them.",
            method=f"the most frequent value of '{column}' for each label",
            exhibits=tuple(
                exhibit(
                    [dataset.examples[row]],
                    dataset.modality,
                    note=f"{column}: {values[row]}; usual: {usual[dataset.examples[row].label]}",
                )
                for row in odd[:SHOWN]
            ),
            numbers={"rows": len(odd), "labels_that_decide": len(usual)},
        )

    def _sets(self, inputs: AuditInputs, features: NDArray[np.float32]) -> Iterable[Finding]:
        dataset = inputs.dataset
        sets = [set(labels) for labels in dataset.sets]
        names = sorted(set().union(*sets))
        doubts: list[_Doubt] = []
        few, judged, expected = [], 0, 0.0
        for name in names:
            has = np.array([name in labels for labels in sets]).astype(np.int64)
            if min(has.sum(), len(has) - has.sum()) < FEWEST:
                few.append(name)
                continue
            proba = _out_of_fold(features, has, 2, _groups(inputs), inputs.seed)
            if proba is None:
                few.append(name)
                continue
            judged += 1
            ranking = rank_labels(has, proba, features, groups=inputs.groups)
            expected += float(ranking.wrong.sum())
            doubts += [
                _Doubt(int(row), name, bool(has[row]), float(ranking.wrong[row]))
                for row in ranking.flagged
            ]
        if few:
            yield self._too_few(few, len(names))
        if doubts:
            doubts.sort(key=lambda one: (-one.wrong, one.row, one.label))
            yield self._doubted(dataset, doubts, judged, expected)

    def _too_few(self, few: list[str], labels: int) -> Finding:
        return Finding(
            check=self.name,
            severity=0.2,
            title=f"{count(len(few), 'label')} of {labels} cannot be checked one by one",
            detail=f"Fewer than {FEWEST} rows have, or have not, each of: {', '.join(few[:10])}.",
            advice="Label more rows of them; they are kept.",
            method="rows with and without each label",
            numbers={"labels": len(few)},
        )

    def _doubted(
        self, dataset: Dataset, doubts: list[_Doubt], labels: int, expected: float
    ) -> Finding:
        n, precision = len(dataset), float(np.mean([one.wrong for one in doubts]))
        too_many = sum(one.given for one in doubts)
        rows = list(dict.fromkeys(one.row for one in doubts))
        return Finding(
            check=self.name,
            severity=round(min(0.95, 4 * len(rows) * precision / n), 3),
            title=f"{count(len(doubts), 'entry', 'entries')} of the label sets probably wrong: "
            f"{len(doubts) - too_many} missing, {too_many} superfluous",
            detail=f"In {count(len(rows), 'row')} of {n:,} ({share(len(rows), n)}), over "
            f"{count(labels, 'label')} asked one by one; about {precision:.0%} of these entries "
            "are estimated to be really wrong.",
            rows=places_of(dataset, rows[:LISTED]),
            advice="Read them, the clearest first, and correct the sets in your file.",
            method="each label as a yes or no of its own: linear head on frozen features out of "
            "fold and the labels of 20 neighbours; precision from a fitted noise model",
            exhibits=tuple(
                exhibit(
                    [dataset.examples[one.row]],
                    dataset.modality,
                    note=f"{'superfluous' if one.given else 'missing'}: {one.label}",
                    score=round(one.wrong, 4),
                )
                for one in doubts[:SHOWN]
            ),
            numbers={
                "entries": len(doubts),
                "rows": len(rows),
                "estimated_precision": precision,
                "estimated_wrong": expected,
            },
        )


@dataclass(frozen=True, slots=True)
class _Doubt:
    """A label of a row that is probably wrong: given and superfluous, or missing."""

    row: int
    label: str
    given: bool
    wrong: float


def _groups(inputs: AuditInputs) -> NDArray[np.int64]:
    return inputs.groups if inputs.groups is not None else np.arange(len(inputs.dataset))


def _labelled(dataset: Dataset, rows: NDArray[np.int64], labels: list[str]) -> Dataset:
    """These rows with other labels; without columns that might be taken for annotators'."""
    examples = tuple(
        replace(dataset.examples[row], label=label, metadata=())
        for row, label in zip(rows.tolist(), labels, strict=True)
    )
    return replace(dataset, examples=examples, labels=tuple(sorted(set(labels))), separator=None)


def _out_of_fold(
    features: NDArray[np.float32],
    codes: NDArray[np.int64],
    classes: int,
    groups: NDArray[np.int64],
    seed: int,
) -> NDArray[np.float32] | None:
    """Probabilities (n, classes) from heads that have not seen the row's fold."""
    if len(np.unique(groups)) < FOLDS:
        return None
    proba = np.zeros((len(codes), classes), dtype=np.float32)
    for train, test in make_folds(codes, groups, FOLDS, 1, seed):
        head = fit_linear(
            features[train], codes[train], classes, groups=groups[train], seed=seed, exact=False
        )
        proba[test] = head.predict_proba(features[test])
    return proba
