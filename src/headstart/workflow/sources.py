"""The data of a run: what was read, and what is told about it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from headstart.data import (
    check_spellings,
    column_read_as,
    column_values,
    dataset_key,
    known_name,
    load_dataset,
    load_values,
    one_name,
    read_as,
    text_key,
    with_examples,
)
from headstart.data.images import check_images
from headstart.ports import Progress
from headstart.types.brief import Brief, ColumnCosts
from headstart.types.data import DataReport, Dataset, Example
from headstart.types.errors import DataError, did_you_mean
from headstart.workflow.relatedness import Reference
from headstart.workflow.today import with_todays_answers

FEWEST_TO_COMPARE = 10


@dataclass(frozen=True, slots=True)
class Sources:
    """The labelled rows in scope, the user's own hold-out if there is one, and rows out of scope:
    those to choose a score by, and those that are sealed with the hold-out."""

    dataset: Dataset
    holdout: Dataset | None
    outside: tuple[Example, ...] = ()
    sealed_outside: tuple[Example, ...] = ()

    def report(self) -> DataReport:
        """The part of the data that a person is told about."""
        data, holdout = self.dataset, self.holdout
        return DataReport(
            modality=data.modality,
            rows=len(data),
            classes=data.single_labels,
            sha256=data.sha256,
            source=data.source,
            input_column=data.input_column,
            label_column=data.label_column,
            separator=data.separator,
            set_aside=data.set_aside,
            remarks=(
                *data.remarks,
                *(f"Hold-out: {remark}" for remark in (holdout.remarks if holdout else ())),
            ),
            holdout_source=holdout.source if holdout else None,
            holdout_rows=len(holdout) if holdout else None,
            holdout_sha256=holdout.sha256 if holdout else None,
            holdout_set_aside=holdout.set_aside if holdout else (),
            outside_rows=len(self.outside) + len(self.sealed_outside),
            holdout_outside_rows=len(self.sealed_outside),
            outside_sha256=dataset_key(
                (one.key, one.label) for one in (*self.outside, *self.sealed_outside)
            ),
        )


def read_sources(brief: Brief, progress: Progress) -> Sources:
    """Read the data that the brief names.

    Raises:
        DataError: it cannot be used.
    """
    found = _parted_in_scope(brief, *_with_one_name(brief, *_read(brief, progress)))
    if brief.data.current is None:
        return found
    named = (brief.data.current, brief.data.out_of_scope)
    dataset, holdout = with_todays_answers(found.dataset, found.holdout, *named)
    return replace(found, dataset=dataset, holdout=holdout)


def _read(brief: Brief, progress: Progress) -> tuple[Dataset, Dataset | None]:
    said = brief.data
    dataset = load_dataset(
        Path(said.path),
        input_column=said.input_column,
        label_column=said.label_column,
        modality=said.modality,
        progress=progress,
        separator=said.separator,
        taken=[
            name
            for name in (said.group_column, said.time_column, said.current, *said.also)
            if name is not None
        ],
        named={
            *said.definitions,
            *said.prevalence,
            *said.order,
            *brief.mistake_costs,
            *brief.false_alarm_costs,
            *brief.cost_matrix,
            said.out_of_scope or "",
        },
    )
    if said.holdout is None:
        return dataset, None
    return dataset, load_dataset(
        Path(said.holdout),
        input_column=dataset.input_column,
        label_column=dataset.label_column,
        modality=dataset.modality,
        progress=progress,
        purpose="hold-out",
        separator=said.separator,
    )


def _with_one_name(
    brief: Brief, dataset: Dataset, holdout: Dataset | None
) -> tuple[Dataset, Dataset | None]:
    """The same rows, each class under one name: in the hold-out and in today's answers as in the
    training rows, and in further label columns.

    Raises:
        DataError: a hold-out may write a label as one of several.
    """
    said = brief.data
    if holdout is not None:
        holdout = read_as(holdout, known_name(holdout.single_labels, dataset.single_labels))
        column = f", column '{holdout.label_column}'" if holdout.label_column else ""
        check_spellings(holdout.single_labels, dataset.single_labels, f"{holdout.source}{column}")
    for column in said.also:
        costs = brief.column_costs.get(column, ColumnCosts())
        counts = Counter(column_values(dataset, column))
        uses = {*costs.costs, *costs.false_alarms, *costs.matrix}
        dataset = column_read_as(dataset, column, one_name(counts, uses))
        if holdout is not None:
            known = set(column_values(dataset, column)) - {""}
            meant = known_name(column_values(holdout, column), known)
            holdout = column_read_as(holdout, column, meant)
    if said.current is not None:
        known = {*dataset.single_labels, *(holdout.single_labels if holdout else ())}
        dataset = _answers_as(dataset, said.current, known)
        holdout = None if holdout is None else _answers_as(holdout, said.current, known)
    return dataset, holdout


def _answers_as(dataset: Dataset, column: str, known: set[str]) -> Dataset:
    return column_read_as(dataset, column, known_name(column_values(dataset, column), known))


def _parted_in_scope(brief: Brief, dataset: Dataset, holdout: Dataset | None) -> Sources:
    """The rows in scope, and those that carry the label of what is none of the classes."""
    label = brief.data.out_of_scope
    if label is None:
        return Sources(dataset, holdout)
    dataset, outside = _parted(dataset, label)
    if holdout is None:
        _check_outside(brief, dataset, len(outside))
        return Sources(dataset, None, *_halves(outside))
    holdout, sealed = _parted(holdout, label)
    _check_outside(brief, dataset, len(outside) + len(sealed))
    known = {one.key for one in outside}
    return Sources(dataset, holdout, outside, tuple(one for one in sealed if one.key not in known))


def _parted(dataset: Dataset, label: str) -> tuple[Dataset, tuple[Example, ...]]:
    """(the rows in scope, those that carry the label of what is none of the classes)."""
    inside = tuple(one for one in dataset.examples if one.label != label)
    outside = tuple(one for one in dataset.examples if one.label == label)
    return with_examples(dataset, inside), outside


def _check_outside(brief: Brief, dataset: Dataset, rows: int) -> None:
    if not rows:
        raise DataError(
            f"no row has the label '{brief.data.out_of_scope}', which is to mean out of scope",
            place=brief.data.path,
            tip=did_you_mean(brief.data.out_of_scope or "", dataset.labels),
        )


def _halves(examples: Sequence[Example]) -> tuple[tuple[Example, ...], tuple[Example, ...]]:
    """Rows to choose by and rows to judge by, told apart by content: repeats stay together."""
    first = tuple(one for one in examples if int(one.key[:8], 16) % 2)
    return first, tuple(one for one in examples if not int(one.key[:8], 16) % 2)


def read_reference(brief: Brief, sources: Sources, progress: Progress) -> Reference | None:
    """The sample that the brief names of what the networks were trained on; labels are not needed.

    Raises:
        DataError: it cannot be read, or fewer than ten of its rows can be used.
    """
    if brief.reference is None:
        return None
    path, data = Path(brief.reference), sources.dataset
    try:
        table = load_values(path, input_column=data.input_column, modality=data.modality)
    except DataError:
        table = load_values(path, modality=data.modality)
    values = [value for value in table.values if value is not None]
    if data.modality == "text":
        keys = [text_key(value) for value in values]
    else:
        checked = zip(values, check_images([Path(v) for v in values], progress), strict=True)
        usable = [(value, check.key) for value, check in checked if check.key is not None]
        values, keys = [value for value, _ in usable], [key for _, key in usable]
    if len(values) < FEWEST_TO_COMPARE:
        raise DataError(
            f"{len(values)} of its rows can be used; to compare with, at least "
            f"{FEWEST_TO_COMPARE} are needed",
            place=str(path),
            tip="name a larger sample with --reference, or leave it out",
        )
    return Reference(tuple(values), tuple(keys))
