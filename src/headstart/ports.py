"""The seams: what the inside asks of the outside."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from headstart.types.artifact import Prediction
from headstart.types.data import Dataset, Finding
from headstart.types.ledger import LedgerRow
from headstart.types.model import BackboneCard, ClassicalFeatures

A = TypeVar("A")
B = TypeVar("B")


class Progress(Protocol):
    """Where long work says how far it is. Raises `Interrupted` when the user asked to stop."""

    def __call__(self, what: str, done: int, total: int) -> None: ...


class Preprocessor(Protocol):
    """Raw values (texts, or image paths) to model inputs; serving repeats it exactly."""

    @property
    def spec(self) -> dict[str, Any]:
        """JSON: `kind` and every setting. With `files`, enough to build an equal preprocessor."""

    @property
    def files(self) -> Mapping[str, bytes]:
        """Files that travel with the spec (a tokenizer, a vocabulary), by relative name."""

    def __call__(self, values: Sequence[str]) -> dict[str, NDArray[Any]]:
        """Model inputs by ONNX input name, rows in the order of `values`."""


class Encoder(Protocol):
    """A frozen backbone on this machine."""

    @property
    def card(self) -> BackboneCard: ...
    @property
    def weights_sha256(self) -> str: ...
    @property
    def width(self) -> int: ...
    @property
    def preprocessor(self) -> Preprocessor: ...

    def encode(
        self, values: Sequence[str], keys: Sequence[str], progress: Progress | None = None
    ) -> NDArray[np.float32]:
        """Features (n, width); `keys` are the content hashes under which they are stored.

        A row's features do not depend on the rows beside it.
        """

    def onnx_path(self) -> Path:
        """The exported encoder: preprocessed inputs -> output `features` (batch, width).

        Raises:
            BackboneError: the network cannot be exported, with the reason.
        """


class BackboneSource(Protocol):
    """Loads the networks of one reference scheme (`pkg`, `hf`, `timm`, `onnx`, `file`)."""

    scheme: str

    def card(self, ref: str) -> BackboneCard: ...
    def encoder(self, card: BackboneCard, *, random_seed: int | None = None) -> Encoder:
        """`random_seed` gives the same architecture with random weights."""


class Modality(Protocol):
    """What Headstart must know about one kind of input."""

    name: str

    def classical_fit(self, values: Sequence[str]) -> ClassicalFeatures:
        """Learn what the classical features need (a vocabulary, idf) from training values."""

    def classical_transform(
        self, features: ClassicalFeatures, values: Sequence[str]
    ) -> NDArray[np.float32]:
        """Features (n, width)."""


class Predictor(Protocol):
    """A model that answers raw values."""

    labels: tuple[str, ...]

    def predict_proba(self, values: Sequence[str]) -> NDArray[np.float32]:
        """Probabilities (n, classes), columns in the order of `labels`."""

    def predict(self, values: Sequence[str]) -> list[Prediction]: ...


class AuditCheck(Protocol):
    """One audit check."""

    name: str

    def __call__(self, dataset: Dataset, holdout: Dataset | None) -> Iterable[Finding]: ...


class ArtifactStore(Protocol):
    """Content-addressed bytes."""

    def put(self, content: bytes) -> str:
        """Store and return the sha256; storing the same bytes again is a no-op."""

    def get(self, sha256: str) -> bytes:
        """Raises: PilotError where the artifact is missing or was changed."""


class RunStore(Protocol):
    """The run table and the ledger."""

    artifacts: ArtifactStore

    def finished(self, stage: str, inputs: str) -> str | None:
        """The artifact of the stage's report for these inputs (a hash), if it was finished."""

    def finish(
        self,
        stage: str,
        inputs: str,
        artifact: str,
        rows: Sequence[tuple[str, Any]],
        provenance: Mapping[str, str],
        seconds: float,
    ) -> None:
        """Record a stage's report and its ledger rows (pointer, value) in one transaction."""

    def ledger(self, stages: Mapping[str, str]) -> list[LedgerRow]:
        """The rows of the given stages (stage -> inputs hash), oldest first."""

    def openings(self) -> int:
        """How often the hold-out was opened."""


class Engine(Protocol):
    """Where independent work runs."""

    def map(self, function: Callable[[A], B], items: Sequence[A]) -> list[B]:
        """Results in the order of `items`; the first error is raised."""


class Clock(Protocol):
    """Time, so that tests can hold it still."""

    def now(self) -> str: ...
    def seconds(self) -> float: ...


Transaction = AbstractContextManager[None]
