"""What today's process answers: a column that is taken away from all that learns or looks."""

from __future__ import annotations

from dataclasses import replace

from headstart.data import label_name
from headstart.types.data import Dataset, Example
from headstart.types.errors import DataError, did_you_mean

SHOWN = 5


def with_todays_answers(
    dataset: Dataset, holdout: Dataset | None, name: str, outside: str | None = None
) -> tuple[Dataset, Dataset | None]:
    """The same rows with the column `name` as today's answers, and no longer among the others.

    outside: the label of rows out of scope, which today's process may answer too.

    Raises:
        DataError: there is no such column, it is the input or the label, it is empty, or none of
            its answers is a label.
    """
    for part in (dataset,) if holdout is None else (dataset, holdout):
        _check_column(part, name)
    found = _moved(dataset, name)
    held = None if holdout is None else _moved(holdout, name)
    known = {*found.labels, *(held.labels if held else ()), *([outside] if outside else ())}
    answers = [one.current for part in (found, held) if part for one in part.examples]
    given = [answer for answer in answers if answer]
    if not given:
        raise DataError(
            "no row has an answer of today's process",
            place=f"{dataset.source}, column '{name}'",
            tip="fill the column, or leave out --current",
        )
    if not known.intersection(given):
        shown = ", ".join(f"'{answer}'" for answer in sorted(set(given))[:SHOWN])
        labels = ", ".join(sorted(known)[: 4 * SHOWN])
        raise DataError(
            f"none of today's answers is a label: {shown}",
            place=f"{dataset.source}, column '{name}'",
            tip=f"write them as the labels are written: {labels}",
        )
    return found, held


def _check_column(dataset: Dataset, name: str) -> None:
    if name in (dataset.input_column, dataset.label_column):
        raise DataError(
            f"the column '{name}' is named twice",
            place=dataset.source,
            tip="name the column of today's answers with --current, and that of the true labels "
            "with --label",
        )
    known = dict.fromkeys(key for example in dataset.examples for key, _ in example.metadata)
    if name not in known:
        raise DataError(
            f"there is no other column '{name}' with today's answers",
            place=dataset.source,
            tip=did_you_mean(name, list(known)) if known else "the data has no further columns",
        )


def _moved(dataset: Dataset, name: str) -> Dataset:
    return replace(
        dataset,
        examples=tuple(_own(example, name) for example in dataset.examples),
        current_column=name,
    )


def _own(example: Example, name: str) -> Example:
    return replace(
        example,
        current=label_name(dict(example.metadata).get(name, "")),
        metadata=tuple(one for one in example.metadata if one[0] != name),
    )
