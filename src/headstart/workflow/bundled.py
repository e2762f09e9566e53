"""The one bundle of a run: the models of every label column, built, published and opened."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from headstart.bundles import BundlePredictor, load, verify
from headstart.ports import Encoder
from headstart.types.errors import BundleError
from headstart.types.model import FittedModel
from headstart.workflow.journal import fingerprint
from headstart.workflow.output import Output, Trained
from headstart.workflow.pilot import Pilot


@dataclass(frozen=True, slots=True)
class Bundled:
    """Label columns, what was trained for each, and the pilot folder that holds their bundle."""

    outputs: Sequence[Output]
    trained: Sequence[Trained]
    pilot: Pilot

    @property
    def answering(self) -> list[tuple[FittedModel, Encoder | None]]:
        return [(found.model, found.encoder) for found in self.trained]

    @property
    def stamp(self) -> str:
        """Hash of the models; by it the bundle is known."""
        models = tuple(found.model for found in self.trained)
        if len(models) == 1:
            return fingerprint(models[0])
        return fingerprint((tuple(one.name for one in self.outputs), models))

    def published(self) -> Path | None:
        """The bundle in place, where it is sound and holds these models."""
        try:
            manifest = verify(self.pilot.bundle)
        except BundleError:
            return None
        return self.pilot.bundle if manifest.provenance.get("model") == self.stamp else None

    def open(self) -> BundlePredictor:
        """The bundle, from its place or from the staging folder."""
        return load(self.published() or self.pilot.staging)


def plain_name(column: str) -> str:
    """A column's name as part of a file's.

    >>> plain_name("Area / team")
    'Area_team'
    """
    return re.sub(r"[^A-Za-z0-9]+", "_", column).strip("_")[:40]
