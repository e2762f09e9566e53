"""JSON: one object a line, or one list of objects, which may stand in an object."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
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
from headstart.data.nested import flat, joined
from headstart.data.tables import Row, Table, check_count, check_damage
from headstart.types.errors import DataError

TIP = 'write one object a line: {"text": "…", "label": "…"}'
MOST_LIST_BYTES = 200_000_000
"""A list is parsed whole; a file with one object a line is not."""
JUDGED, VERDICT, ACCEPTED = "_task_hash", "answer", "accept"
"""In rows from Prodigy: a field that they all have, the annotator's verdict, and the one verdict
under which the row's label holds."""


@dataclass(frozen=True, slots=True)
class _Found:
    """One row of JSON: its number and its fields; or why it cannot be used."""

    number: int
    fields: dict[str, Any] = field(default_factory=dict)
    problem: str | None = None


def read_json_lines(path: Path) -> Table:
    """The table in a file with one JSON object a line. Objects within an object give columns like
    `outer.inner`.

    Raises:
        DataError: it is not UTF-8, or most lines are no objects.
    """
    tally = EncodingTally()
    return _table(path, _line_rows(path, tally), tally)


def read_json(path: Path) -> Table:
    """The table in a JSON file: a list of objects, the one such list in an object, or one object a
    line after all.

    Raises:
        DataError: it is none of these.
    """
    lines = (line.text.strip() for line in text_lines(path))
    first, second = [*islice(filter(None, lines), 2), "", ""][:2]
    if not first.startswith(("[", "{")) or (first.startswith("{") and second.startswith("{")):
        return read_json_lines(path)
    content = _whole(path)
    remarks: tuple[str, ...] = ()
    if isinstance(content, dict):
        lists = {name: one for name, one in content.items() if _is_table(one)}
        if not lists and not second:
            return read_json_lines(path)
        if len(lists) != 1:
            held = ", ".join(f"'{name}'" for name in lists)
            raise DataError(
                f"the file is one object with several lists of objects: {held}"
                if lists
                else "the file is one object, and holds no list of objects",
                place=str(path),
                tip=TIP,
            )
        ((name, content),) = lists.items()
        remarks = (f"The rows are those of '{name}'.",)
    rows = (_row(number, item) for number, item in enumerate(content, 1))
    return _table(path, rows, EncodingTally(), remarks)


def _is_table(value: Any) -> bool:
    return isinstance(value, list) and any(isinstance(one, dict) for one in value)


def _whole(path: Path) -> Any:
    """The content of a file that is parsed at once."""
    try:
        size = path.stat().st_size
        if size > MOST_LIST_BYTES:
            raise DataError(
                f"the list has {size:,} bytes; at most {MOST_LIST_BYTES:,} are read",
                place=str(path),
                tip=f"give JSONL instead: {TIP}",
            )
        return json.loads(path.read_bytes())
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


def _table(
    path: Path, found: Iterable[_Found], tally: EncodingTally, remarks: tuple[str, ...] = ()
) -> Table:
    rows: list[_Found] = []
    header: dict[str, None] = {}
    listed: dict[str, None] = {}
    for row in found:
        rows.append(row)
        header.update(dict.fromkeys(row.fields))
        listed.update(dict.fromkeys(n for n, v in row.fields.items() if isinstance(v, list)))
        check_count(path, len(rows))
    several = set()
    for name in listed:
        column, more = joined([row.fields.get(name) for row in rows])
        if more:
            several.add(name)
        for row, value in zip(rows, column, strict=True):
            if name in row.fields:
                row.fields[name] = value
    texts = [_as_text(row) for row in rows]
    remarks = (*remarks, *tally.check(path))
    check_damage(path, texts, TIP)
    if not header:
        raise DataError("the objects have no field", place=str(path), tip=TIP)
    return Table(path, tuple(header), tuple(texts), remarks, frozenset(several))


def _line_rows(path: Path, tally: EncodingTally) -> Iterator[_Found]:
    number = 0
    for line in text_lines(path):
        if not line.text.strip():
            continue
        number += 1
        problem = tally.count(number, [line.text]) or line.problem
        if problem is not None:
            yield _Found(number, problem=problem)
            continue
        try:
            content = json.loads(line.text)
        except (ValueError, RecursionError) as error:
            yield _Found(number, problem=f"not JSON ({error})")
        else:
            yield _row(number, content)


def _row(number: int, content: Any) -> _Found:
    if not isinstance(content, dict):
        return _Found(number, problem=f"a JSON {_kind(content)}, not an object")
    fields = {readable(name).strip(): value for name, value in flat(content).items()}
    verdict = fields.get(VERDICT, ACCEPTED)
    if JUDGED in fields and verdict != ACCEPTED:
        return _Found(number, fields, f"its label does not hold ({VERDICT}: {verdict})")
    return _Found(number, fields)


def _as_text(found: _Found) -> Row:
    fields = {name: plain(value) for name, value in found.fields.items()}
    problem = next((p for value in fields.values() if value and (p := wrong_byte(value))), None)
    if problem is not None:
        fields = {n: v and readable(v) for n, v in fields.items()}
    return Row(found.number, fields, problem or found.problem)


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
