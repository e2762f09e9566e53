"""A further label column on the split of the first: the same groups, folds and hold-out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from headstart.audit.columns import label_values
from headstart.audit.labels.spellings import spelling_findings
from headstart.audit.split import choose_margin, choose_metric
from headstart.data.checks import check_spellings
from headstart.data.examples import with_examples
from headstart.data.one_name import column_values
from headstart.metrics import costs_named
from headstart.types.brief import Brief
from headstart.types.data import AuditReport, Dataset, Folds
from headstart.types.errors import DataError


@dataclass(frozen=True, slots=True)
class FurtherColumn:
    """The rows that have a label in the column, and the part of the split that is theirs."""

    dataset: Dataset
    holdout: Dataset | None
    split: AuditReport
    costs: NDArray[np.float64] | None
    """Of answering j for a case of i (labels, labels); None: the brief names none."""
    unlabelled: int
    """Rows, those of a hold-out file included, that have no label in the column."""


def further_column(
    dataset: Dataset, holdout: Dataset | None, split: AuditReport, name: str, brief: Brief
) -> FurtherColumn:
    """The data and the split of the column `name`.

    No row changes sides: development, folds and hold-out are those of `split` without the rows
    that have no label here. A label that no development row has counts as never trained on. A
    hold-out without a single label of the column is none.

    brief: of this column, by which its primary metric is chosen.

    Raises:
        DataError: there is no such column, or too few of its rows have a label to be learned from
            in every fold.
    """
    values = label_values(dataset, name)
    has = np.array([bool(value) for value in values])
    inside = has[split.development]
    rows = split.development[inside]
    labels = tuple(sorted({values[row] for row in rows.tolist()}))
    number = np.cumsum(has) - 1
    own = _relabelled(dataset, values, labels, name)
    codes, groups = own.codes()[number[rows]], split.groups[inside]
    folds = Folds(split.folds.assignment[:, inside], split.folds.k)
    _check(folds, codes, f"{dataset.source}, column '{name}'")

    theirs = values
    if holdout is not None:
        theirs = column_values(holdout, name)
        given = sorted(set(theirs) - {""})
        check_spellings(given, labels, f"{holdout.source}, column '{name}'")
    held_has = np.array([bool(value) for value in theirs])
    kept = held_has[split.holdout] if len(split.holdout) else np.zeros(0, dtype=bool)
    clean = split.holdout_clean[kept]
    held = (np.cumsum(held_has) - 1)[split.holdout[kept]]
    kind = split.holdout_kind
    if kind != "none" and not clean.any():
        kind, held, clean = "none", held[:0], clean[:0]
    alike = split.holdout_alike
    costs = column_costs(dataset, holdout, name, brief)
    if costs is not None:
        # The labels that are learned come first; costs of the others only judge.
        every = _every_label(dataset, holdout, name)
        at = [every.index(label) for label in labels]
        costs = costs[np.ix_(at, at)]
    metric, why = choose_metric(codes, labels, brief)
    counts = Counter(value for value in values if value)
    apart = {label: len(np.unique(groups[codes == code])) for code, label in enumerate(labels)}
    empty = int((~has).sum()) + (int((~held_has).sum()) if holdout is not None else 0)
    return FurtherColumn(
        dataset=own,
        holdout=None if holdout is None else _relabelled(holdout, theirs, labels, name),
        split=replace(
            split,
            development=number[rows].astype(np.int64),
            groups=np.unique(groups, return_inverse=True)[1].astype(np.int64),
            folds=folds,
            holdout_kind=kind,
            holdout=held.astype(np.int64),
            holdout_clean=clean,
            holdout_alike=None if alike is None or kind == "none" else alike[kept],
            rows=len(own),
            class_counts=dict(sorted(counts.items())),
            metric=metric,
            metric_reason=why,
            margin=choose_margin(metric, codes, brief, costs, labels),
            small_classes=tuple(label for label in labels if apart[label] < folds.k),
            findings=tuple(spelling_findings(own, counts)),
        ),
        costs=costs,
        unlabelled=empty,
    )


def column_costs(
    dataset: Dataset, holdout: Dataset | None, name: str, brief: Brief
) -> NDArray[np.float64] | None:
    """Cost of answering j for a case of i between all labels of the column, sorted, those of the
    hold-out included; None: its brief names none.

    Raises:
        DataError: there is no such column, or a cost is named for a label that no row has.
    """
    every = _every_label(dataset, holdout, name)
    try:
        return costs_named(brief, every)
    except ValueError as error:
        raise DataError(
            str(error),
            place=f"[columns.{name}] in the brief",
            tip=f"the labels of '{name}' are: {', '.join(every[:20])}"
            + (" …" if len(every) > 20 else ""),
        ) from None


def _every_label(dataset: Dataset, holdout: Dataset | None, name: str) -> list[str]:
    values = {*label_values(dataset, name), *(column_values(holdout, name) if holdout else ())}
    return sorted(values - {""})


def _relabelled(
    dataset: Dataset, values: Sequence[str], labels: tuple[str, ...], name: str
) -> Dataset:
    examples = tuple(
        replace(
            example,
            label=value,
            metadata=tuple(one for one in example.metadata if one[0] != name),
        )
        for example, value in zip(dataset.examples, values, strict=True)
        if value
    )
    return with_examples(
        dataset,
        examples,
        labels=labels,
        label_column=name,
        set_aside=(),
        remarks=(),
        separator=None,
    )


def _check(folds: Folds, codes: NDArray[np.int64], place: str) -> None:
    """Whether every fold has something to learn from and something to answer."""
    for train, test in folds:
        if not len(test) or len(np.unique(codes[train])) < 2:
            raise DataError(
                f"{len(codes)} development rows have a label here, too few for the {folds.k} "
                "folds that all label columns share",
                place=place,
                tip="label more rows in it, or leave it out (--also, `also` in the brief)",
            )
