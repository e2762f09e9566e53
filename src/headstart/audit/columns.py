"""A column that says which rows belong together, and one that says when they were made."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from headstart.audit.exhibits import count
from headstart.data.one_name import column_values
from headstart.types.brief import DataSource
from headstart.types.data import Dataset, Example
from headstart.types.errors import DataError, did_you_mean

FORMATS = (
    "%Y/%m/%d", "%Y/%m/%d %H:%M", "%Y/%m/%d %H:%M:%S", "%d.%m.%Y", "%d.%m.%Y %H:%M",
    "%d.%m.%Y %H:%M:%S", "%m/%d/%Y", "%m/%d/%Y %H:%M", "%m/%d/%Y %H:%M:%S", "%d %b %Y",
    "%d %B %Y", "%b %d, %Y", "%a, %d %b %Y %H:%M:%S %z",
)  # fmt: skip
MILLISECONDS = 1e11
"""Numbers above are milliseconds since 1970, below seconds."""


def column_of(examples: Sequence[Example], name: str, dataset: Dataset, flag: str) -> list[str]:
    """The values of a column that is neither the input nor the label.

    Raises:
        DataError: there is no such column, or a row has no value in it.
    """
    known = dict.fromkeys(key for example in examples for key, _ in example.metadata)
    if name not in known:
        raise DataError(
            f"there is no other column '{name}' to {flag} by",
            place=dataset.source,
            tip=did_you_mean(name, list(known)) if known else "the data has no further columns",
        )
    values = [dict(example.metadata).get(name, "").strip() for example in examples]
    empty = [example for example, value in zip(examples, values, strict=True) if not value]
    if empty:
        raise DataError(
            f"{count(len(empty), 'row')} without a value in '{name}'",
            place=f"{empty[0].place}",
            tip="fill them, or take the rows out",
        )
    return values


def group_ids(dataset: Dataset, holdout: Dataset | None, name: str) -> NDArray[np.int64]:
    """An id for each row of the data set, then of the hold-out: equal values, equal ids.

    A hold-out without the column gets ids of its own.

    Raises:
        DataError: the column is missing, has an empty value, or a single value.
    """
    values = column_of(dataset.examples, name, dataset, "group")
    if len(set(values)) < 2:
        raise DataError(
            f"every row has the same '{name}', '{values[0]}': nothing can be held out by it",
            place=dataset.source,
            tip="name another column with --group, or none",
        )
    held = [] if holdout is None else _held_values(holdout, name)
    numbers = {value: i for i, value in enumerate(dict.fromkeys([*values, *filter(None, held)]))}
    own = len(numbers)
    ids = [numbers[value] for value in values]
    ids += [numbers[value] if value else own + i for i, value in enumerate(held)]
    return np.array(ids, dtype=np.int64)


def _held_values(holdout: Dataset, name: str) -> list[str]:
    return [dict(example.metadata).get(name, "").strip() for example in holdout.examples]


def parse_time(text: str) -> float:
    """Seconds since 1970. ISO 8601, seconds or milliseconds since 1970, and common forms; a time
    without a zone is taken to be UTC.

    Raises:
        ValueError: none of these.

    >>> parse_time("1970-01-02T01:00:00+01:00"), parse_time("02.01.1970"), parse_time("86400")
    (86400.0, 86400.0, 86400.0)
    """
    try:
        number = float(text)
    except ValueError:
        number = float("nan")
    if np.isfinite(number):
        return number / 1000 if abs(number) > MILLISECONDS else number
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        found = _by_format(text)
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()


def _by_format(text: str) -> datetime:
    for form in FORMATS:
        try:
            return datetime.strptime(text, form)
        except ValueError:
            continue
    raise ValueError(f"'{text[:40]}' is no time that can be read")


def times_in(values: Sequence[str]) -> NDArray[np.float64] | None:
    """Seconds since 1970 where a column holds nothing but times with a date, else None.

    >>> times_in(["1970-01-01", "02.01.1970"]).tolist(), times_in(["22.78"])
    ([0.0, 86400.0], None)
    """
    if not all(re.search(r"\d[-/:]\d|\d\.\d+\.\d|\d{9}", value) for value in values):
        return None
    try:
        return np.array([parse_time(value) for value in values])
    except (ValueError, OverflowError):
        return None


def times(dataset: Dataset, name: str) -> NDArray[np.float64]:
    """When each row was made, in seconds since 1970.

    Raises:
        DataError: the column is missing or has an empty value, a value is no time, or all are one.
    """
    found = []
    values = column_of(dataset.examples, name, dataset, "order")
    for example, value in zip(dataset.examples, values, strict=True):
        try:
            found.append(parse_time(value))
        except (ValueError, OverflowError) as error:
            raise DataError(
                str(error),
                place=f"{example.place.file}, row {example.place.row}, column '{name}'",
                tip="write times as ISO 8601, for example 2026-03-01T14:30:00+01:00",
            ) from None
    if len(set(found)) < 2:
        raise DataError(
            f"every row has the same time in '{name}'",
            place=dataset.source,
            tip="name another column with --time, or none",
        )
    return np.array(found)


def label_values(dataset: Dataset, name: str) -> list[str]:
    """The labels of another column, empty where a row has none.

    Raises:
        DataError: there is no such column, or it holds a single label.
    """
    known = dict.fromkeys(key for example in dataset.examples for key, _ in example.metadata)
    if name not in known:
        raise DataError(
            f"there is no other column '{name}' with labels",
            place=dataset.source,
            tip=did_you_mean(name, list(known)) if known else "the data has no further columns",
        )
    values = column_values(dataset, name)
    if len(set(values) - {""}) < 2:
        raise DataError(
            f"the column '{name}' holds fewer than two labels",
            place=dataset.source,
            tip="name another column with --also, or none",
        )
    return values


def check_columns(dataset: Dataset, holdout: Dataset | None, data: DataSource) -> None:
    """See that the columns by which to group and to order, and those with further labels, can be
    used, before any work.

    Raises:
        DataError: one cannot.
    """
    if data.group_column is not None:
        group_ids(dataset, holdout, data.group_column)
    if data.time_column is not None:
        times(dataset, data.time_column)
    for name in data.also:
        if data.also.count(name) > 1 or name in (dataset.input_column, dataset.label_column):
            raise DataError(
                f"the column '{name}' is named twice",
                place=dataset.source,
                tip="name each further label column once, with --also",
            )
        label_values(dataset, name)


def latest(when: NDArray[np.float64], share: float) -> NDArray[np.bool_]:
    """The latest rows, about `share` of them; rows of one moment stay together."""
    edge = np.sort(when)[-max(1, round(share * len(when)))]
    late: NDArray[np.bool_] = when >= edge
    if late.all():
        late = when > edge
    return late
