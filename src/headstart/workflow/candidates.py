"""A candidate backbone in a run: loaded when it is first needed, its features computed once."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from headstart.adapt import ArmFeatures
from headstart.backbones import built_in, find_card, load_encoder
from headstart.data import text_key
from headstart.ports import Encoder, Progress
from headstart.types.brief import Brief, ModalityName
from headstart.types.errors import BackboneError
from headstart.types.model import BackboneCard, EncoderFeatures
from headstart.workflow.journal import fingerprint


class Candidate:
    """One backbone, and the same network with random weights."""

    def __init__(self, card: BackboneCard, seed: int, progress: Progress) -> None:
        self.card = card
        self._seed = seed
        self._progress = progress

    @cached_property
    def fingerprint(self) -> str:
        """What the features depend on: the card, and the weights that it stands for."""
        weights = self.card.sha256 or self.encoder.weights_sha256
        return fingerprint((self.card, weights, self._seed))

    @cached_property
    def encoder(self) -> Encoder:
        """The pretrained network."""
        self._progress(f"loading {self.card.name}", 0, 1)
        return load_encoder(self.card)

    @cached_property
    def random(self) -> Encoder:
        """The same network with random weights."""
        self._progress(f"loading {self.card.name} with random weights", 0, 1)
        return load_encoder(self.card, random_seed=self._seed)

    def features(
        self, encoder: Encoder, values: Sequence[str], keys: Sequence[str], texts: Sequence[str]
    ) -> ArmFeatures:
        """Features of the rows, and of the label `texts` where there are any."""
        labels: NDArray[np.float32] | None = None
        if texts:
            labels = encoder.encode(texts, [text_key(text) for text in texts], self._progress)
        return ArmFeatures(
            matrix=encoder.encode(values, keys, self._progress),
            source=EncoderFeatures(self.card.ref, encoder.weights_sha256, encoder.width),
            labels=labels,
        )


def candidates(brief: Brief, modality: ModalityName, progress: Progress) -> list[Candidate]:
    """The backbones that the brief names, or the first built-in one for the modality.

    Raises:
        BackboneError: a reference is unknown, or of another modality.
    """
    cards = [find_card(ref) for ref in brief.backbones]
    if not cards:
        cards = [card for card in built_in() if card.modality == modality][:1]
    for card in cards:
        if card.modality != modality:
            raise BackboneError(
                f"the backbone reads {card.modality}s, and the data holds {modality}s",
                place=card.ref,
                tip=f"headstart catalogue list shows those for {modality}s",
            )
    return [Candidate(card, brief.seed, progress) for card in cards]
