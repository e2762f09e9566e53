"""Labelled data as a Dataset: what can be used, and what was set aside."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Literal

from headstart.data.columns import find_columns, modality_of
from headstart.data.folders import read_folder
from headstart.data.images import resolve_image, usable_images
from headstart.data.keys import dataset_key, text_key
from headstart.data.tables import Row, Table, read_table
from headstart.modalities import validate_text
from headstart.ports import Progress
from headstart.types.brief import ModalityName
from headstart.types.data import Dataset, Example, Place, SetAside
from headstart.types.errors import DataError

Purpose = Literal["training", "hold-out"]
FEWEST_ROWS = 10
EXCERPT = 80


def load_dataset(
    source: Path,
    *,
    input_column: str | None = None,
    label_column: str | None = None,
    modality: ModalityName | None = None,
    progress: Progress | None = None,
    purpose: Purpose = "training",
) -> Dataset:
    """Read labelled texts or images.

    source: a CSV, TSV, JSONL or Parquet file, or a folder of images with one subfolder a class.
    Columns that are not named are found where only one can be meant. Training data needs two
    classes and ten usable rows; a hold-out one row.

    Raises:
        DataError: the source cannot be used; the message names the value, the place and what to do.
        MissingExtra: Parquet, without pyarrow.
    """
    source = Path(source).absolute()
    if source.is_dir():
        if modality == "text":
            raise DataError(
                "texts are read from a table, not from a folder",
                place=str(source),
                tip="give a CSV, JSONL or Parquet file",
            )
        dataset = _from_folder(source, progress)
    else:
        dataset = _from_table(source, input_column, label_column, modality, progress)
    _check(dataset, purpose)
    return dataset


def _from_folder(folder: Path, progress: Progress | None) -> Dataset:
    images, others = read_folder(folder)
    paths = [image.path for image in images]
    keys, bad, remarks = usable_images(paths, progress)
    examples = []
    for image, key in zip(images, keys, strict=True):
        if key is not None:
            place = Place(str(image.path))
            examples.append(Example(key, str(image.path), image.label, place))
    aside = [*others, *(SetAside(Place(str(path)), reason) for path, reason in bad)]
    return _dataset("image", examples, aside, folder, None, None, remarks)


def _from_table(
    path: Path,
    input_column: str | None,
    label_column: str | None,
    modality: ModalityName | None,
    progress: Progress | None,
) -> Dataset:
    table = read_table(path)
    column, label = find_columns(table, input_column, label_column)
    kind = modality or modality_of(table, column)
    rows, aside = _usable_rows(table, column, label, kind)
    remarks = list(table.remarks)
    if kind == "text":
        examples = [_example(table, row, text, text_key(text), column, label) for row, text in rows]
    else:
        keys, bad, more = usable_images([Path(value) for _, value in rows], progress)
        reasons = {str(where): reason for where, reason in bad}
        remarks += more
        examples = []
        for (row, value), key in zip(rows, keys, strict=True):
            if key is not None:
                examples.append(_example(table, row, value, key, column, label))
            else:
                place = Place(str(path), row.number, column)
                aside.append(SetAside(place, reasons[value], str(row.fields[column])))
    aside.sort(key=lambda one: one.place.row or 0)
    return _dataset(kind, examples, aside, path, column, label, remarks)


def _usable_rows(
    table: Table, column: str, label: str, kind: ModalityName
) -> tuple[list[tuple[Row, str]], list[SetAside]]:
    """(row, text or absolute path) of the rows whose fields can be used, and the others."""
    good: list[tuple[Row, str]] = []
    aside = list(table.set_aside())
    missing = 0
    for row in table.rows:
        if row.problem is not None:
            continue
        value, given = row.fields.get(column), row.fields.get(label)
        if given is None or not given.strip():
            missing += 1
            place = Place(str(table.path), row.number, label)
            aside.append(SetAside(place, "the label is missing", _excerpt(value)))
            continue
        place = Place(str(table.path), row.number, column)
        if kind == "text":
            reason = validate_text(value if value is not None else "")
        else:
            value, reason = resolve_image(table.path.parent, value)
        if reason is None and value is not None:
            good.append((row, value))
        else:
            aside.append(SetAside(place, str(reason), _excerpt(row.fields.get(column))))
    if missing and not good and missing == sum(row.problem is None for row in table.rows):
        raise DataError(
            f"all {missing} labels are missing",
            place=f"{table.path}, column '{label}'",
            tip="fill the column, or name another one with --label",
        )
    return good, aside


def _example(table: Table, row: Row, value: str, key: str, column: str, label: str) -> Example:
    more = tuple(
        (name, str(field))
        for name, field in row.fields.items()
        if name not in {column, label} and field is not None
    )
    return Example(key, value, str(row.fields[label]), Place(str(table.path), row.number), more)


def _excerpt(value: str | None) -> str:
    text = (value or "").replace("\0", "�").encode("utf-8", "replace").decode("utf-8")
    return text if len(text) <= EXCERPT else text[: EXCERPT - 1] + "…"


def _dataset(
    modality: ModalityName,
    examples: Sequence[Example],
    aside: Sequence[SetAside],
    source: Path,
    input_column: str | None,
    label_column: str | None,
    remarks: Iterable[str],
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
        remarks=(*remarks, *_label_remarks(examples, labels)),
    )


def _label_remarks(examples: Sequence[Example], labels: Sequence[str]) -> list[str]:
    counts = Counter(example.label for example in examples)
    same: dict[str, list[str]] = {}
    for label in labels:
        same.setdefault(" ".join(label.split()).casefold(), []).append(label)
    remarks = [
        "The labels "
        + " and ".join(f"'{label}' ({counts[label]} rows)" for label in group)
        + " differ only by case or spaces; they are kept apart. If they are one class, "
        "give them one name."
        for group in same.values()
        if len(group) > 1
    ]
    single = [label for label in labels if counts[label] == 1]
    if single:
        shown = ", ".join(f"'{label}'" for label in single[:10])
        more = f" and {len(single) - 10} more" if len(single) > 10 else ""
        remarks.append(
            f"{len(single)} of {len(labels)} classes have a single row ({shown}{more}): "
            "they can be trained on or tested on, not both."
        )
    return remarks


def _check(dataset: Dataset, purpose: Purpose) -> None:
    n, aside = len(dataset), dataset.set_aside
    first = f" (the first: {aside[0].place}: {aside[0].reason})" if aside else ""
    fewest = FEWEST_ROWS if purpose == "training" else 1
    if n < fewest:
        raise DataError(
            f"{n} rows can be used and {len(aside)} were set aside{first}; "
            f"at least {fewest} are needed",
            place=dataset.source,
            tip="label more rows, or repair those that were set aside",
        )
    if purpose == "training" and len(dataset.labels) < 2:
        raise DataError(
            f"there is one class, '{dataset.labels[0]}', in all {n} rows; at least 2 are needed",
            place=dataset.source
            + (f", column '{dataset.label_column}'" if dataset.label_column else ""),
            tip="add rows of another class, or name another column with --label",
        )
    if purpose == "training" and len(dataset.labels) > n // 2:
        raise DataError(
            f"the {n} rows have {len(dataset.labels)} different labels; "
            "with fewer than 2 rows a class nothing can be learned",
            place=dataset.source
            + (f", column '{dataset.label_column}'" if dataset.label_column else ""),
            tip="name the column that holds the class with --label, or merge classes",
        )
