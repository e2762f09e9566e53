"""The schema of decision.json, and its reference page."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

PAGE = "docs/reference/decision-schema.md"


def decision_schema() -> dict[str, Any]:
    """JSON Schema (draft 2020-12) of what `decision_json` returns."""
    text = files("headstart.decide").joinpath("decision.schema.json").read_text(encoding="utf-8")
    schema: dict[str, Any] = json.loads(text)
    return schema


def schema_markdown(schema: dict[str, Any]) -> str:
    """The reference page of a schema: one table for the document, one for each part and record.

    Kept in `PAGE`, where a test says when it is out of date.
    """
    version = schema["properties"]["schema_version"]["const"]
    lines = [
        "# decision.json",
        "",
        schema["description"],
        "",
        f"Schema version {version}. The schema itself is "
        "`src/headstart/decide/decision.schema.json` (JSON Schema, draft 2020-12). A field may be "
        "added in a minor version; a field is removed or changes its meaning only in a new major "
        "one.",
        "",
        *_table(schema),
    ]
    for name, part in schema["properties"].items():
        if "properties" in part:
            lines += [f"## {name}", "", part["description"], "", *_table(part)]
    lines += ["## Records", ""]
    for name, part in schema["$defs"].items():
        lines += [f"### {name}", "", part["description"], ""]
        lines += _table(part) if "properties" in part else [_type(part), ""]
    return "\n".join(lines).rstrip() + "\n"


def _table(part: dict[str, Any]) -> list[str]:
    lines = ["| field | type | meaning |", "| --- | --- | --- |"]
    for name, field in part["properties"].items():
        meaning = field.get("description", "")
        lines.append(f"| `{name}` | {_type(field)} | {meaning} |")
    return [*lines, ""]


def _type(field: dict[str, Any]) -> str:
    """A field's type in words, with links to the records.

    >>> _type({"type": ["number", "null"]}), _type({"enum": ["yes", "no"]})
    ('number or null', '`yes`, `no`')
    """
    if "$ref" in field:
        name = field["$ref"].rsplit("/", 1)[1]
        return f"[{name}](#{name})"
    if "const" in field:
        return f"`{json.dumps(field['const'])}`"
    if "enum" in field:
        return ", ".join(f"`{choice}`" for choice in field["enum"])
    for choice in ("anyOf", "oneOf"):
        if choice in field:
            return " or ".join(_type(option) for option in field[choice])
    kinds = field["type"] if isinstance(field["type"], list) else [field["type"]]
    words = " or ".join(kinds)
    if "items" in field:
        return f"{words} of {_type(field['items'])}"
    if isinstance(field.get("additionalProperties"), dict):
        return f"{words} of {_type(field['additionalProperties'])}"
    return words
