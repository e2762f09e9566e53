"""Answers from a bundle: raw texts or image paths to probabilities."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from headstart.bundles.batches import Batch, image_batches, text_batches
from headstart.bundles.manifest import outputs_of
from headstart.bundles.session import Session
from headstart.metrics import given_answers, given_labels, set_certainty
from headstart.ports import Preprocessor, Progress
from headstart.types.artifact import BundleOutput, Manifest, Prediction
from headstart.types.errors import BundleError


@dataclass(frozen=True, slots=True)
class Scored:
    """Answers for rows that may be unusable.

    probabilities (n, classes), float32: NaN in the rows that are in `errors` (index -> reason).
    """

    probabilities: NDArray[np.float32]
    errors: dict[int, str]
    further: dict[str, NDArray[np.float32]] = field(default_factory=dict)
    """Label column -> its probabilities (n, classes), beside those of the first one."""
    outside: NDArray[np.float32] | None = None
    """How little each row looks like those that were trained on (n,), where the bundle can tell."""


@dataclass(frozen=True, slots=True)
class Part:
    """A model that runs once, and which of the bundle's outputs (by their number) it gives."""

    preprocessor: Preprocessor
    session: Session
    outputs: tuple[int, ...]


class BundlePredictor:
    """A bundle that answers. Needs neither torch nor scikit-learn; safe to share between threads.

    The same values in the same order give the same bytes. A row alone can differ from the row
    beside others in the last digits of single precision (about 1e-7): a product with one row is
    rounded in another order.
    """

    def __init__(self, manifest: Manifest, parts: Sequence[Part]) -> None:
        self.manifest = manifest
        self.labels: tuple[str, ...] = manifest.labels
        self.outputs = outputs_of(manifest)
        self.parts = tuple(parts)

    def __repr__(self) -> str:
        m = self.manifest
        if m.further:
            columns = ", ".join(f"{one.column} ({len(one.labels)} labels)" for one in self.outputs)
            return f"<bundle '{m.name}': {columns} on {m.modality}>"
        return f"<bundle '{m.name}': {m.approach} on {m.modality}, {len(m.labels)} labels>"

    def predict_proba(self, values: Iterable[str]) -> NDArray[np.float32]:
        """Probabilities (n, classes), columns in the order of `labels`; (0, classes) for no values.

        values: texts, or paths of image files.

        Raises:
            BundleError: a value cannot be used; names the first such row, and how many there are.
        """
        return self.whole(values).probabilities

    def whole(self, values: Iterable[str]) -> Scored:
        """The probabilities of every label column, where every value can be used.

        Raises:
            BundleError: see `predict_proba`.
        """
        scored = self.score(values)
        if scored.errors:
            row, reason = min(scored.errors.items())
            n, bad = len(scored.probabilities), len(scored.errors)
            others = f" ({bad} of {n} values cannot be used)" if bad > 1 else ""
            raise BundleError(
                f"{reason}{others}",
                place=f"values[{row}]",
                tip="leave it out, or call .score(values), which answers the other rows",
            )
        return scored

    def predict(self, values: Iterable[str]) -> list[Prediction]:
        """The label of each value, with all probabilities: the most probable one, or where the
        manifest holds costs (the brief's, or those that suit its metric) the one that is expected
        to cost least.

        Raises:
            BundleError: see `predict_proba`.
        """
        scored = self.whole(values)
        return [self.answer(scored, row) for row in range(len(scored.probabilities))]

    def answer(self, scored: Scored, row: int) -> Prediction:
        """One row of what was scored, with the answer of every label column."""
        further = {column: table[row] for column, table in scored.further.items()}
        strange = None if scored.outside is None else float(scored.outside[row])
        return self.prediction(scored.probabilities[row], strange, further)

    def prediction(
        self,
        probabilities: NDArray[np.float32],
        outside: float | None = None,
        further: Mapping[str, NDArray[np.float32]] | None = None,
    ) -> Prediction:
        """One row of `predict_proba` as an answer; of equally good labels the first one wins.

        outside: its score of strangeness. further: the same row of every further label column.
        """
        first, inside = _prediction(self.outputs[0], probabilities), self._in_scope(outside)
        first = replace(first, review=first.review or inside is False, in_scope=inside)
        if not further:
            return first
        others = {one.column: _prediction(one, further[one.column]) for one in self.outputs[1:]}
        return replace(first, outputs={self.outputs[0].column: first, **others})

    def _in_scope(self, outside: float | None) -> bool | None:
        rule = self.manifest.outside
        if not rule or outside is None:
            return None
        return rule["above"] is None or outside <= rule["above"]

    def score(self, values: Iterable[str | None], progress: Progress | None = None) -> Scored:
        """Answers for every row that can be used, and for each other row the reason.

        Raises:
            BundleError: `values` is one text instead of a list of them.
        """
        rows = _rows(values)
        errors = {i: reason for i, value in enumerate(rows) if (reason := _reason(value))}
        outside = np.full(len(rows), np.nan, dtype=np.float32)
        tables = [
            np.full((len(rows), len(output.labels)), np.nan, dtype=np.float32)
            for output in self.outputs
        ]
        total = len(rows) * len(self.parts)
        for number, part in enumerate(self.parts):
            done = number * len(rows) + len(errors)
            for batch in self._batches(rows, errors, part.preprocessor):
                errors.update(batch.errors)
                if batch.rows:
                    found, strange = part.session(batch.inputs)
                    for output, table in zip(part.outputs, found, strict=True):
                        tables[output][batch.rows] = table
                    if strange is not None:
                        outside[batch.rows] = strange
                done += len(batch.rows) + len(batch.errors)
                if progress is not None:
                    progress("predicting", done, total)
        for table in tables if len(self.parts) > 1 else ():
            table[list(errors)] = np.nan
        further = {one.column: table for one, table in zip(self.outputs, tables, strict=True)}
        further.pop(self.outputs[0].column)
        told = outside if self.parts[0].session.has_outside else None
        return Scored(tables[0], dict(sorted(errors.items())), further, told)

    def _batches(
        self, rows: Sequence[str | None], errors: dict[int, str], preprocessor: Preprocessor
    ) -> Iterator[Batch]:
        usable = [(i, value) for i, value in enumerate(rows) if i not in errors and value]
        if self.manifest.modality == "image":
            return image_batches(usable, preprocessor)
        return text_batches(usable, preprocessor)


def _prediction(output: BundleOutput, probabilities: NDArray[np.float32]) -> Prediction:
    if output.separator:
        return _set_prediction(output, probabilities)
    numbers = probabilities.tolist()
    by = np.array(output.costs) if output.costs else None
    best = int(given_answers(probabilities[None, :], by)[0])
    rule = output.review
    return Prediction(
        label=output.labels[best],
        probability=numbers[best],
        probabilities=dict(zip(output.labels, numbers, strict=True)),
        review=bool(rule) and (rule["below"] is None or numbers[best] < rule["below"]),
        prediction_set=_prediction_set(output, numbers, output.labels[best]),
    )


def _prediction_set(
    output: BundleOutput, numbers: list[float], answer: str
) -> tuple[str, ...] | None:
    """Every label that is probable enough; where there is one, the answer too."""
    if not output.sets:
        return None
    pairs = sorted(zip(numbers, output.labels, strict=True), key=lambda pair: -pair[0])
    if pairs[0][0] < output.sets["threshold"]:
        return ()
    return tuple(
        label for number, label in pairs if number >= output.sets["threshold"] or label == answer
    )


def _set_prediction(output: BundleOutput, probabilities: NDArray[np.float32]) -> Prediction:
    """All labels that apply to a row."""
    row = probabilities[None, :]
    given = given_labels(row, np.array(output.costs) if output.costs else None)
    sure = float(set_certainty(row, given)[0])
    labels = tuple(label for label, own in zip(output.labels, given[0], strict=True) if own)
    rule = output.review
    return Prediction(
        label=output.separator.join(labels) or output.separator,
        probability=sure,
        probabilities=dict(zip(output.labels, probabilities.tolist(), strict=True)),
        review=bool(rule) and (rule["below"] is None or sure < rule["below"]),
        labels=labels,
    )


def _rows(values: Iterable[str | None]) -> list[str | None]:
    if isinstance(values, (str, bytes, os.PathLike)):
        raise BundleError(
            f"expected a list of values, got one: {str(values)[:80]!r}",
            tip="put it in a list: .predict([value])",
        )
    return [os.fspath(value) if isinstance(value, os.PathLike) else value for value in values]


def _reason(value: object) -> str | None:
    """Why a value of either modality cannot be used, before it is looked at closely."""
    if value is None:
        return "the value is missing"
    if not isinstance(value, str):
        return f"expected a string, got {type(value).__name__} {str(value)[:60]!r}"
    if not value.strip():
        return "the value is empty"
    return None
