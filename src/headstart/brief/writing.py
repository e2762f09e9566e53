"""headstart.toml for a person to edit: every field stands there, the defaults as comments."""

from __future__ import annotations

import os
import tempfile
from operator import attrgetter
from pathlib import Path
from typing import Any

from headstart.brief.form import OWN, TABLES
from headstart.types.brief import SAID_AS, Brief, ColumnCosts
from headstart.types.errors import PilotError

HEAD = """# The brief of this pilot. A line that begins with '#' is not said: its default holds.
# Edit, then: headstart run {folder}
"""

PATHS = {name: path for path, name in SAID_AS.items()}
"""Fields of `Brief`, by their names in headstart.toml."""


def write_toml(brief: Brief, path: Path) -> None:
    """Write the brief; `read_brief` gives it back equal. Whole, or not at all.

    Raises:
        PilotError: it cannot be written there.
    """
    content = brief_text(brief, path.absolute().parent.name)
    try:
        handle, partial = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as stream:
                stream.write(content)
            os.chmod(partial, 0o644)
            os.replace(partial, path)
        except BaseException:
            Path(partial).unlink(missing_ok=True)
            raise
    except (OSError, UnicodeEncodeError) as error:
        raise PilotError(
            f"the brief cannot be written ({getattr(error, 'strerror', None) or error})",
            place=str(path),
            tip="free some space, or name another folder with --out",
        ) from error


def brief_text(brief: Brief, folder: str) -> str:
    """The content of headstart.toml."""
    parts = [HEAD.format(folder=folder)]
    for table, form in TABLES.items():
        lines = [f"[{table}]"]
        for key, field in form.model_fields.items():
            if key in OWN.get(table, ()):
                continue
            lines.append(f"# {field.description}")
            name = f"{table}.{key}"
            said = "# " if name in brief.defaulted else ""
            lines.append(said + _line(key, _value(brief, name)))
        parts.append("\n".join(lines) + "\n")
        if table == "data":
            parts.append(_own("labels", "Definition of each label", brief.data.definitions))
            shares = "Share of the cases in use that have each label, 1 in all"
            parts.append(_own("prevalence", shares, brief.data.prevalence))
        if table == "mistakes":
            own = ColumnCosts(brief.mistake_costs, brief.false_alarm_costs, brief.cost_matrix)
            parts += _costs("mistakes", own)
            for column, costs in brief.column_costs.items():
                parts += _costs(f"columns.{toml_string(column)}", costs)
    return "\n".join(parts)


def _costs(table: str, costs: ColumnCosts) -> list[str]:
    what = "Cost of answering a label wrongly, beside the miss"
    pairs = "Cost of one mistake, the true label and then { answer = cost }"
    return [
        _own(f"{table}.costs", "Cost of missing one case", costs.costs),
        _own(f"{table}.false_alarms", what, costs.false_alarms),
        _own(f"{table}.matrix", pairs, costs.matrix),
    ]


def _value(brief: Brief, name: str) -> Any:
    """What a field of headstart.toml holds."""
    found = attrgetter(PATHS.get(name, name))(brief)
    return list(found) if isinstance(found, tuple) else found


def _line(key: str, value: Any) -> str:
    return f"{key} =" if value is None else f"{key} = {toml_value(value)}"


def _own(table: str, what: str, values: dict[str, Any]) -> str:
    lines = [f"[{table}]", f"# {what}, a line each: name = …"]
    lines += [f"{toml_string(key)} = {toml_value(value)}" for key, value in values.items()]
    return "\n".join(lines) + "\n"


def toml_value(value: Any) -> str:
    """A value in TOML.

    >>> toml_value(["a", 'b"']), toml_value(0.5), toml_value(3)
    ('["a", "b\\\\""]', '0.5', '3')
    """
    if isinstance(value, str):
        return toml_string(value)
    if isinstance(value, list):
        return "[" + ", ".join(map(toml_value, value)) + "]"
    if isinstance(value, dict):
        pairs = (f"{toml_string(key)} = {toml_value(item)}" for key, item in value.items())
        return "{ " + ", ".join(pairs) + " }"
    return repr(float(value)) if isinstance(value, float) else str(value)


def toml_string(text: str) -> str:
    """A basic TOML string."""
    named = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r"}
    return (
        '"'
        + "".join(
            named.get(c) or (c if c.isprintable() or c == " " else f"\\U{ord(c):08X}") for c in text
        )
        + '"'
    )
