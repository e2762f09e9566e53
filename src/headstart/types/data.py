"""Data: examples, what was set aside, splits and findings."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from headstart.types.brief import ModalityName
from headstart.types.result import Estimate, NotAvailable


@dataclass(frozen=True, slots=True)
class Place:
    """Where something stands: a file, and the row (1 = the first data row) and column in it."""

    file: str
    row: int | None = None
    column: str | None = None

    def __str__(self) -> str:
        row = f", row {self.row}" if self.row is not None else ""
        column = f", column '{self.column}'" if self.column is not None else ""
        return f"{self.file}{row}{column}"


@dataclass(frozen=True, slots=True)
class Example:
    """One usable labelled row."""

    key: str
    """sha256 (hex) of the content: of the text in UTF-8, or of the image file's bytes."""
    value: str
    """The text, or the absolute path of the image file."""
    label: str
    place: Place
    metadata: tuple[tuple[str, str], ...] = ()
    """The row's other columns, (name, value)."""
    current: str = ""
    """What today's process answers; empty where it answers nothing, or no such column is named."""


@dataclass(frozen=True, slots=True)
class SetAside:
    """One row that cannot be used, and why."""

    place: Place
    reason: str
    excerpt: str = ""


@dataclass(frozen=True, slots=True)
class Dataset:
    """Usable examples in file order, with what was set aside."""

    modality: ModalityName
    examples: tuple[Example, ...]
    labels: tuple[str, ...]
    """The distinct labels, sorted."""
    source: str
    sha256: str
    """sha256 over (key, label) of every example in order."""
    input_column: str | None = None
    label_column: str | None = None
    set_aside: tuple[SetAside, ...] = ()
    remarks: tuple[str, ...] = ()
    """What the reader noticed and the user should know, in plain sentences."""
    separator: str | None = None
    """What stands between the labels of a row that may have several; then `label` is their set,
    sorted and joined (of none: the separator alone), and `labels` are the sets that occur."""
    current_column: str | None = None
    """The column with today's answers, which stand in each example's `current`."""

    def __len__(self) -> int:
        return len(self.examples)

    @property
    def values(self) -> list[str]:
        return [example.value for example in self.examples]

    @property
    def keys(self) -> list[str]:
        return [example.key for example in self.examples]

    @property
    def sets(self) -> list[tuple[str, ...]]:
        """The labels of each row: one, or any number where there is a separator."""
        if self.separator is None:
            return [(example.label,) for example in self.examples]
        split = (example.label.split(self.separator) for example in self.examples)
        return [tuple(part for part in parts if part) for parts in split]

    @property
    def single_labels(self) -> tuple[str, ...]:
        """The distinct labels, sorted, each by itself where a row may have several."""
        if self.separator is None:
            return self.labels
        return tuple(sorted({label for own in self.sets for label in own}))

    def marks(self, labels: tuple[str, ...] | None = None) -> NDArray[np.int64]:
        """1 where a label applies to a row, else 0 (n, labels); default: the dataset's own."""
        names = self.single_labels if labels is None else labels
        index = {label: i for i, label in enumerate(names)}
        found = np.zeros((len(self.examples), len(names)), dtype=np.int64)
        for row, own in enumerate(self.sets):
            for label in own:
                if label in index:
                    found[row, index[label]] = 1
        return found

    def targets(self) -> NDArray[np.int64]:
        """What is learned of each row: the code of its label (n,), or where it may have several
        their marks (n, labels)."""
        return self.codes() if self.separator is None else self.marks()

    def codes(self, labels: tuple[str, ...] | None = None) -> NDArray[np.int64]:
        """Index of each label in `labels` (default: the dataset's own); -1 where it is absent."""
        index = {label: i for i, label in enumerate(labels or self.labels)}
        return np.array([index.get(e.label, -1) for e in self.examples], dtype=np.int64)


@dataclass(frozen=True, slots=True)
class DataReport:
    """What was read: the part of a dataset that a person is told about."""

    modality: ModalityName
    rows: int
    classes: tuple[str, ...]
    """The labels, each by itself where a row may have several."""
    sha256: str
    source: str
    input_column: str | None
    label_column: str | None
    set_aside: tuple[SetAside, ...]
    remarks: tuple[str, ...]
    holdout_source: str | None = None
    holdout_rows: int | None = None
    holdout_sha256: str | None = None
    holdout_set_aside: tuple[SetAside, ...] = ()
    outside_rows: int = 0
    """Rows out of scope, which are none of `rows`."""
    holdout_outside_rows: int = 0
    """Of those, how many are sealed with the hold-out."""
    outside_sha256: str = ""
    separator: str | None = None
    """What stands between the labels of a row that may have several."""
    unlabelled: int = 0
    """Rows, those of the hold-out included, without a label in this further label column."""


@dataclass(frozen=True, slots=True)
class Exhibit:
    """Rows to look at side by side: the two halves of a pair, a group, or one row."""

    places: tuple[Place, ...]
    values: tuple[str, ...]
    """Texts (cut, personal data masked), or paths of images; as many as `places`."""
    labels: tuple[str, ...]
    note: str = ""
    score: float | None = None
    """What the rows were ranked by (similarity, probability that the label is wrong, …)."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing an audit check found."""

    check: str
    severity: float
    """0: worth knowing, 1: makes the evidence worthless."""
    title: str
    detail: str
    rows: tuple[Place, ...] = ()
    done: str = "nothing"
    """What Headstart did: grouped, set aside, nothing."""
    advice: str = ""
    method: str = ""
    """How it was measured."""
    exhibits: tuple[Exhibit, ...] = ()
    """The clearest cases, best first."""
    numbers: dict[str, float | Estimate | NotAvailable] = field(default_factory=dict)
    """What was measured, by name."""


@dataclass(frozen=True, slots=True)
class CheckOutcome:
    """One audit check that ran, or that could not and why."""

    check: str
    findings: tuple[Finding, ...] = ()
    skipped: NotAvailable | None = None
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Folds:
    """Repeated k-fold on the development rows, the same for every arm.

    `assignment` has shape (repeats, n): the fold whose test part holds the row.
    """

    assignment: NDArray[np.int64]
    k: int

    @property
    def repeats(self) -> int:
        return int(self.assignment.shape[0])

    @property
    def n(self) -> int:
        return int(self.assignment.shape[1])

    def __iter__(self) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
        """(training rows, test rows) of each fold, repeat by repeat."""
        for repeat in self.assignment:
            for fold in range(self.k):
                yield np.flatnonzero(repeat != fold), np.flatnonzero(repeat == fold)


HoldoutKind = Literal["file", "carved", "none"]


@dataclass(frozen=True, slots=True)
class AuditReport:
    """What the data is fit for: the split, the groups, the folds and the findings."""

    development: NDArray[np.int64]
    """Rows of the dataset used for training and cross-validation."""
    groups: NDArray[np.int64]
    """One group id for each development row; rows of one group never sit on both sides. Near-
    duplicates share one, and rows of one value in the brief's group column."""
    folds: Folds
    holdout_kind: HoldoutKind
    holdout: NDArray[np.int64]
    """Rows of the dataset (carved) or of the user's file that form the hold-out."""
    holdout_clean: NDArray[np.bool_]
    """For each hold-out row: does it decide? False where it duplicates a development row."""
    rows: int
    class_counts: dict[str, int]
    """Rows of each class; of each single label where a row may have several."""
    metric: str
    metric_reason: str
    margin: float
    """A smaller difference of the metric is not worth a more complex arm."""
    small_classes: tuple[str, ...] = ()
    """Classes with fewer development rows (or groups) than folds."""
    findings: tuple[Finding, ...] = ()
    holdout_alike: NDArray[np.bool_] | None = None
    """For each hold-out row: is another row nearly the same? Those that decide have no such row
    among the development rows, but may have one beside them. None: it was not looked at."""
    copies: NDArray[np.int64] | None = None
    """One id for each development row; near-duplicates share it, whatever the group column says.
    None: it was not looked at."""
