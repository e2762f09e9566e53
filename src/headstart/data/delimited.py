"""CSV and TSV."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

from headstart.data.encoding import EncodingTally, Line, convert, readable, text_lines, wrong_byte
from headstart.data.records import Record, read_records
from headstart.data.tables import (
    Row,
    Table,
    check_count,
    check_damage,
    check_header,
    left_out,
    titles_above,
)
from headstart.types.errors import DataError

DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}
NAMED = re.compile(r"sep=[,;|\t]\s*")
"""The line in which Excel names the delimiter, above the header."""
SAMPLE = 50
"""Lines by which the delimiter is judged."""
AGREED = 0.9
"""Share of the lines below a title that are divided as their header is; below it, there is none."""
DAMAGE_TIP = "save the table as CSV, divided by commas, with quotes around a text that holds one"


def read_delimited(path: Path) -> Table:
    """The table in a CSV or TSV file; the delimiter, and a title above the header, are found by
    looking.

    Raises:
        DataError: it is not UTF-8, has no header or no row, or most rows are damaged.
    """
    delimiter, above = _layout(path)
    titles: list[Sequence[str]] = []
    rows: list[Row] = []
    blank = 0
    header: tuple[str, ...] | None = None
    tally = EncodingTally()
    for record in read_records(_lines(path), delimiter):
        if header is None:
            if any(field.strip() for field in record.fields):
                if len(titles) < above:
                    titles.append(record.fields)
                else:
                    header = _header(path, record)
            continue
        if not record.fields:
            blank += 1
            continue
        if len(header) == 1:
            # In a table of one column, a blank line above a row is a row without a value.
            rows += [Row(len(rows) + i + 1, {header[0]: ""}) for i in range(blank)]
        blank = 0
        rows.append(_row(len(rows) + 1, header, record, tally))
        check_count(path, len(rows))
    if header is None:
        raise DataError("the file holds no text", place=str(path), tip="give a file with rows")
    if not rows:
        raise DataError("there is a header and no row", place=str(path), tip="give rows below it")
    remarks = (*left_out(titles), *tally.check(path))
    name = DELIMITERS[delimiter]
    check_damage(path, rows, DAMAGE_TIP, f"; columns were taken to be divided by a {name}")
    if delimiter != ",":
        remarks = (f"The columns are divided by a {name}.", *remarks)
    return Table(path, header, tuple(rows), remarks)


def _lines(path: Path) -> Iterator[Line]:
    for number, line in enumerate(text_lines(path)):
        if number or not NAMED.fullmatch(line.text):
            yield line


def _layout(path: Path) -> tuple[str, int]:
    """The mark that divides the header, and most lines below it into as many fields; and how many
    lines with text stand above the header."""
    sample = list(islice((line for line in _lines(path) if line.text.strip()), SAMPLE))
    best, found = (0.0, 0), (",", 0)
    for mark in DELIMITERS:
        records = [record.fields for record in read_records(sample, mark)]
        records = [fields for fields in records if any(field.strip() for field in fields)]
        above = titles_above(records)
        sizes = [len(fields) for fields in records[above:]]
        if not sizes or sizes[0] < 2:
            continue
        share = sum(size == sizes[0] for size in sizes) / len(sizes)
        if (not above or share >= AGREED) and (share, sizes[0]) > best:
            best, found = (share, sizes[0]), (mark, above)
    return found


def _header(path: Path, record: Record) -> tuple[str, ...]:
    place = f"{path}, the header"
    if any(wrong_byte(field) for field in record.fields):
        raise DataError("the header is not UTF-8", place=place, tip=convert(path, "WINDOWS-1252"))
    if record.problem is not None:
        raise DataError(f"the header cannot be read: {record.problem}", place=place, tip=DAMAGE_TIP)
    given = (field.strip().replace("\0", "") for field in record.fields)
    names = tuple(name or f"column {number}" for number, name in enumerate(given, 1))
    check_header(place, names)
    return names


def _row(number: int, header: Sequence[str], record: Record, tally: EncodingTally) -> Row:
    fields = record.fields
    values: dict[str, str | None] = dict.fromkeys(header)
    problem = tally.count(number, fields) or record.problem
    if problem is not None:
        values.update(zip(header, map(readable, fields), strict=False))
        return Row(number, values, problem)
    values.update(zip(header, fields, strict=False))
    if any("\0" in field for field in fields):
        problem = "holds a NUL byte"
    elif len(fields) < len(header) or any(field.strip() for field in fields[len(header) :]):
        problem = f"has {len(fields)} fields and the header {len(header)}"
    return Row(number, values, problem)
