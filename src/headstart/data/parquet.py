"""Parquet, through pyarrow."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from headstart.data.json_rows import plain
from headstart.data.nested import joined
from headstart.data.tables import Row, Table, check_count, check_header
from headstart.types.errors import DataError, MissingExtraError

MOST_BYTES = 2_000_000_000
"""Of the columns that are read, unpacked."""
BATCH = 4096
"""Rows unpacked together."""
TIP = "write it again, for example with pandas: frame.to_parquet(…)"


def read_parquet(path: Path) -> Table:
    """The columns of text, numbers, dates and truth values of a Parquet file.

    Raises:
        DataError: it is damaged, has no row, or is too large.
        MissingExtraError: pyarrow is not installed.
    """
    try:
        import pyarrow
        import pyarrow.parquet as parquet
    except ImportError as error:
        raise MissingExtraError("Reading Parquet", extra="parquet", package="pyarrow") from error
    try:
        with parquet.ParquetFile(path) as file:
            check_count(path, file.metadata.num_rows)
            schema = file.schema_arrow
            check_header(str(path), schema.names)
            names = [field.name for field in schema if _readable(field.type)]
            columns = _columns(path, file, names)
    except (pyarrow.ArrowException, OSError, OverflowError, ValueError) as error:
        message = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise DataError(
            f"the file is not Parquet that can be read ({message})", place=str(path), tip=TIP
        ) from error
    others = [f"'{field.name}' ({field.type})" for field in schema if field.name not in names]
    if not names:
        raise DataError(
            f"no column holds text or numbers; there are {', '.join(others)}",
            place=str(path),
            tip="store texts, or paths of image files, in a column of strings",
        )
    read = [joined(cells) for cells in columns]
    rows = tuple(
        Row(number, dict(zip(names, map(_cell, values), strict=True)))
        for number, values in enumerate(zip(*(cells for cells, _ in read), strict=True), 1)
    )
    several = frozenset(name for name, (_, more) in zip(names, read, strict=True) if more)
    if not rows:
        raise DataError("the table has no row", place=str(path), tip="give a file with rows")
    remarks = [f"Columns that are not read: {', '.join(others)}."] * bool(others)
    return Table(path, tuple(names), rows, tuple(remarks), several)


def _readable(kind: Any) -> bool:
    """Whether a column of this type is read: binary and nested ones are not, but for lists of
    texts or whole numbers."""
    from pyarrow import types

    if types.is_list(kind) or types.is_large_list(kind):
        kind = kind.value_type
        text = types.is_string(kind) or types.is_large_string(kind)
        return bool(text or types.is_integer(kind))

    if types.is_dictionary(kind):
        kind = kind.value_type
    binary = types.is_binary(kind) or types.is_large_binary(kind)
    return not (types.is_nested(kind) or binary or types.is_fixed_size_binary(kind))


def _columns(path: Path, file: Any, names: list[str]) -> list[list[Any]]:
    """The cells of each column. Unpacked in batches, whose size is what they take in memory."""
    columns: list[list[Any]] = [[] for _ in names]
    size = 0
    for batch in file.iter_batches(BATCH, columns=names):
        size += batch.nbytes
        if size > MOST_BYTES:
            raise DataError(
                f"the columns have over {MOST_BYTES:,} bytes, which is the most that are read",
                place=str(path),
                tip="take a sample of the rows",
            )
        for cells, name in zip(columns, names, strict=True):
            cells += _values(batch.column(name))
    return columns


def _values(column: Any) -> list[Any]:
    """Python values; dates and times as text, since Arrow's reach further than Python's."""
    from pyarrow import types

    if types.is_temporal(column.type) and not types.is_duration(column.type):
        column = column.cast("string")
    values: list[Any] = column.to_pylist()
    return values


def _cell(value: Any) -> str | None:
    if isinstance(value, (str, int, float, list)):
        return plain(value)
    return None if value is None else str(value)
