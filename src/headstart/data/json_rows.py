"""JSON: one object a line, or one list of objects."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from headstart.data.encoding import (
    EncodingTally,
    convert,
    readable,
    text_lines,
    unreadable,
    wrong_byte,
)
from headstart.data.tables import Row, Table, check_count, check_damage
from headstart.types.errors import DataError

TIP = 'write one object a line: {"text": "…", "label": "…"}'
MOST_LIST_BYTES = 200_000_000
"""A list is parsed whole; a file with one object a line is not."""


def read_json_lines(path: Path) -> Table:
    """The table in a file with one JSON object a line.

    Raises:
        DataError: it is not UTF-8, or most lines are no objects.
    """
    tally = EncodingTally()
    return _table(path, _line_rows(path, tally), tally)


def read_json(path: Path) -> Table:
    """The table in a JSON file: a list of objects, or one object a line after all.

    Raises:
        DataError: it is neither.
    """
    lines = text_lines(path)
    first = next((line.text.lstrip() for line in lines if line.text.strip()), "")
    if not first.startswith("["):
        return read_json_lines(path)
    try:
        size = path.stat().st_size
        if size > MOST_LIST_BYTES:
            raise DataError(
                f"the list has {size:,} bytes; at most {MOST_LIST_BYTES:,} are read",
                place=str(path),
                tip=f"give JSONL instead: {TIP}",
            )
        content = json.loads(path.read_bytes())
    except OSError as error:
        raise unreadable(path, error) from error
    except UnicodeDecodeError as error:
        raise DataError(
            f"the file is not UTF-8 (byte 0x{error.object[error.start]:02X} after {error.start:,} "
            "bytes); it seems to be Latin-1 (Windows-1252)",
            place=str(path),
            tip=convert(path, "WINDOWS-1252"),
        ) from error
    except (ValueError, RecursionError) as error:
        raise DataError(f"the file is not JSON ({error})", place=str(path), tip=TIP) from error
    rows = (_row(number, item) for number, item in enumerate(content, 1))
    return _table(path, rows, EncodingTally())


def _table(path: Path, found: Iterable[Row], tally: EncodingTally) -> Table:
    rows: list[Row] = []
    header: dict[str, None] = {}
    for row in found:
        rows.append(row)
        header.update(dict.fromkeys(row.fields))
        check_count(path, len(rows))
    remarks = tally.check(path)
    check_damage(path, rows, TIP)
    if not header:
        raise DataError("the objects have no field", place=str(path), tip=TIP)
    return Table(path, tuple(header), tuple(rows), remarks)


def _line_rows(path: Path, tally: EncodingTally) -> Iterator[Row]:
    number = 0
    for line in text_lines(path):
        if not line.text.strip():
            continue
        number += 1
        problem = tally.count(number, [line.text]) or line.problem
        if problem is not None:
            yield Row(number, {}, problem)
            continue
        try:
            content = json.loads(line.text)
        except (ValueError, RecursionError) as error:
            yield Row(number, {}, f"not JSON ({error})")
        else:
            yield _row(number, content)


def _row(number: int, content: Any) -> Row:
    if not isinstance(content, dict):
        return Row(number, {}, f"a JSON {_kind(content)}, not an object")
    fields = {readable(str(name)).strip(): plain(value) for name, value in content.items()}
    problem = next((p for value in fields.values() if value and (p := wrong_byte(value))), None)
    if problem is not None:
        return Row(number, {n: v and readable(v) for n, v in fields.items()}, problem)
    return Row(number, fields)


def _kind(value: Any) -> str:
    kinds = {list: "list", str: "string", type(None): "null", bool: "boolean"}
    return kinds.get(type(value), "number")


def plain(value: Any) -> str | None:
    """A JSON value as text; None where it stands for no value.

    >>> plain("a"), plain(3), plain(True), plain(None), plain(float("nan")), plain(["é"])
    ('a', '3', 'true', None, None, '["é"]')
    """
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, float) and math.isnan(value):
        return None
    return readable(json.dumps(value, ensure_ascii=False, default=str))
