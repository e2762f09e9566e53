"""Tables beside the memo, for whoever wants to check it row by row."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

from headstart.evaluate import Answers
from headstart.types.data import SetAside
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
