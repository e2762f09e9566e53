"""Going through the most suspicious labels one by one; every answer is kept as it is given."""

from __future__ import annotations

import csv
import io
import json
import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from headstart.audit import LabelRanking
from headstart.audit.personal import mask_personal
from headstart.stats import wilson
from headstart.types.data import Dataset
from headstart.types.errors import PilotError
from headstart.types.result import Estimate

LOG = "artifacts/relabel.jsonl"
WINDOW = 20
LITTLE = 0.25
"""Enough was read when the share of wrong labels among the last 20 is surely below this."""
ACCEPT, KEEP, CHANGE, SKIP, UNDO = "accept", "keep", "change", "skip", "undo"
WRONG = (ACCEPT, CHANGE)


@dataclass(frozen=True, slots=True)
class Suspect:
    """A row whose label may be wrong. `row` is its index in the data set."""

    row: int
    key: str
    text: str
    place: str
    label: str
    suggestion: str
    wrong: float
    """Estimated probability that the label is wrong."""


def suspects(dataset: Dataset, rows: Sequence[int], ranking: LabelRanking) -> list[Suspect]:
    """The rows worth reading, the most suspicious first; `rows` leads from the ranking's rows to
    the data set's."""
    found = []
    for i in ranking.flagged:
        example = dataset.examples[rows[int(i)]]
        shown = mask_personal(example.value) if dataset.modality == "text" else example.value
        found.append(
            Suspect(
                rows[int(i)],
                example.key,
                shown,
                str(example.place),
                example.label,
                dataset.labels[int(ranking.suggested[i])],
                float(ranking.wrong[i]),
            )
        )
    return found


class Session:
    """Answers so far, read from and appended to a log in the pilot folder.

    A row is recognised by its content and label, so that a session goes on after the data has
    been read again.

    Raises:
        PilotError: the log is damaged.
    """

    def __init__(self, suspects: Sequence[Suspect], log: Path, labels: Sequence[str]) -> None:
        self.suspects, self.labels, self._log = list(suspects), tuple(labels), log
        self._answers: list[tuple[str, str, str]] = []
        if log.is_file():
            for number, line in enumerate(log.read_text(encoding="utf-8").splitlines(), 1):
                self._replay(line, number)

    def _replay(self, line: str, number: int) -> None:
        try:
            said = json.loads(line)
            action, name, to = said["action"], said["row"], said["to"]
        except (ValueError, KeyError, TypeError) as error:
            raise PilotError(
                "a line of the relabelling log cannot be read",
                place=f"{self._log}, line {number}",
                tip="remove that line; the answers in the others are kept",
            ) from error
        if action == UNDO:
            if self._answers:
                self._answers.pop()
        else:
            self._answers.append((name, action, to))

    @property
    def current(self) -> Suspect | None:
        """The next row that has no answer yet."""
        answered = {name for name, _, _ in self._answers}
        return next((one for one in self.suspects if _name(one) not in answered), None)

    def answer(self, action: str, to: str | None = None) -> None:
        """Say something of the current row.

        Raises:
            ValueError: there is no row left, the action is unknown, or the label is not known.
        """
        one = self.current
        if one is None or action not in (ACCEPT, KEEP, CHANGE, SKIP):
            raise ValueError(f"nothing to '{action}'")
        label = {ACCEPT: one.suggestion, KEEP: one.label, SKIP: one.label}.get(action, to)
        if label not in self.labels:
            raise ValueError(f"'{label}' is no label of this data")
        self._append(action, _name(one), str(label))

    def undo(self) -> bool:
        """Take the last answer back; False where there is none."""
        if not self._answers:
            return False
        self._append(UNDO, self._answers[-1][0], "")
        return True

    def _append(self, action: str, name: str, to: str) -> None:
        line = json.dumps({"action": action, "row": name, "to": to}, ensure_ascii=False)
        self._log.parent.mkdir(parents=True, exist_ok=True)
        with self._log.open("a", encoding="utf-8") as stream:
            stream.write(line + "\n")
        self._replay(line, 0)

    @property
    def read(self) -> list[bool]:
        """Of every row that was judged, in order: was its label wrong?"""
        return [action in WRONG for _, action, _ in self._answers if action != SKIP]

    def precision(self) -> Estimate | None:
        """Share of wrong labels among the rows read, with Wilson's interval."""
        read = self.read
        return wilson(sum(read), len(read)) if read else None

    @property
    def enough(self) -> bool:
        """Whether hardly any of the rows that are left will be wrong."""
        last = self.read[-WINDOW:]
        if len(last) < WINDOW:
            return False
        high = wilson(sum(last), len(last)).high
        return high is not None and high < LITTLE

    def changes(self) -> dict[int, str]:
        """New label of each row that gets one, by its index in the data set."""
        rows = {_name(one): one for one in self.suspects}
        return {
            rows[name].row: to
            for name, action, to in self._answers
            if action in WRONG and name in rows and to != rows[name].label
        }


def _name(one: Suspect) -> str:
    return f"{one.key[:24]}/{one.label}"


def relabelled_folder(dataset: Dataset, changes: dict[int, str], target: Path) -> None:
    """The pictures in one subfolder a class, by the new labels. Files are linked, not copied, where
    the disk allows it; the user's own stay where they are."""
    partial = target.with_name(f".{target.name}.building")
    shutil.rmtree(partial, ignore_errors=True)
    for row, example in enumerate(dataset.examples):
        source, label = Path(example.value), changes.get(row, example.label)
        place = partial / label.replace(os.sep, "_").lstrip(".")
        place.mkdir(parents=True, exist_ok=True)
        name = place / source.name
        if name.exists():
            name = place / f"{row}-{source.name}"
        try:
            os.link(source, name)
        except OSError:
            shutil.copyfile(source, name)
    shutil.rmtree(target, ignore_errors=True)
    os.replace(partial, target)


def relabelled_csv(dataset: Dataset, changes: dict[int, str]) -> str:
    """The whole data set with the new labels, and a column with the labels of before."""
    value, label = dataset.input_column or "path", dataset.label_column or "label"
    others = list(dict.fromkeys(name for e in dataset.examples for name, _ in e.metadata))
    if dataset.current_column is not None:
        others.append(dataset.current_column)
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow([value, label, *others, f"{label}_before"])
    for row, example in enumerate(dataset.examples):
        more = dict(example.metadata)
        if dataset.current_column is not None:
            more[dataset.current_column] = example.current
        new = changes.get(row, example.label)
        fields = [more.get(name, "") for name in others]
        writer.writerow([example.value, new, *fields, example.label])
    return stream.getvalue()
