"""The hold-out under seal: how large it is may be known, what is in it may not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from headstart.types.brief import ModalityName
from headstart.types.data import Dataset, Example
from headstart.types.errors import HeadstartError


@dataclass(frozen=True, slots=True)
class OpenedHoldout:
    """The hold-out's rows. `clean` marks those that decide."""

    modality: ModalityName
    values: tuple[str, ...]
    labels: tuple[str, ...]
    places: tuple[str, ...]
    keys: tuple[str, ...]
    """sha256 (hex) of each value's content."""
    clean: NDArray[np.bool_]
    reason: str
    metadata: tuple[dict[str, str], ...]
    """The rows' other columns."""
    current: tuple[str, ...] = ()
    """What today's process answers to each row; empty where nothing."""


class SealedHoldout:
    """Rows that no one looks at before the decision.

    Only its sizes are public; values and labels come out of `open` alone, once. Nothing that
    trains or chooses accepts a sealed hold-out.
    """

    __slots__ = ("_clean", "_content", "_current", "_metadata", "_modality", "_opened_for")

    def __init__(
        self,
        modality: ModalityName,
        values: Sequence[str],
        labels: Sequence[str],
        places: Sequence[str],
        keys: Sequence[str],
        clean: NDArray[np.bool_],
        metadata: Sequence[Mapping[str, str]] = (),
        current: Sequence[str] = (),
    ) -> None:
        if not len(values) == len(labels) == len(places) == len(keys) == len(clean):
            raise ValueError(
                f"{len(values)} values, {len(labels)} labels, {len(places)} places, "
                f"{len(keys)} keys and {len(clean)} marks do not belong together"
            )
        self._modality: ModalityName = modality
        self._content = (tuple(values), tuple(labels), tuple(places), tuple(keys))
        self._clean = clean.astype(bool).copy()
        self._metadata = tuple(dict(row) for row in metadata) or ({},) * len(clean)
        self._current = tuple(current) or ("",) * len(clean)
        self._opened_for: str | None = None

    @classmethod
    def seal(
        cls, source: Dataset, rows: NDArray[np.int64], clean: NDArray[np.bool_]
    ) -> SealedHoldout:
        """The given rows of a dataset (the user's file, or the one that was carved)."""
        examples = [source.examples[i] for i in rows]
        return cls(
            source.modality,
            [example.value for example in examples],
            [example.label for example in examples],
            [str(example.place) for example in examples],
            [example.key for example in examples],
            clean,
            [dict(example.metadata) for example in examples],
            [example.current for example in examples],
        )

    @classmethod
    def of(cls, modality: ModalityName, examples: Sequence[Example]) -> SealedHoldout:
        """The given rows, all of which decide."""
        return cls(
            modality,
            [example.value for example in examples],
            [example.label for example in examples],
            [str(example.place) for example in examples],
            [example.key for example in examples],
            np.ones(len(examples), dtype=np.bool_),
        )

    @property
    def n(self) -> int:
        """Rows that decide."""
        return int(self._clean.sum())

    @property
    def n_all(self) -> int:
        return len(self._clean)

    def __repr__(self) -> str:
        state = f"opened for {self._opened_for!r}" if self._opened_for else "sealed"
        return f"SealedHoldout(n={self.n}, n_all={self.n_all}, {state})"

    def open(self, reason: str) -> OpenedHoldout:
        """The rows, for the reason given.

        Raises:
            ValueError: no reason is given.
            HeadstartError: it was opened before.
        """
        if not reason.strip():
            raise ValueError("a hold-out is opened for a reason")
        if self._opened_for is not None:
            raise HeadstartError(
                f"the hold-out was already opened for '{self._opened_for}'",
                tip="score it once, on the model that ships; take new rows for a new question",
            )
        self._opened_for = reason
        return OpenedHoldout(
            self._modality,
            *self._content,
            self._clean.copy(),
            reason,
            self._metadata,
            self._current,
        )
