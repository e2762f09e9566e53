"""Tables as rows of text: CSV, TSV, JSONL and Parquet."""

from __future__ import annotations

import csv
import io
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from headstart.types.data import Place, SetAside
from headstart.types.errors import DataError, MissingExtra

SUFFIXES = (".csv", ".tsv", ".txt", ".jsonl", ".ndjson", ".parquet")
DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}
MOST_BYTES = 2_000_000_000
LARGEST_FIELD = 1_000_000
"""Characters in one field; a larger one is almost always a quote that was never closed."""
MARKS = {
    b"\xff\xfe\x00\x00": "utf-32",
    b"\x00\x00\xfe\xff": "utf-32",
    b"\xff\xfe": "utf-16",
    b"\xfe\xff": "utf-16",
}


@dataclass(frozen=True, slots=True)
class Row:
    """One data row: its number (1 = the first) and its fields; or why it cannot be used."""

    number: int
    fields: dict[str, str | None]
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """A table that was read whole."""

    path: Path
    header: tuple[str, ...]
    rows: tuple[Row, ...]
    remarks: tuple[str, ...] = ()

    def set_aside(self) -> tuple[SetAside, ...]:
        """The rows that could not be read."""
        return tuple(
            SetAside(Place(str(self.path), row.number), row.problem, "")
            for row in self.rows
            if row.problem is not None
        )


def read_table(path: Path) -> Table:
    """The table at `path`, by its suffix.

    Raises:
        DataError: it is missing, empty, too large, not a table, or of an unknown kind.
        MissingExtra: Parquet, without pyarrow.
    """
    size = _size(path)
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        raise DataError(
            f"a file that ends in '{path.suffix}' is not a table that can be read",
            place=str(path),
            tip=f"give one that ends in {', '.join(SUFFIXES)}, or a folder of images",
        )
    if size == 0:
        raise DataError("the file is empty", place=str(path), tip="give a file with rows")
    if size > MOST_BYTES:
        raise DataError(
            f"the file has {size:,} bytes; at most {MOST_BYTES:,} are read",
            place=str(path),
            tip="take a sample of the rows",
        )
    if suffix == ".parquet":
        return _parquet(path)
    if suffix in {".jsonl", ".ndjson"}:
        return _jsonl(path)
    return _csv(path)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        near = _near_names(path)
        raise DataError("there is no such file", place=str(path), tip=near) from None
    except OSError as error:
        raise DataError(
            f"the file cannot be read ({error.strerror})", place=str(path), tip="check its rights"
        ) from error


def _near_names(path: Path) -> str:
    from headstart.types.errors import did_you_mean

    folder = path.absolute().parent
    if not folder.is_dir():
        return f"there is no folder {folder} either; check the path"
    names = [p.name for p in folder.iterdir() if not p.name.startswith(".")]
    return did_you_mean(path.name, names) if names else "check the path"


def _text_lines(path: Path) -> Iterator[tuple[bytes, str]]:
    """(raw, decoded) lines; bytes that are not UTF-8 stand as lone surrogates."""
    with path.open("rb") as stream:
        for number, raw in enumerate(stream):
            line = raw.removeprefix(b"\xef\xbb\xbf") if number == 0 else raw
            yield raw, line.decode("utf-8", "surrogateescape")


def _check_encoding(path: Path) -> None:
    with path.open("rb") as stream:
        head = stream.read(65536)
    for mark, name in MARKS.items():
        if head.startswith(mark):
            raise DataError(
                f"the file is {name.upper()}, not UTF-8",
                place=str(path),
                tip=f"convert it: iconv -f {name.upper()} -t UTF-8 {path.name} > utf8-{path.name}",
            )
    if head.count(b"\0") > len(head) // 4:
        raise DataError(
            "the file is binary (or UTF-16 without a mark), not a table in UTF-8",
            place=str(path),
            tip="save it as CSV in UTF-8",
        )


def undecodable(text: str) -> bool:
    """Whether the text holds bytes that were not UTF-8."""
    return any("\udc80" <= character <= "\udcff" for character in text)


def _delimiter(path: Path, first: str) -> str:
    if path.suffix.lower() == ".tsv":
        return "\t"
    counts = {mark: len(next(csv.reader([first], delimiter=mark), [])) for mark in DELIMITERS}
    best = max(counts, key=lambda mark: counts[mark])
    return best if counts[best] > 1 else ","


def _csv(path: Path) -> Table:
    _check_encoding(path)
    csv.field_size_limit(min(sys.maxsize, 2**31 - 1))
    lines = (line for _, line in _text_lines(path))
    first = next((line for line in lines if line.strip()), None)
    if first is None:
        raise DataError("the file holds no text", place=str(path), tip="give a file with rows")
    delimiter = _delimiter(path, first)
    reader = csv.reader((line for _, line in _text_lines(path)), delimiter=delimiter)
    found: list[Row] = []
    header: tuple[str, ...] | None = None
    try:
        for fields in reader:
            if not fields or not any(field.strip() for field in fields):
                continue
            if header is None:
                header = _header(path, fields)
            else:
                found.append(_csv_row(len(found) + 1, header, fields))
    except csv.Error as error:
        raise DataError(
            f"the table cannot be read: {error}",
            place=f"{path}, line {reader.line_num}",
            tip="look for a quote that is not closed, or save the table again as CSV in UTF-8",
        ) from error
    if header is None or not found:
        raise DataError("there is a header and no row", place=str(path), tip="give rows below it")
    _check_damage(path, found, delimiter)
    remarks = (
        () if delimiter == "," else (f"The columns are divided by a {DELIMITERS[delimiter]}.",)
    )
    return Table(path, header, tuple(found), remarks)


def _header(path: Path, fields: list[str]) -> tuple[str, ...]:
    if any(undecodable(field) for field in fields):
        raise DataError(
            "the header is not UTF-8",
            place=f"{path}, line 1",
            tip=f"convert it: iconv -f LATIN1 -t UTF-8 {path.name} > utf8-{path.name}",
        )
    names = [field.strip().removeprefix("\ufeff") for field in fields]
    double = sorted({name for name in names if name and names.count(name) > 1})
    if double:
        raise DataError(
            f"the column '{double[0]}' stands twice in the header",
            place=f"{path}, line 1",
            tip="rename one of them",
        )
    return tuple(name or f"column {number}" for number, name in enumerate(names, 1))


def _csv_row(number: int, header: tuple[str, ...], fields: list[str]) -> Row:
    values: dict[str, str | None] = dict(zip(header, fields, strict=False))
    problem = None
    if any(len(field) > LARGEST_FIELD for field in fields):
        problem = (
            f"a field has {max(map(len, fields)):,} characters; at most {LARGEST_FIELD:,} are "
            "read (a quote that was never closed?)"
        )
    elif any(undecodable(field) for field in fields):
        problem = "not UTF-8"
    elif any("\0" in field for field in fields):
        problem = "holds a NUL byte"
    elif (
        len(fields) > len(header) and any(field.strip() for field in fields[len(header) :])
    ) or len(fields) < len(header):
        problem = f"has {len(fields)} fields and the header {len(header)}"
    if problem is not None:
        values = dict.fromkeys(header) if "field has" in problem else values
    return Row(number, values, problem)


def _check_damage(path: Path, rows: list[Row], delimiter: str) -> None:
    """Refuse a table of which most rows share one problem."""
    broken = [row for row in rows if row.problem]
    if len(broken) * 2 <= len(rows):
        return
    if sum(row.problem == "not UTF-8" for row in broken) * 2 > len(rows):
        raise DataError(
            f"{len(broken)} of {len(rows)} rows are not UTF-8",
            place=f"{path}, row {broken[0].number}",
            tip=f"convert it: iconv -f LATIN1 -t UTF-8 {path.name} > utf8-{path.name}",
        )
    raise DataError(
        f"{len(broken)} of {len(rows)} rows cannot be read (the first: {broken[0].problem}); "
        f"the columns were taken to be divided by a {DELIMITERS[delimiter]}",
        place=f"{path}, row {broken[0].number}",
        tip="save the table as CSV, divided by commas, with quotes where a text holds one",
    )


def _jsonl(path: Path) -> Table:
    _check_encoding(path)
    rows: list[Row] = []
    header: dict[str, None] = {}
    number = 0
    for _, line in _text_lines(path):
        if not line.strip():
            continue
        number += 1
        rows.append(_jsonl_row(number, line))
        header.update(dict.fromkeys(rows[-1].fields))
    if not rows or not header:
        first = rows[0].problem if rows else "no line"
        raise DataError(
            f"no line is a JSON object ({first})",
            place=str(path),
            tip='write one object a line: {"text": "…", "label": "…"}',
        )
    broken = [row for row in rows if row.problem]
    if len(broken) * 2 > len(rows):
        raise DataError(
            f"{len(broken)} of {len(rows)} lines cannot be read (the first: {broken[0].problem})",
            place=f"{path}, row {broken[0].number}",
            tip='write one object a line: {"text": "…", "label": "…"}',
        )
    return Table(path, tuple(header), tuple(rows))


def _jsonl_row(number: int, line: str) -> Row:
    if undecodable(line):
        return Row(number, {}, "not UTF-8")
    try:
        content = json.loads(line)
    except ValueError as error:
        return Row(number, {}, f"not JSON ({error})")
    except RecursionError:
        return Row(number, {}, "not JSON (nested too deeply)")
    if not isinstance(content, dict):
        return Row(number, {}, f"a JSON {type(content).__name__}, not an object")
    return Row(number, {str(name): _plain(value) for name, value in content.items()})


def _plain(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False)


def _parquet(path: Path) -> Table:
    try:
        import pyarrow
        import pyarrow.parquet as parquet
    except ImportError as error:
        raise MissingExtra("Reading Parquet", extra="parquet", package="pyarrow") from error
    try:
        table = parquet.read_table(path)
    except (pyarrow.ArrowException, OSError) as error:
        raise DataError(
            f"the file is not Parquet that can be read ({error})",
            place=str(path),
            tip="write it again, for example with pandas: frame.to_parquet(…)",
        ) from error
    names = tuple(str(name) for name in table.column_names)
    columns = [column.to_pylist() for column in table.columns]
    rows = tuple(
        Row(number, {name: _cell(value) for name, value in zip(names, values, strict=True)})
        for number, values in enumerate(zip(*columns, strict=True), 1)
    )
    if not rows:
        raise DataError("the table has no row", place=str(path), tip="give a file with rows")
    return Table(path, names, rows)


def _cell(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bytes):
        return value.decode("utf-8", "surrogateescape")
    if isinstance(value, (int, float, bool)):
        return str(value)
    stream = io.StringIO()
    json.dump(value, stream, ensure_ascii=False, default=str)
    return stream.getvalue()
