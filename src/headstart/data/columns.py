"""Which column holds the input and which the label, where that is unambiguous."""

from __future__ import annotations

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
    "tag", "type", "output", "y",
)  # fmt: skip
SAMPLE = 2000


def find_columns(
    table: Table, input_column: str | None, label_column: str | None
) -> tuple[str, str]:
    """(input, label) columns: those that were named, else those that can only be meant.

    Raises:
        DataError: a named column is not there, or several could be meant.
    """
    for name in (input_column, label_column):
        if name is not None:
            _known(table, name)
    label = label_column or _label(table, [input_column] if input_column else [])
    return input_column or _input(table, [label]), label


def find_input(table: Table, input_column: str | None) -> str:
    """The input column alone, of a table without labels."""
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


def _values(table: Table, column: str) -> list[str]:
    found = (row.fields.get(column) for row in table.rows[:SAMPLE] if row.problem is None)
    return [value for value in found if value]


def _by_name(header: Sequence[str], names: Sequence[str]) -> list[str]:
    """Columns called exactly like one of the names; the most telling name wins alone."""
    lowered = {column: column.strip().lower().replace(" ", "_") for column in header}
    for name in names:
        found = [column for column in header if lowered[column] == name]
        if found:
            return found
    return []


def _label(table: Table, taken: Sequence[str]) -> str:
    free = [column for column in table.header if column not in taken]
    named = [c for c in free if c.strip().lower().replace(" ", "_") in LABEL_NAMES]
    if len(named) == 1:
        return named[0]
    first = _by_name(free, LABEL_NAMES[:1])
    if len(first) == 1:
        return first[0]
    pool = named or free
    likely = [column for column in pool if _looks_like_label(table, column)]
    if len(likely) == 1:
        return likely[0]
    raise _unclear(table, "label", likely or pool)


def _input(table: Table, taken: Sequence[str | None]) -> str:
    free = [column for column in table.header if column not in taken]
    named = [c for c in free if c.strip().lower().replace(" ", "_") in INPUT_NAMES]
    if len(named) == 1:
        return named[0]
    first = _by_name(free, INPUT_NAMES[:1])
    if len(first) == 1:
        return first[0]
    if len(free) == 1:
        return free[0]
    pool = named or free
    likely = [column for column in pool if _looks_like_input(table, column)]
    if len(likely) == 1:
        return likely[0]
    raise _unclear(table, "input", likely or pool)


def _looks_like_label(table: Table, column: str) -> bool:
    values = _values(table, column)
    distinct = len(set(values))
    short = sum(len(value) <= 60 for value in values) >= 0.95 * len(values)
    return bool(values) and short and 2 <= distinct <= max(2, len(values) // 3)


def _looks_like_input(table: Table, column: str) -> bool:
    values = _values(table, column)
    if not values:
        return False
    if modality_of(table, column) == "image":
        return True
    words = sum(len(value.split()) for value in values) / len(values)
    return words >= 2.5 and len(set(values)) > len(values) // 3


def _unclear(table: Table, what: str, candidates: Sequence[str]) -> DataError:
    shown = ", ".join(f"'{name}'" for name in candidates[:12])
    if not candidates:
        return DataError(
            f"no column is left for the {what}",
            place=str(table.path),
            tip=f"the columns are: {', '.join(table.header)}",
        )
    return DataError(
        f"the {what} column is not clear; it could be {shown}",
        place=str(table.path),
        tip=f"name it: --{what} {candidates[0]!r}",
    )
