"""Tables beside the memo, for whoever wants to check it row by row."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from headstart.evaluate import Answers, SetAnswers
from headstart.types.data import SetAside
from headstart.types.result import HoldoutAnswers
from headstart.workflow.arms import Rows


def predictions_csv(rows: Rows, said: Answers) -> str:
    """One line a row: where it stands, its label, what was predicted and how surely."""
    return _csv(
        ["place", "label", "predicted", "probability"],
        [
            [place, rows.labels[code], rows.labels[answer], f"{probability:.6f}"]
            for place, code, answer, probability in zip(
                rows.places, rows.codes, said.given, said.certainty, strict=True
            )
        ],
    )


def set_predictions_csv(rows: Rows, said: SetAnswers) -> str:
    """The same where a row may have several labels; every label has its probability."""
    named = _joined(rows.labels, rows.separator or "")
    each = zip(rows.places, rows.codes, said.given, said.certainty, said.proba, strict=True)
    return _csv(
        ["place", "label", "predicted", "probability"]
        + [f"probability of {label}" for label in rows.labels],
        [
            [place, named(marks), named(given), f"{sure:.6f}", *(f"{one:.6f}" for one in proba)]
            for place, marks, given, sure, proba in each
        ],
    )


def _joined(labels: Sequence[str], between: str) -> Callable[[NDArray[np.generic]], str]:
    """From marks of the labels to their names, as they stand in the data."""
    return lambda marks: between.join(labels[int(i)] for i in np.flatnonzero(marks)) or between


def holdout_csv(found: HoldoutAnswers, labels: Sequence[str], separator: str | None = None) -> str:
    """One line a hold-out row, as it was answered the one time it was opened; `decides` is false
    for a row that repeats a training row."""
    one: Callable[[Any], str] = lambda code: labels[int(code)]  # noqa: E731
    named = one if separator is None else _joined(labels, separator)
    marks = ["true" if clean else "false" for clean in found.clean]
    each = zip(found.places, found.keys, found.codes, found.given, marks, found.proba, strict=True)
    return _csv(
        ["place", "sha256", "label", "predicted", "decides"]
        + [f"probability of {label}" for label in labels],
        [
            [place, key.tobytes().hex(), named(code), named(answer), mark]
            + [f"{probability:.6f}" for probability in row]
            for place, key, code, answer, mark, row in each
        ],
    )


def set_aside_csv(rows: Iterable[SetAside]) -> str:
    """One line for each row that could not be used, and why."""
    return _csv(
        ["file", "row", "column", "reason", "excerpt"],
        [[s.place.file, s.place.row, s.place.column, s.reason, s.excerpt] for s in rows],
    )


def _csv(header: Sequence[str], lines: Iterable[Sequence[object]]) -> str:
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(lines)
    return stream.getvalue()
