"""Labelled data as a Dataset: what can be used, and what was set aside."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import replace
from pathlib import Path

from headstart.data.checks import Purpose, check_dataset, label_problem, label_remarks
from headstart.data.columns import find_columns, modality_of
from headstart.data.encoding import readable
from headstart.data.examples import with_examples
from headstart.data.folders import read_folder
from headstart.data.images import ImagePaths, check_images, remarks_on
from headstart.data.keys import dataset_key, text_key
from headstart.data.label_names import label_name
from headstart.data.nested import BAR
from headstart.data.one_name import one_name, read_as
from headstart.data.reading import check_name, name_problem, read_table
from headstart.data.tables import Row, Table, excerpt
from headstart.modalities import validate_text
from headstart.ports import Progress
from headstart.types.brief import ModalityName
from headstart.types.data import Dataset, Example, Place, SetAside
from headstart.types.errors import DataError


def load_dataset(
    source: Path,
    *,
    input_column: str | None = None,
    label_column: str | None = None,
    modality: ModalityName | None = None,
    progress: Progress | None = None,
    purpose: Purpose = "training",
    separator: str | None = None,
    taken: Sequence[str] = (),
    named: Collection[str] = (),
) -> Dataset:
    """Read labelled texts or images.

    source: a CSV, TSV, JSON, JSONL, Parquet or Excel file, or a folder of images with one subfolder
    a class. Columns that are not named are found where only one can be meant, but not among those
    that are `taken` by something else. Training data needs
    two classes and ten usable rows; a hold-out one row. With a `separator`, a field of the label
    column may hold several labels. Each class of training data gets one name (`one_name`; `named`:
    names that the brief uses).

    Raises:
        DataError: the source cannot be used; the message names the value, the place and what to do.
        MissingExtraError: Parquet without pyarrow, or Excel without openpyxl.
    """
    source = Path(source).absolute()
    check_name(source)
    if os.path.isdir(source):
        if modality == "text":
            raise DataError(
                "texts are read from a table, not from a folder",
                place=str(source),
                tip="give a CSV, JSONL, Parquet or Excel file",
            )
        dataset = _from_folder(source, progress)
    else:
        dataset = _from_table(
            source, input_column, label_column, modality, progress, taken, separator
        )
    if separator is None:
        dataset = with_label_names(dataset)
    else:
        dataset = with_label_sets(dataset, separator, purpose)
    if purpose == "training":
        counts = Counter(label for labels in dataset.sets for label in labels)
        dataset = read_as(dataset, one_name(counts, named))
    check_dataset(dataset, purpose)
    single = [label for labels in dataset.sets for label in labels]
    return replace(dataset, remarks=(*dataset.remarks, *label_remarks(single)))


def with_label_names(dataset: Dataset) -> Dataset:
    """The same rows, their labels without what cannot be seen."""
    names = [label_name(example.label) for example in dataset.examples]
    changed = sum(name != one.label for name, one in zip(names, dataset.examples, strict=True))
    if not changed:
        return dataset
    rows = "1 row has a label" if changed == 1 else f"{changed} rows have labels"
    said = f"{rows} with spaces that are no part of it; they were taken out."
    return with_examples(
        dataset,
        [replace(one, label=name) for name, one in zip(names, dataset.examples, strict=True)],
        remarks=(*dataset.remarks, said),
    )


def with_label_sets(dataset: Dataset, separator: str, purpose: Purpose = "training") -> Dataset:
    """The same rows with their labels read as sets: trimmed, sorted, each once. The separator alone
    says that no label applies.

    Raises:
        DataError: the separator is in no label of rows to train on.
    """
    several = any(separator in example.label for example in dataset.examples)
    if purpose == "training" and not several:
        raise DataError(
            f"no label holds the separator '{separator}'",
            place=f"{dataset.source}, column '{dataset.label_column}'",
            tip="name what stands between the labels of one row with --separator, or leave it out",
        )
    examples = []
    for example in dataset.examples:
        parts = {label_name(part) for part in example.label.split(separator)} - {""}
        examples.append(replace(example, label=separator.join(sorted(parts)) or separator))
    return with_examples(dataset, examples, separator=separator)


def _from_folder(folder: Path, progress: Progress | None) -> Dataset:
    found = read_folder(folder)
    checks = check_images([image.path for image in found.images], progress)
    examples: list[Example] = []
    aside = list(found.others)
    for image, check in zip(found.images, checks, strict=True):
        place = Place(readable(str(image.path)))
        reason = name_problem(image.path) or label_problem(image.label) or check.reason
        if reason is None and check.key is not None:
            examples.append(Example(check.key, str(image.path), image.label, place))
        else:
            aside.append(SetAside(place, str(reason)))
    aside.sort(key=lambda one: one.place.file)
    return _dataset(
        "image", examples, aside, folder, None, None, (*found.remarks, *remarks_on(checks))
    )


def _from_table(
    path: Path,
    input_column: str | None,
    label_column: str | None,
    modality: ModalityName | None,
    progress: Progress | None,
    taken: Sequence[str],
    separator: str | None,
) -> Dataset:
    table = read_table(path)
    column, label = find_columns(table, input_column, label_column, taken)
    if label in table.several and separator != BAR:
        raise DataError(
            f"a row of '{label}' may hold several labels: they are lists",
            place=str(path),
            tip=f"say so with --separator '{BAR}', or give each row one label",
        )
    kind = modality or modality_of(table, column)
    rows, aside = _usable_rows(table, column, label, kind)
    remarks = list(table.remarks)
    if kind == "text":
        examples = [_example(table, row, text, text_key(text), column, label) for row, text in rows]
    else:
        checks = check_images([Path(value) for _, value in rows], progress)
        remarks += remarks_on(checks)
        examples = []
        for (row, value), check in zip(rows, checks, strict=True):
            if check.key is not None:
                examples.append(_example(table, row, value, check.key, column, label))
            else:
                place = Place(str(path), row.number, column)
                aside.append(SetAside(place, str(check.reason), excerpt(row.fields[column])))
    aside.sort(key=lambda one: one.place.row or 0)
    return _dataset(kind, examples, aside, path, column, label, remarks)


def _usable_rows(
    table: Table, column: str, label: str, kind: ModalityName
) -> tuple[list[tuple[Row, str]], list[SetAside]]:
    """(row, text or absolute path) of the rows whose fields can be used, and the others.

    Raises:
        DataError: no row has a label.
    """
    good: list[tuple[Row, str]] = []
    aside = list(table.set_aside())
    paths = ImagePaths(table.path.parent)
    whole = [row for row in table.rows if row.problem is None]
    missing = sum(not (row.fields.get(label) or "").strip() for row in whole)
    if missing == len(whole):
        raise DataError(
            f"all {missing} labels are missing",
            place=f"{table.path}, column '{label}'",
            tip="fill the column, or name another one with --label",
        )
    for row in whole:
        value = row.fields.get(column)
        reason = label_problem(row.fields.get(label))
        where = label
        if reason is None:
            where = column
            if kind == "text":
                reason = validate_text(value or "")
            else:
                value, reason = paths.resolve(value)
        if reason is None and value is not None:
            good.append((row, value))
        else:
            place = Place(str(table.path), row.number, where)
            aside.append(SetAside(place, str(reason), excerpt(row.fields.get(column))))
    return good, aside


def _example(table: Table, row: Row, value: str, key: str, column: str, label: str) -> Example:
    more = tuple(
        (name, field)
        for name, field in row.fields.items()
        if name not in {column, label} and field is not None
    )
    return Example(key, value, str(row.fields[label]), Place(str(table.path), row.number), more)


def _dataset(
    modality: ModalityName,
    examples: Sequence[Example],
    aside: Sequence[SetAside],
    source: Path,
    input_column: str | None,
    label_column: str | None,
    remarks: Sequence[str],
) -> Dataset:
    labels = tuple(sorted({example.label for example in examples}))
    return Dataset(
        modality=modality,
        examples=tuple(examples),
        labels=labels,
        source=str(source),
        sha256=dataset_key((example.key, example.label) for example in examples),
        input_column=input_column,
        label_column=label_column,
        set_aside=tuple(aside),
        remarks=tuple(remarks),
    )
