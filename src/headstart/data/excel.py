"""Workbooks of Excel, through openpyxl."""

from __future__ import annotations

import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime, time
from itertools import islice
from pathlib import Path
from typing import Any

from headstart.data.encoding import unreadable
from headstart.data.json_rows import plain
from headstart.data.tables import (
    Row,
    Table,
    check_count,
    check_header,
    filled,
    left_out,
    titles_above,
)
from headstart.types.errors import DataError, MissingExtraError

MOST_BYTES = 1_000_000_000
"""Of the parts of the workbook, unpacked."""
MOST_COLUMNS = 1_000
SAMPLE = 50
"""Rows by which the header is found."""
TIP = "save it as .xlsx or .csv from the program that shows it"
ERRORS = frozenset({"#N/A", "#DIV/0!", "#NAME?", "#NULL!", "#NUM!", "#REF!", "#VALUE!"})

Cells = Sequence[str | None]


def read_excel(path: Path) -> Table:
    """The first sheet of two columns or more, its first row below a title being their names; the
    first one that has rows, where every sheet has one column.

    Of a formula the value is read that was stored with it. A cell with an error is empty. Rows
    without a value are left out; rows are numbered as they stand below the header.

    Raises:
        DataError: it is no workbook, is locked by a password, has no row, or is too large.
        MissingExtraError: openpyxl is not installed.
    """
    try:
        import openpyxl
    except ImportError as error:
        raise MissingExtraError("Reading Excel", extra="excel", package="openpyxl") from error
    _check_size(path)
    try:
        with path.open("rb") as stream:
            book = openpyxl.load_workbook(stream, read_only=True, data_only=True, keep_links=False)
            return _first_table(path, book.worksheets)
    except DataError:
        raise
    except OSError as error:
        raise unreadable(path, error) from error
    except Exception as error:  # openpyxl raises whatever a damaged part leads to
        raise _damaged(path, str(error) or type(error).__name__) from error


def _damaged(path: Path, why: str) -> DataError:
    first = why.splitlines()[0]
    return DataError(
        f"the file is not a workbook that can be read ({first})", place=str(path), tip=TIP
    )


def _check_size(path: Path) -> None:
    try:
        with zipfile.ZipFile(path) as parts:
            size = sum(part.file_size for part in parts.infolist())
    except zipfile.BadZipFile as error:
        raise _damaged(path, "it may be locked by a password, or an older .xls") from error
    except OSError as error:
        raise unreadable(path, error) from error
    if size > MOST_BYTES:
        raise DataError(
            f"the workbook has {size:,} bytes unpacked; at most {MOST_BYTES:,} are read",
            place=str(path),
            tip="take a sample of the rows",
        )


def _first_table(path: Path, sheets: Iterable[Any]) -> Table:
    with_rows = [sheet for sheet in sheets if next(_rows(sheet), None) is not None]
    if not with_rows:
        raise DataError("the workbook has no row", place=str(path), tip="give a file with rows")
    read = next(filter(_is_wide, with_rows), with_rows[0])
    rows = _rows(read)
    above = titles_above([row for _, row in islice(_rows(read), SAMPLE)])
    titles = [row for _, row in islice(rows, above)]
    start, header = next(rows)
    below = ((number - start, row) for number, row in rows)
    found = _table(path, f"{path}, sheet '{read.title}'", header, below)
    remarks = left_out(titles)
    if others := [f"'{sheet.title}'" for sheet in with_rows if sheet is not read]:
        left = f"{', '.join(others)} {'is' if len(others) == 1 else 'are'} not"
        remarks = (f"The sheet '{read.title}' is read; {left}.", *remarks)
    return replace(found, remarks=remarks)


def _rows(sheet: Any) -> Iterator[tuple[int, Cells]]:
    """Those that have a value, with their numbers in the sheet."""
    sheet.reset_dimensions()  # what a file says of its own size is often wrong
    cells = ([_cell(value) for value in row] for row in sheet.iter_rows(values_only=True))
    return ((number, row) for number, row in enumerate(cells, 1) if filled(row))


def _is_wide(sheet: Any) -> bool:
    """Whether its header, or most of its first rows, have two columns or more: a sheet of notes has
    one."""
    wide = [len(filled(row)) > 1 for _, row in islice(_rows(sheet), SAMPLE)]
    return any(wide[:2]) or 2 * sum(wide) > len(wide)


def _table(path: Path, place: str, header: Cells, rows: Iterable[tuple[int, Cells]]) -> Table:
    if len(header) > MOST_COLUMNS:
        raise DataError(
            f"the sheet has {len(header):,} columns; at most {MOST_COLUMNS:,} are read",
            place=place,
            tip="take out those that are not needed",
        )
    found: dict[int, Cells] = {}
    for number, row in rows:
        found[number] = row
        check_count(path, len(found))
    if not found:
        raise DataError("there is a header and no row", place=place, tip="give rows below it")
    width = max(map(len, (header, *found.values())))
    given = [(name or "").strip() for name in (*header, *[None] * (width - len(header)))]
    valued = {i for row in found.values() for i in filled(row)}
    used = [i for i, name in enumerate(given) if name or i in valued]
    names = [given[i] or f"column {i + 1}" for i in used]
    check_header(place, names)
    return Table(
        path,
        tuple(names),
        tuple(
            Row(
                number,
                {
                    name: row[i] if i < len(row) else None
                    for i, name in zip(used, names, strict=True)
                },
            )
            for number, row in found.items()
        ),
    )


def _cell(value: Any) -> str | None:
    """A value as text: whole numbers without '.0', dates as ISO 8601."""
    if isinstance(value, str):
        return None if value in ERRORS else value
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, datetime):
        whole = value.time() == time(0)
        return str(value.date()) if whole else value.isoformat(sep=" ", timespec="seconds")
    if isinstance(value, date | time):
        return value.isoformat()
    return plain(value) if isinstance(value, int | float) or value is None else str(value)
