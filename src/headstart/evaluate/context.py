"""What was found on the development rows to look at the hold-out's errors by."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from headstart.evaluate.estimates import Answers
from headstart.evaluate.gallery import Neighbours, gallery_report
from headstart.evaluate.sealed import OpenedHoldout
from headstart.evaluate.slices import Known, Mark, Part, slice_report
from headstart.types.result import GalleryReport, NotAvailable, SliceReport

Marks = Callable[[OpenedHoldout, NDArray[np.int64], NDArray[np.floating] | None], Sequence[Mark]]


@dataclass(frozen=True, slots=True)
class Context:
    """Parts, and the development rows as a backbone sees them.

    features: raw values to what the same backbone makes of them (n, width); None without one.
    marks: rows in common by their inputs alone, from the opened rows, the numbers of those that
    decide, and their features.
    """

    parts: tuple[Part, ...]
    near: Neighbours | None = None
    features: Callable[[Sequence[str]], NDArray[np.floating]] | None = None
    marks: Marks | None = None

    def look(
        self,
        y: NDArray[np.int64],
        said: Answers,
        labels: tuple[str, ...],
        opened: OpenedHoldout,
        kept: NDArray[np.int64],
        trained: int,
        confidence: float,
    ) -> tuple[SliceReport | NotAvailable, GalleryReport | NotAvailable]:
        """(parts that are worse, errors by pattern) of the rows that decide; y and said are theirs,
        kept their numbers among the opened rows."""
        known, parts = self.known(opened, kept)
        slices = slice_report(parts, y, said.given, known, confidence)
        gallery = gallery_report(
            y, said, labels, known, [opened.places[i] for i in kept],
            trained=trained, near=self.near, parts=parts, slices=slices,
        )  # fmt: skip
        return slices, gallery

    def known(self, opened: OpenedHoldout, kept: NDArray[np.int64]) -> tuple[Known, list[Part]]:
        """(the rows that decide with all that they can be cut by, the parts that can be told)."""
        values = [opened.values[i] for i in kept]
        seen = None if self.features is None or not values else self.features(values)
        marks = () if self.marks is None or not values else self.marks(opened, kept, seen)
        known = Known(
            opened.modality, values, [opened.metadata[i] for i in kept], seen, tuple(marks)
        )
        told = [part for part in self.parts if part.kind != "cluster" or seen is not None]
        return known, [*told, *(Part(mark.name, mark.kind) for mark in marks)]
