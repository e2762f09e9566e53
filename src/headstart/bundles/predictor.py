"""Answers from a bundle: raw texts or image paths to probabilities."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from headstart.bundles.batches import Batch, image_batches, text_batches
from headstart.bundles.session import Session
from headstart.metrics import cheapest_answers
from headstart.ports import Preprocessor, Progress
from headstart.types.artifact import Manifest, Prediction
from headstart.types.errors import BundleError


@dataclass(frozen=True, slots=True)
class Scored:
    """Answers for rows that may be unusable.

    probabilities (n, classes), float32: NaN in the rows that are in `errors` (index -> reason).
    """

    probabilities: NDArray[np.float32]
    errors: dict[int, str]
    outside: NDArray[np.float32] | None = None
    """How little each row looks like those that were trained on (n,), where the bundle can tell."""


class BundlePredictor:
    """A bundle that answers. Needs neither torch nor scikit-learn; safe to share between threads.

    The same values in the same order give the same bytes. A row alone can differ from the row
    beside others in the last digits of single precision (about 1e-7): a product with one row is
    rounded in another order.
    """

    def __init__(self, manifest: Manifest, preprocessor: Preprocessor, session: Session) -> None:
        self.manifest = manifest
        self.labels: tuple[str, ...] = manifest.labels
        self.preprocessor = preprocessor
        self._session = session
        self._costs = np.array(manifest.costs) if manifest.costs else None

    def __repr__(self) -> str:
        m = self.manifest
        return f"<bundle '{m.name}': {m.approach} on {m.modality}, {len(m.labels)} labels>"

    def predict_proba(self, values: Iterable[str]) -> NDArray[np.float32]:
        """Probabilities (n, classes), columns in the order of `labels`; (0, classes) for no values.

        values: texts, or paths of image files.

        Raises:
            BundleError: a value cannot be used; names the first such row, and how many there are.
        """
        return self._whole(values).probabilities

    def _whole(self, values: Iterable[str]) -> Scored:
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
        manifest holds costs the one with the least expected cost.

        Raises:
            BundleError: see `predict_proba`.
        """
        scored = self._whole(values)
        strange = scored.outside
        return [
            self.prediction(row, None if strange is None else float(strange[i]))
            for i, row in enumerate(scored.probabilities)
        ]

    def prediction(
        self, probabilities: NDArray[np.float32], outside: float | None = None
    ) -> Prediction:
        """One row of `predict_proba` as an answer; of equally good labels the first one wins."""
        best = self._answer(probabilities)
        numbers = probabilities.tolist()
        inside = self._in_scope(outside)
        return Prediction(
            label=self.labels[best],
            probability=numbers[best],
            probabilities=dict(zip(self.labels, numbers, strict=True)),
            review=self._needs_review(numbers[best]) or inside is False,
            in_scope=inside,
        )

    def _in_scope(self, outside: float | None) -> bool | None:
        rule = self.manifest.outside
        if not rule or outside is None:
            return None
        return rule["above"] is None or outside <= rule["above"]

    def _answer(self, probabilities: NDArray[np.float32]) -> int:
        if self._costs is None:
            return int(np.argmax(probabilities))
        return int(cheapest_answers(probabilities[None, :], self._costs)[0])

    def _needs_review(self, probability: float) -> bool:
        """Whether a person should look at an answer of this probability."""
        rule = self.manifest.review
        return bool(rule) and (rule["below"] is None or probability < rule["below"])

    def score(self, values: Iterable[str | None], progress: Progress | None = None) -> Scored:
        """Answers for every row that can be used, and for each other row the reason.

        Raises:
            BundleError: `values` is one text instead of a list of them.
        """
        rows = _rows(values)
        errors = {i: reason for i, value in enumerate(rows) if (reason := _reason(value))}
        probabilities = np.full((len(rows), len(self.labels)), np.nan, dtype=np.float32)
        outside = np.full(len(rows), np.nan, dtype=np.float32)
        done = len(errors)
        for batch in self._batches(rows, errors):
            errors.update(batch.errors)
            if batch.rows:
                said, strange = self._session.outputs(batch.inputs)
                probabilities[batch.rows] = said
                if strange is not None:
                    outside[batch.rows] = strange
            done += len(batch.rows) + len(batch.errors)
            if progress is not None:
                progress("predicting", done, len(rows))
        found = outside if self._session.has_outside else None
        return Scored(probabilities, dict(sorted(errors.items())), found)

    def _batches(self, rows: Sequence[str | None], errors: dict[int, str]) -> Iterator[Batch]:
        usable = [(i, value) for i, value in enumerate(rows) if i not in errors and value]
        if self.manifest.modality == "image":
            return image_batches(usable, self.preprocessor)
        return text_batches(usable, self.preprocessor)


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
