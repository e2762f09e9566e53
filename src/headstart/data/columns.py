"""Which column holds the input and which the label, where that is unambiguous."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import PurePath

from headstart.data.tables import Table
from headstart.modalities.image import SUFFIXES
from headstart.types.brief import ModalityName
from headstart.types.errors import DataError, did_you_mean

INPUT_NAMES = (
    "text", "message", "utterance", "sentence", "body", "content", "question", "query", "comment",
    "review", "description", "document", "input", "tweet", "image", "image_path", "img", "photo",
    "picture", "path", "file", "filename", "file_name", "filepath", "file_path",
)  # fmt: skip
LABEL_NAMES = (
    "label", "intent", "category", "class", "target", "topic", "labels", "sentiment", "emotion",
    "tag", "type", "output", "y", "choices",
)  # fmt: skip
SAMPLE = 2000
SHORT = 60
"""Characters of a label, at most, where nothing else says that it is one."""


def find_columns(
    table: Table,
    input_column: str | None,
    label_column: str | None,
    taken: Sequence[str] = (),
) -> tuple[str, str]:
    """(input, label) columns: those that were named, else those that can only be meant; not those
    that are `taken` by something else.

    Raises:
        DataError: a named column is not there, or several could be meant.
    """
    for name in (input_column, label_column):
        if name is not None:
            _known(table, name)
    if input_column is not None and input_column == label_column:
        raise DataError(
            f"the column '{input_column}' is named for the input and for the label",
            place=str(table.path),
            tip=f"the columns are: {', '.join(table.header)}",
        )
    if len(table.header) == 1:
        raise DataError(
            f"there is one column, '{table.header[0][:80]}'; an input and a label are needed",
            place=str(table.path),
            tip="divide the columns by commas, semicolons, tabs or bars, or add a label column",
        )
    label = label_column or _label(table, [*taken, *([input_column] if input_column else [])])
    column = input_column or _input(table, [*taken, label])
    if label_column is None and _plain_name(label) not in LABEL_NAMES:
        _check_header(table, label)
    return column, label


def find_input(table: Table, input_column: str | None) -> str:
    """The input column alone, of a table without labels.

    Raises:
        DataError: a named column is not there, or several could be meant.
    """
    if input_column is not None:
        _known(table, input_column)
        return input_column
    return _input(table, [])


def modality_of(table: Table, column: str) -> ModalityName:
    """`image` where most values are names of image files, else `text`."""
    values = _values(table, column)
    images = sum(PurePath(value.strip()).suffix.lower() in SUFFIXES for value in values)
    return "image" if values and images * 2 > len(values) else "text"


def _known(table: Table, name: str) -> None:
    if name not in table.header:
        raise DataError(
            f"there is no column '{name}'",
            place=str(table.path),
            tip=did_you_mean(name, table.header),
        )


def _check_header(table: Table, label: str) -> None:
    if label in _values(table, label):
        raise DataError(
            f"the first line looks like a row, not like the names of the columns: '{label}' is "
            "also a value of its column",
            place=f"{table.path}, the header",
            tip="add a first line with the names of the columns, for example: text,label",
        )


def _values(table: Table, column: str) -> list[str]:
    found = (row.fields.get(column) for row in table.rows[:SAMPLE] if row.problem is None)
    return [value for value in found if value]


def _plain_name(column: str) -> str:
    """The name itself, of a value within objects: the innermost."""
    return column.rpartition(".")[2].strip().lower().replace(" ", "_").replace("-", "_")


def _choose(named: Sequence[str], first: str) -> str | None:
    """The column whose name alone decides: the only telling one, or the most telling."""
    if len(named) == 1:
        return named[0]
    exact = [column for column in named if _plain_name(column) == first]
    return exact[0] if len(exact) == 1 else None


def _label(table: Table, taken: Sequence[str]) -> str:
    free = [column for column in table.header if column not in taken]
    named = [column for column in free if _plain_name(column) in LABEL_NAMES]
    chosen = _choose(named, LABEL_NAMES[0])
    if chosen is not None:
        return chosen
    pool = named or free
    likely = [column for column in pool if _looks_like_label(table, column)]
    if len(likely) == 1:
        return likely[0]
    raise _unclear(table, "label", likely or pool)


def _input(table: Table, taken: Sequence[str]) -> str:
    free = [column for column in table.header if column not in taken]
    named = [column for column in free if _plain_name(column) in INPUT_NAMES]
    chosen = _choose(named, INPUT_NAMES[0])
    if chosen is not None:
        return chosen
    pool = [column for column in named or free if not _all_numbers(table, column)]
    if free and not pool:
        raise _no_input(table, named or free)
    if len(free) == 1:
        return free[0]
    likely = [column for column in pool if _looks_like_input(table, column)]
    if len(likely) == 1:
        return likely[0]
    raise _unclear(table, "input", likely or pool)


def _looks_like_label(table: Table, column: str) -> bool:
    """Few different values, all short."""
    values = _values(table, column)
    distinct = len(set(values))
    short = sum(len(value) <= SHORT for value in values) >= 0.95 * len(values)
    return bool(values) and short and 2 <= distinct <= max(2, len(values) // 3)


def _looks_like_input(table: Table, column: str) -> bool:
    """In most rows names of image files, or several words that seldom repeat."""
    values = _values(table, column)
    if 2 * len(values) <= len(table.rows[:SAMPLE]):
        return False
    if modality_of(table, column) == "image":
        return True
    words = sum(len(value.split()) for value in values) / len(values)
    return words >= 2.5 and len(set(values)) > len(values) // 3


def _all_numbers(table: Table, column: str) -> bool:
    values = _values(table, column)
    try:
        for value in values:
            float(value.replace(",", "."))
    except ValueError:
        return False
    return bool(values)


def _no_input(table: Table, columns: Sequence[str]) -> DataError:
    hold = "column holds" if len(columns) == 1 else "columns hold"
    return DataError(
        f"texts or images are needed, and the {hold} numbers: {_quoted(columns)}",
        place=str(table.path),
        tip="add a column with texts or the names of image files; a table of numbers is not judged "
        "yet (for such a table gradient boosting is the usual start). Where the numbers are codes "
        f"to be read as text, say so: --input {shlex.quote(columns[0])}",
    )


def _quoted(columns: Sequence[str]) -> str:
    return ", ".join(f"'{name}'" for name in columns[:12])


def _unclear(table: Table, what: str, candidates: Sequence[str]) -> DataError:
    if not candidates:
        return DataError(
            f"no column is left for the {what}",
            place=str(table.path),
            tip=f"the columns are: {', '.join(table.header)}",
        )
    flags = " or ".join(f"--{what} {shlex.quote(name)}" for name in candidates[:3])
    return DataError(
        f"the {what} column is not clear; it could be {_quoted(candidates)}",
        place=str(table.path),
        tip=f"name it: {flags}",
    )
