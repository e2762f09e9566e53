"""readiness.toml: a person's answers beside the evidence. It is read and changed line by line, so
that comments and order are kept."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection
from pathlib import Path
from typing import Any

from headstart.brief.writing import toml_string
from headstart.types.errors import PilotError, did_you_mean
from headstart.types.readiness import Answers

TABLE, OWNERS, OWNER = "readiness", "readiness.owners", "owner"
HEAD = """# What the evidence of this pilot cannot say, in your own words: key = "answer".
# An answer that begins with 'no' or 'not' stays a gap. Shown by: headstart readiness PILOT
"""
HEADER = re.compile(r"\s*\[")
ONE_LINE = re.compile(r"""\s*[\w"'-]+\s*=\s*(?:"(?:[^"\\]|\\.)*"|'[^']*')\s*(#.*)?$""")


def read_answers(path: Path, keys: Collection[str]) -> Answers:
    """The answers in a readiness.toml; none where there is no such file.

    keys: the lines that may be answered.

    Raises:
        PilotError: it is not TOML, or a key or a value cannot be used.
    """
    if not path.is_file():
        return Answers()
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise PilotError(
            f"the answers cannot be read: {error}",
            place=str(path),
            tip='correct that line; every answer is one line: key = "text"',
        ) from error
    return _checked(found, path, keys)


def _checked(found: dict[str, Any], path: Path, keys: Collection[str]) -> Answers:
    said = found.pop(TABLE, {})
    if found or not isinstance(said, dict):
        raise PilotError(
            f"it has '{next(iter(found), TABLE)}' beside the table [{TABLE}]",
            place=str(path),
            tip=f"put every answer below [{TABLE}] and every owner below [{OWNERS}]",
        )
    owners = said.pop("owners", {})
    if not isinstance(owners, dict):
        raise PilotError(
            f"'owners' is {owners!r}, not a table",
            place=str(path),
            tip=f'put every owner below [{OWNERS}]: key = "name"',
        )
    owner = said.pop(OWNER, "")
    for table, values in ((TABLE, {**said, OWNER: owner}), (OWNERS, owners)):
        for key, text in values.items():
            if key != OWNER:
                check_key(key, keys, place=f"{path}, [{table}]")
            if not isinstance(text, str):
                raise PilotError(
                    f"'{key}' is {text!r}, not a text",
                    place=f"{path}, [{table}]",
                    tip=f'write it in quotes: {key} = "…"',
                )
    return Answers(said, owners, owner)


def check_key(key: str, keys: Collection[str], *, place: str = "") -> None:
    """
    Raises:
        PilotError: there is no such line.
    """
    if key not in keys:
        raise PilotError(
            f"there is no line '{key}' to answer",
            place=place or None,
            tip=did_you_mean(key, sorted(keys)),
        )


def with_answer(content: str, key: str, text: str, owner: str | None = None) -> str:
    """The file with one answer (and its owner) changed or added; every other line as it was.

    content: of the file so far; empty for a new one.

    Raises:
        PilotError: the answer is empty, or its old one does not stand on a line of its own.
    """
    changed = _with_line(content or HEAD, TABLE, key, text)
    return changed if owner is None else _with_line(changed, OWNERS, key, owner)


def with_owner(content: str, owner: str) -> str:
    """The file with the owner of every line that names none."""
    return _with_line(content or HEAD, TABLE, OWNER, owner)


def _with_line(content: str, table: str, key: str, text: str) -> str:
    if not text.strip():
        raise PilotError(f"'{key}' is answered with nothing", tip="say something, or leave it open")
    lines = content.splitlines()
    wanted = re.compile(rf"\s*\[\s*{re.escape(table)}\s*\]\s*(#.*)?$")
    start = next((i for i, line in enumerate(lines) if wanted.match(line)), None)
    said = f"{key} = {toml_string(text.strip())}"
    if start is None:
        lines += ["", f"[{table}]", said]
    else:
        end = next((i for i in range(start + 1, len(lines)) if HEADER.match(lines[i])), len(lines))
        own = re.compile(rf"""\s*["']?{re.escape(key)}["']?\s*=""")
        old = next((i for i in range(start + 1, end) if own.match(lines[i])), None)
        if old is None:
            last = max(i for i in range(start, end) if lines[i].strip())
            lines.insert(last + 1, said)
        else:
            match = ONE_LINE.match(lines[old])
            remark = match[1] if match else None
            lines[old] = f"{said}  {remark}" if remark else said
    changed = "\n".join(lines) + "\n"
    if not _only_this_changed(content, changed, table, key, text.strip()):
        raise PilotError(
            f"the line of '{key}' cannot be changed without touching others",
            place="readiness.toml",
            tip=f"edit it by hand, below [{table}]: {said}",
        )
    return changed


def _only_this_changed(before: str, after: str, table: str, key: str, text: str) -> bool:
    """Whether the two differ in this value alone."""
    try:
        expected, found = tomllib.loads(before), tomllib.loads(after)
    except tomllib.TOMLDecodeError:
        return False
    own = expected
    for name in table.split("."):
        own = own.setdefault(name, {})
    own[key] = text
    return expected == found
