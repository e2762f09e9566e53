"""Bundles and what they answer."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from headstart.types.result import Estimate, NotAvailable


@dataclass(frozen=True, slots=True)
class BundleOutput:
    """One label column that a bundle answers; all of them in one pass."""

    column: str
    labels: tuple[str, ...]
    approach: str
    model: str
    """The ONNX file; columns with the same features share one, which runs once."""
    output: str
    """The tensor of it that holds the probabilities (n, labels)."""
    preprocessing: dict[str, Any]
    folder: str
    """Where the preprocessing's files are."""
    review: dict[str, Any] = field(default_factory=dict)
    costs: list[list[float]] = field(default_factory=list)
    separator: str = ""
    sets: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Manifest:
    """manifest.json of a bundle: what it is, and a sha256 for every other file."""

    schema_version: int
    name: str
    modality: str
    approach: str
    labels: tuple[str, ...]
    preprocessing: dict[str, Any]
    """`kind` names the preprocessing in `headstart.modalities`; the rest are its settings."""
    inputs: dict[str, Any]
    """The input schema: column, type, limits."""
    model: str
    files: dict[str, str]
    """Relative path -> sha256 of every file but the manifest."""
    created_by: str
    provenance: dict[str, str] = field(default_factory=dict)
    review: dict[str, Any] = field(default_factory=dict)
    """Which answers a person should look at: those of a probability `below` (None: all of them),
    so that at most `max_error` of the others are wrong with `confidence`; both are None where the
    threshold is the one at which a case costs least. Empty: neither is named."""
    outside: dict[str, Any] = field(default_factory=dict)
    """Which rows lie out of scope: those whose `score` lies `above` the threshold (None: none
    does), by design at most the share `false_alarms` of the rows in scope. Empty: none is told."""
    costs: list[list[float]] = field(default_factory=list)
    """Cost of answering label j for a case of label i, of the brief or such that the answers suit
    the metric: the one with the least expected cost is given. Empty: the most probable one."""
    column: str = ""
    """The label column that `labels` are of; empty where there is one output only."""
    further: tuple[BundleOutput, ...] = ()
    """The other label columns."""
    separator: str = ""
    """What stands between the labels of a row that may have several; each then has a probability of
    its own, and `costs` holds those of misses and those of false alarms. Empty: one label a row."""
    sets: dict[str, Any] = field(default_factory=dict)
    """Which labels are in the prediction set of a row: those of a probability of `threshold` or
    more, so that the share `level` of the sets should hold the true one. Empty: none is given."""


@dataclass(frozen=True, slots=True)
class Parity:
    """The bundle against the trained model on real rows; of several label columns the least
    `labels_equal` and the largest difference."""

    rows: int
    labels_equal: int
    largest_difference: float
    tolerance: float


@dataclass(frozen=True, slots=True)
class PackageReport:
    """What was packaged, and what it costs to run."""

    path: str
    files: dict[str, str]
    size_bytes: int
    parity: Parity
    latency_ms: dict[str, Estimate | NotAvailable] = field(default_factory=dict)
    """p50, p95 and p99 of one request, on this machine."""
    rows_per_second: float | None = None
    cost_per_million: float | None = None
    at_once: int = 1
    """Requests under way at once while latency was measured."""


@dataclass(frozen=True, slots=True)
class EightBits:
    """The bundle with the network's weights in eight bits, beside the one that ships.

    labels_equal: of `rows` development rows, those that both give the same label.
    """

    size_bytes: int
    rows: int
    labels_equal: int
    latency_ms: dict[str, Estimate | NotAvailable]
    rows_per_second: float | None
    cost_per_million: float | None


@dataclass(frozen=True, slots=True)
class Prediction:
    """One answer of a bundle.

    Where a row may have several labels, `label` is all of them, joined as in the training data (the
    separator alone where none applies), and `probability` that none of them is wrong, were they
    independent.
    """

    label: str
    probability: float
    probabilities: dict[str, float]
    review: bool = False
    """Whether a person should look, by the rule in the manifest, or since it is out of scope."""
    in_scope: bool | None = None
    """Whether the row looks like those that were trained on; None: the bundle cannot tell."""
    outputs: dict[str, Prediction] = field(default_factory=dict)
    """Label column -> its answer, the first one's among them, where the bundle has several."""
    labels: tuple[str, ...] = ()
    """The labels that apply, where a row may have several."""
    prediction_set: tuple[str, ...] | None = None
    """Every label that is probable enough, the most probable first, by the manifest's rule; None:
    there is no rule."""
