"""Splits by group and by time."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import numpy as np
import pytest

from headstart.audit import audit
from headstart.audit.columns import latest, parse_time
from headstart.types.brief import Brief, DataSource
from headstart.types.data import Dataset, Example, Place
from headstart.types.errors import DataError

BRIEF = Brief("pilot", DataSource("rows.csv"), repeats=1)
START = datetime(2026, 1, 1)


def dataset(n: int, **columns: list[str]) -> Dataset:
    examples = tuple(
        Example(str(i), f"row {i} of its own", f"class {i % 3}", Place("rows.csv", i + 1),
                tuple((name, values[i]) for name, values in columns.items()))
        for i in range(n)
    )  # fmt: skip
    return Dataset("text", examples, tuple(f"class {c}" for c in range(3)), "rows.csv", "0" * 64)


def by(**data: str) -> Brief:
    return replace(BRIEF, data=DataSource("rows.csv", **data))


def days(n: int) -> list[str]:
    """One row a day, in no order."""
    order = np.random.default_rng(0).permutation(n)
    return [(START + timedelta(days=int(day))).isoformat() for day in order]


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("2026-03-01T12:00:00Z", 1772366400), ("2026-03-01T13:00:00+01:00", 1772366400),
        ("2026-03-01 12:00", 1772366400), ("2026/03/01 12:00:00", 1772366400),
        ("01.03.2026 12:00", 1772366400), ("1772366400", 1772366400),
        ("1772366400000", 1772366400), ("Sun, 01 Mar 2026 12:00:00 +0000", 1772366400),
    ],
)  # fmt: skip
def test_times_in_many_forms_are_one_moment(text: str, seconds: int) -> None:
    assert parse_time(text) == seconds


def test_the_latest_rows_are_held_out() -> None:
    when = days(200)
    report = audit(dataset(200, at=when), None, by(time_column="at"))
    held = [when[i] for i in report.holdout]
    assert len(held) == 40
    assert min(held) > max(when[i] for i in report.development)
    assert report.holdout_clean.all()


def test_rows_of_one_moment_stay_together() -> None:
    assert latest(np.array([1.0, 2, 3, 3, 3]), 0.2).tolist() == [False, False, True, True, True]
    assert latest(np.array([1.0, 2, 2, 2]), 1.0).sum() < 4


def test_a_group_is_never_on_both_sides() -> None:
    customer = [f"c{i // 4}" for i in range(200)]
    report = audit(dataset(200, customer=customer), None, by(group_column="customer"))
    early = {customer[i] for i in report.development}
    assert not early & {customer[i] for i in report.holdout}
    for train, test in report.folds:
        rows = report.development
        assert not {customer[i] for i in rows[train]} & {customer[i] for i in rows[test]}


def test_a_group_that_leaks_into_the_holdout_file_does_not_decide() -> None:
    data = dataset(60, customer=[f"c{i // 3}" for i in range(60)])
    held = dataset(6, customer=["c0", "new", "c1", "other", "", "new"])
    fresh = [replace(e, key=f"h{i}", value=f"held {i}") for i, e in enumerate(held.examples)]
    held = replace(held, examples=tuple(fresh))
    report = audit(data, held, by(group_column="customer"))
    assert report.holdout_clean.tolist() == [False, True, False, True, True, True]
    (found,) = (one for one in report.findings if one.check == "holdout-groups")
    assert [place.row for place in found.rows] == [held.examples[i].place.row for i in (0, 2)]
    without = replace(held, examples=tuple(replace(e, metadata=()) for e in held.examples))
    assert audit(data, without, by(group_column="customer")).holdout_clean.all()


def test_late_rows_of_early_groups_do_not_decide() -> None:
    when = days(240)
    week = [f"week {(datetime.fromisoformat(day) - START).days // 7}" for day in when]
    data = dataset(240, at=when, who=week)
    report = audit(data, None, by(time_column="at", group_column="who"))
    early = {week[i] for i in report.development}
    for row, clean in zip(report.holdout, report.holdout_clean, strict=True):
        assert clean == (week[row] not in early)
    assert 0 < (~report.holdout_clean).sum() < 7
    (found,) = (one for one in report.findings if one.check.startswith("holdout"))
    late = int((~report.holdout_clean).sum())
    assert found.title == f"{late} hold-out row{'s' * (late > 1)} of a 'who' that is trained on"
    assert report.copies is not None
    assert len(set(report.copies.tolist())) == len(report.development)
    assert len(set(report.groups.tolist())) < len(report.development)


@pytest.mark.parametrize(
    ("columns", "brief", "said"),
    [
        ({"at": ["x"] * 200}, {"time_column": "att"}, "no other column 'att'"),
        ({"at": ["2026-01-01"] * 199 + ["soon"]}, {"time_column": "at"}, "'soon' is no time"),
        ({"at": ["2026-01-01"] * 200}, {"time_column": "at"}, "the same time"),
        ({"at": ["2026-01-01"] * 199 + [""]}, {"time_column": "at"}, "1 row without a value"),
        ({"who": ["a"] * 200}, {"group_column": "who"}, "the same 'who', 'a'"),
        ({}, {"group_column": "who"}, "no other column 'who'"),
        ({"at": days(200), "who": [f"c{i % 9}" for i in range(200)]},
         {"time_column": "at", "group_column": "who"}, "only 0 are in no group"),
    ],
)  # fmt: skip
def test_columns_that_cannot_be_used(
    columns: dict[str, list[str]], brief: dict[str, str], said: str
) -> None:
    with pytest.raises(DataError, match=said) as caught:
        audit(dataset(200, **columns), None, by(**brief))
    assert caught.value.tip
    assert "rows.csv" in str(caught.value.place)
