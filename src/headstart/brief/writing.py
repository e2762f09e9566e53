"""headstart.toml for a person to edit: every field stands there, the defaults as comments."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any

from headstart.brief.form import OWN, TABLES
from headstart.types.brief import Brief, ColumnCosts
from headstart.types.errors import PilotError

HEAD = """# The brief of this pilot. A line that begins with '#' is not said: its default holds.
# Edit, then: headstart run {folder}
"""


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
        values = _values(brief, table)
        lines = [f"[{table}]"]
        for key, field in form.model_fields.items():
            if key in OWN.get(table, ()):
                continue
            lines.append(f"# {field.description}")
            value = values[key]
            said = f"{table}.{key}" not in brief.defaulted
            lines.append(("" if said else "# ") + _line(key, value))
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
        _own(f"{table}.costs", "Cost of missing one case", costs.misses),
        _own(f"{table}.false_alarms", what, costs.false_alarms),
        _own(f"{table}.matrix", pairs, costs.matrix),
    ]


def _values(brief: Brief, table: str) -> dict[str, Any]:
    data, required, budget = brief.data, brief.requirement, brief.budget
    every: dict[str, dict[str, Any]] = {
        "task": {
            "name": brief.name,
            "value": brief.value,
            "use": brief.use,
            "carry_over": brief.carry_over,
        },
        "data": {
            "path": data.path,
            "input": data.input_column,
            "label": data.label_column,
            "holdout": data.holdout,
            "group": data.group_column,
            "time": data.time_column,
            "also": list(data.also),
            "separator": data.separator,
            "out_of_scope": data.out_of_scope,
            "order": list(data.order),
            "current": data.current,
            "modality": data.modality,
        },
        "requirement": {
            "metric": required.metric,
            "level": required.level,
            "margin": required.margin,
            "confidence": required.confidence,
            "max_error": required.max_error,
            "certainty": required.certainty,
            "false_alarms": required.false_alarms,
            "sets": required.sets,
        },
        "budget": {
            "minutes": budget.minutes,
            "latency_ms": budget.latency_ms,
            "concurrency": budget.concurrency,
            "price_per_core_hour": budget.price_per_core_hour,
        },
        "mistakes": {
            "failure_cost": brief.failure_cost,
            "review": brief.review_cost,
            "automated": brief.automated_value,
        },
        "trial": {
            "backbones": list(brief.backbones),
            "reference": brief.reference,
            "max_stage": brief.max_stage,
            "rungs": list(brief.rungs),
            "folds": brief.folds,
            "repeats": brief.repeats,
            "seed": brief.seed,
        },
    }
    return every[table]


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
