"""The seams: what the inside asks of the outside."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from headstart.types.artifact import Prediction
from headstart.types.data import Dataset, Finding
from headstart.types.ledger import LedgerRow
from headstart.types.model import BackboneCard, ClassicalFeatures
from headstart.types.result import NotAvailable

A = TypeVar("A")
B = TypeVar("B")


class Progress(Protocol):
    """Where long work says how far it is; raises `InterruptedRunError` when asked to stop."""

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
    """Loads the networks of one reference scheme (`pkg`, `hf`, `timm`, `onnx`, `file`, `api`)."""

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


@dataclass(frozen=True, slots=True)
class AuditInputs:
    """What an audit check may look at. What is None could not be had (yet)."""

    dataset: Dataset
    """The rows that are trained on. `features`, `probabilities`, `groups` and `copies` follow their
    order."""
    holdout: Dataset | None = None
    features: NDArray[np.float32] | None = None
    """Frozen embeddings (n, width)."""
    holdout_features: NDArray[np.float32] | None = None
    probabilities: NDArray[np.float32] | None = None
    """Out-of-fold and calibrated (n, classes), columns in the order of `dataset.labels`."""
    groups: NDArray[np.int64] | None = None
    """Rows that must be kept together share an id: near-duplicates, and rows of one value in the
    brief's group column."""
    copies: NDArray[np.int64] | None = None
    """Near-duplicates share an id, and nothing else does."""
    definitions: Mapping[str, str] = field(default_factory=dict)
    """The brief's, by label name."""
    tokenize: Callable[[Sequence[str]], list[list[str]]] | None = None
    """The candidate's tokens of each text, not truncated."""
    max_tokens: int | None = None
    also: tuple[str, ...] = ()
    """Further columns with labels."""
    time_column: str | None = None
    """The column by which the latest rows were held out, where the brief names one."""
    seed: int = 0


class AuditCheck(Protocol):
    """One audit check. Built-ins and plugins (entry point `headstart.checks`) look the same."""

    @property
    def name(self) -> str: ...
    @property
    def needs(self) -> tuple[str, ...]:
        """Fields of `AuditInputs` without which it is skipped."""

    def __call__(self, inputs: AuditInputs) -> Iterable[Finding] | NotAvailable:
        """What was found, or why it cannot be said."""


class RunStore(Protocol):
    """The run table and the ledger, append-only."""

    def finished(self, stage: str, inputs: str) -> bytes | None:
        """The encoded report of `stage` for these inputs (a hash), if it was finished."""

    def finish(
        self,
        stage: str,
        inputs: str,
        report: bytes,
        *,
        rows: Sequence[tuple[str, Any]],
        provenance: Mapping[str, str],
        seconds: float,
        opened: str | None = None,
    ) -> None:
        """Record a stage, its ledger rows (pointer, value) and the hold-out that it opened."""

    def ledger(self, stages: Sequence[tuple[str, str]]) -> list[LedgerRow]:
        """The rows of the given (stage, inputs) pairs, in that order."""

    def openings(self, holdout: str) -> int:
        """How often the hold-out with this hash was opened."""

    def latest(self, stage: str) -> bytes | None:
        """The encoded report of the newest run of `stage`, if there is one."""

    def stages(self) -> list[tuple[str, float, str]]:
        """(stage, seconds, finished at) of every stage run, oldest first."""


class Engine(Protocol):
    """Where independent work runs."""

    def map(self, function: Callable[[A], B], items: Sequence[A]) -> list[B]:
        """Results in the order of `items`; the first error is raised."""
