"""The reference page of headstart.toml, made from the form itself."""

from __future__ import annotations

from headstart.brief.form import OWN, TABLES

HEAD = """# The brief: headstart.toml

Made from the program itself; do not edit.

`headstart init` writes this file into the pilot folder, and `headstart run` reads it from there. The whole file is checked before any work is done, and every problem is named at once. What is not said has a default, and the memo lists what was defaulted.
"""

LABELS = """## [labels]

Definition of each label in plain words, one line a label: `refund = "The customer asks for money back."` Definitions are what the zero-shot arm compares a text with; without one it takes the label's name.
"""

PREVALENCE = """## [prevalence]

How common each label is in use, where the rows were not drawn as cases come (so many of each class, say), one line a label: `fraud = 0.02`. Every label is named, and the shares add up to 1. Probabilities, scores, thresholds and a hold-out that is drawn from the rows are then those of use; a hold-out file, or the latest rows (`time`), count as they are. Default: cases come as the rows do.
"""

COSTS = """## [mistakes.costs]

Cost of missing one case of a label, one line a label: `fraud = 50.0`. A label that is not named costs 1.0.

Where a cost is named here or below, and no level is required, the primary metric is the cost of a case: arms, rungs and the decision follow it, and the bundle gives the answer with the least expected cost.

## [mistakes.false_alarms]

Cost of answering a label for a case that is none of it, one line a label: `fraud = 2.0`. It comes on top of what missing the true label costs; a label that is not named adds nothing.

## [mistakes.matrix]

Cost of one mistake where it depends on the answer too: the true label, then what was answered, one line a true label: `fraud = { card = 80.0, refund = 20.0 }`. It stands above the two tables before; what is not named there costs what they say.

## [columns.NAME.costs], [columns.NAME.false_alarms], [columns.NAME.matrix]

The same three tables for a further label column (`[data] also`), in the same unit: `[columns.urgency.costs]`, and below it `high = 20.0`. The column's own metric is then the cost of a case, and its answers are those with the least expected cost, unless a level or another metric is required. `review` and `automated` are those of the first column.
"""


def brief_page() -> str:
    """The page in Markdown."""
    parts = [HEAD]
    for table, form in TABLES.items():
        parts.append(f"## [{table}]\n\n{form.__doc__}\n")
        rows = ["| field | default | meaning |", "| --- | --- | --- |"]
        for key, field in form.model_fields.items():
            if key in OWN.get(table, ()):
                continue
            default = "" if field.is_required() or field.default is None else f"`{field.default!r}`"
            if field.default_factory is not None:
                default = ""
            rows.append(f"| `{key}` | {default} | {field.description} |")
        parts.append("\n".join(rows) + "\n")
        if table == "data":
            parts += [LABELS, PREVALENCE]
        if table == "mistakes":
            parts.append(COSTS)
    return "\n".join(parts)
