"""A brief from headstart.toml, or from what was said on the command line."""

from __future__ import annotations

import os
import shlex
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from headstart.brief.form import TABLES, BriefForm, CostsForm, DataForm
from headstart.brief.problems import problems_of
from headstart.data.reading import near_names
from headstart.types.brief import Brief, Budget, ColumnCosts, DataSource, Requirement
from headstart.types.errors import BriefError, did_you_mean

FILE = "headstart.toml"
ROUNDED = 0.02
"""By which shares may miss a sum of 1."""
UNBOUNDED = ("log_loss", "cost")
"""Metrics that are no share."""


def read_brief(path: Path) -> Brief:
    """The brief in a pilot folder or a toml file; relative paths are taken from its folder.

    Raises:
        BriefError: with every problem at once.
    """
    file = path / FILE if os.path.isdir(path) else path
    return _validated(_parsed(file), file, file.absolute().parent)


def infer_brief(
    source: str | Path,
    *,
    input_column: str | None = None,
    label_column: str | None = None,
    holdout: str | Path | None = None,
    group_column: str | None = None,
    time_column: str | None = None,
    also: Sequence[str] = (),
    separator: str | None = None,
    out_of_scope: str | None = None,
    order: Sequence[str] = (),
    prevalence: Mapping[str, float] | None = None,
    current: str | None = None,
    metric: str | None = None,
    level: float | None = None,
    sets: float | None = None,
    backbones: Sequence[str] = (),
    minutes: float | None = None,
    seed: int | None = None,
    reference: str | Path | None = None,
    use: str | None = None,
    max_stage: str | None = None,
    rungs: Sequence[str] = (),
    name: str | None = None,
) -> Brief:
    """The brief of a bare data set, with defaults where nothing is said (None).

    Raises:
        BriefError: with every problem at once.
    """
    document: dict[str, dict[str, Any]] = {
        "task": {"name": name, "use": use},
        "data": {
            "path": str(source),
            "input": input_column,
            "label": label_column,
            "holdout": None if holdout is None else str(holdout),
            "group": group_column,
            "time": time_column,
            "also": list(also) or None,
            "out_of_scope": out_of_scope,
            "separator": separator,
            "order": list(order) or None,
            "current": current,
        },
        "prevalence": dict(prevalence or {}),
        "requirement": {"metric": metric, "level": level, "sets": sets},
        "budget": {"minutes": minutes},
        "trial": {
            "backbones": list(backbones) or None,
            "seed": seed,
            "reference": None if reference is None else str(reference),
            "max_stage": max_stage,
            "rungs": list(rungs) or None,
        },
    }
    said = {
        table: {key: value for key, value in fields.items() if value is not None}
        for table, fields in document.items()
    }
    return _validated(said, None, Path.cwd())


def _parsed(file: Path) -> dict[str, Any]:
    try:
        content = file.read_bytes()
    except FileNotFoundError:
        raise BriefError(
            ["there is no brief here"],
            place=str(file),
            tip=f"write one: headstart init {shlex.quote(str(file.parent))} DATA",
        ) from None
    except OSError as error:
        raise BriefError(
            [f"the file cannot be read ({error.strerror})"], place=str(file), tip="check its rights"
        ) from error
    try:
        return tomllib.loads(content.removeprefix(b"\xef\xbb\xbf").decode("utf-8"))
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise BriefError(
            [f"line {line} is not UTF-8"], place=str(file), tip="save the file in UTF-8"
        ) from error
    except tomllib.TOMLDecodeError as error:
        raise BriefError(
            [f"not TOML: {error}"],
            place=str(file),
            tip='texts stand in quotes: label = "intent"; a Windows path in single ones',
        ) from error


def _validated(document: dict[str, Any], file: Path | None, base: Path) -> Brief:
    problems: list[str] = []
    form: BriefForm | None = None
    try:
        form = BriefForm.model_validate(document)
    except ValidationError as error:
        problems = problems_of(error)
    problems += _wrong_paths(document, base)
    if form is not None:
        problems += _wrong_together(form)
    if problems or form is None:
        raise BriefError(
            problems,
            place=str(file) if file else None,
            tip=f"edit {file}, then run again" if file else "say it again, corrected",
        )
    return _brief(form, document, base)


def _wrong_paths(document: dict[str, Any], base: Path) -> list[str]:
    found = []
    for table, key in (("data", "path"), ("data", "holdout"), ("trial", "reference")):
        said = document.get(table)
        value = said.get(key) if isinstance(said, dict) else None
        if not isinstance(value, str) or not value:
            continue
        where = base / value
        if not os.path.exists(where):
            found.append(
                f"[{table}] {key}: there is no file or folder {where}; {near_names(where)}"
            )
    return found


def _wrong_together(form: BriefForm) -> list[str]:
    required = form.requirement
    found = []
    bounded = required.metric not in UNBOUNDED
    if required.level is not None and bounded and required.level > 1:
        found.append(
            f"[requirement] level is {required.level:g}; it must be at most 1 "
            f"(90% is 0.9), unless the metric is log_loss or cost"
        )
    if bounded and required.margin > 0.5:
        found.append(
            f"[requirement] margin is {required.margin:g}; it must be at most 0.5 "
            f"(1 point is 0.01), unless the metric is log_loss or cost"
        )
    if required.sets is not None and form.data.separator is not None:
        found.append(
            f"[requirement] sets is {required.sets:g}, and [data] separator is "
            f"'{form.data.separator}': sets are for rows with one label each; leave out one of them"
        )
    found += _wrong_order(form.data) + _wrong_current(form.data)
    tables = {"mistakes": form.mistakes} | {
        f"columns.{name}": costs for name, costs in form.columns.items()
    }
    for table, costs in tables.items():
        found += [
            f"[{table}.{where} is negative; a cost is 0 or more" for where in _negative(costs)
        ]
    found += [
        f"[columns.{name}] names no further label column; "
        + (did_you_mean(name, form.data.also) if form.data.also else "[data] also names none")
        for name in form.columns
        if name not in form.data.also
    ]
    return found + _wrong_prevalence(form) + _strange_labels(form)


def _negative(costs: CostsForm) -> list[str]:
    """Where a cost below 0 stands."""
    plain = (("costs", costs.costs), ("false_alarms", costs.false_alarms))
    rows = [*plain, *((f"matrix.{label}", row) for label, row in costs.matrix.items())]
    return [
        f"{table}] {label}" for table, row in rows for label, cost in row.items() if not cost >= 0
    ]


def _wrong_order(data: DataForm) -> list[str]:
    """What is wrong with the order of the labels, before the data is looked at."""
    found = []
    twice = sorted({label for label in data.order if data.order.count(label) > 1})
    if twice:
        found.append(f"[data] order names {', '.join(twice)} more than once; name each label once")
    if len(data.order) == 1:
        found.append(f"[data] order names '{data.order[0]}' alone; name all labels, lowest first")
    if data.order and data.separator is not None:
        found.append(
            f"[data] order is named, and separator is '{data.separator}': of rows with several "
            "labels none is a step from another; leave out one of them"
        )
    if data.out_of_scope is not None and data.out_of_scope in data.order:
        found.append(
            f"[data] order names '{data.out_of_scope}', which is the label of rows out of scope; "
            "it is no step of the order: leave it out there"
        )
    return found


def _wrong_current(data: DataForm) -> list[str]:
    """What is wrong with the column of today's answers, before the data is looked at."""
    if data.current is None:
        return []
    found = []
    if data.separator is not None:
        found.append(
            f"[data] current is '{data.current}', and separator is '{data.separator}': today's "
            "answers are compared on rows with one label each; leave out one of them"
        )
    taken = {"input": data.input, "label": data.label, "group": data.group, "time": data.time}
    uses = [name for name, column in taken.items() if column == data.current]
    uses += ["also"] if data.current in data.also else []
    found += [
        f"[data] current is '{data.current}', which is the column of {name} too; name another"
        for name in uses
    ]
    return found


def _wrong_prevalence(form: BriefForm) -> list[str]:
    """What is wrong with the shares in use, before the data is looked at."""
    if not form.prevalence:
        return []
    found = [
        f"[prevalence] {label} is {share:g}; a share lies above 0 and below 1"
        for label, share in form.prevalence.items()
        if not 0.0 < share < 1.0
    ]
    total = sum(form.prevalence.values())
    if not found and abs(total - 1.0) > ROUNDED:
        found.append(f"[prevalence] the shares add up to {total:.3g}; name every label's, 1 in all")
    if form.data.separator is not None:
        found.append(
            f"[prevalence] is named, and separator is '{form.data.separator}': shares of labels "
            "are for rows with one label each; leave out one of them"
        )
    return found


def _strange_labels(form: BriefForm) -> list[str]:
    """Labels that stand in [mistakes] but not in [labels], where that names at least two."""
    known = list(form.labels)
    if len(known) < 2:
        return []
    named = [("costs", label) for label in form.mistakes.costs]
    named += [("false_alarms", label) for label in form.mistakes.false_alarms]
    for label, row in form.mistakes.matrix.items():
        named.append(("matrix", label))
        named += [(f"matrix.{label}", answer) for answer in row]
    return [
        f"[mistakes.{table}] {label} is no label of [labels]; {did_you_mean(label, known)}"
        for table, label in named
        if label not in form.labels
    ]


def _brief(form: BriefForm, document: dict[str, Any], base: Path) -> Brief:
    data, required, budget, trial = form.data, form.requirement, form.budget, form.trial
    path = (base / data.path).resolve()
    return Brief(
        name=form.task.name or path.stem,
        data=DataSource(
            path=str(path),
            input_column=data.input,
            label_column=data.label,
            holdout=None if data.holdout is None else str((base / data.holdout).resolve()),
            group_column=data.group,
            time_column=data.time,
            also=tuple(data.also),
            separator=data.separator,
            out_of_scope=data.out_of_scope,
            order=tuple(data.order),
            current=data.current,
            modality=data.modality,
            definitions=dict(form.labels),
            prevalence=dict(form.prevalence),
        ),
        carry_over=form.task.carry_over,
        value=form.task.value,
        requirement=Requirement(
            required.metric,
            required.level,
            required.margin,
            required.confidence,
            required.max_error,
            required.certainty,
            required.false_alarms,
            required.sets,
        ),
        budget=Budget(
            budget.minutes, budget.latency_ms, budget.price_per_core_hour, budget.concurrency
        ),
        mistake_costs=dict(form.mistakes.costs),
        false_alarm_costs=dict(form.mistakes.false_alarms),
        cost_matrix={label: dict(row) for label, row in form.mistakes.matrix.items()},
        column_costs={
            name: ColumnCosts(
                dict(one.costs),
                dict(one.false_alarms),
                {label: dict(row) for label, row in one.matrix.items()},
            )
            for name, one in form.columns.items()
        },
        review_cost=form.mistakes.review,
        automated_value=form.mistakes.automated,
        failure_cost=form.mistakes.failure_cost,
        use=form.task.use,
        reference=None if trial.reference is None else str((base / trial.reference).resolve()),
        backbones=tuple(trial.backbones),
        max_stage=trial.max_stage,
        rungs=tuple(trial.rungs),
        folds=trial.folds,
        repeats=trial.repeats,
        seed=trial.seed,
        defaulted=_defaulted(document),
    )


def _defaulted(document: dict[str, Any]) -> tuple[str, ...]:
    """Dotted names of the fields and of the tables of labels that were not said."""
    names = [
        f"{table}.{key}"
        for table, form in TABLES.items()
        for key in form.model_fields
        if document.get(table, {}).get(key, {}) == {}
    ]
    tables = [table for table in ("labels", "prevalence", "columns") if not document.get(table)]
    return (*names, *tables)
