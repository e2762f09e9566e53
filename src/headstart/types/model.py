"""Backbones, features, arms and fitted models."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from headstart.types.brief import ModalityName
from headstart.types.result import Estimate, NotAvailable

Approach = Literal["majority", "zero-shot", "classical", "frozen", "adapted"]
ArmFamily = Literal["majority", "zero-shot", "classical", "scratch", "random", "frozen", "adapted"]

Layer = int | Literal["all"]
"""A layer of a text network (0: its token embeddings) or a stage of an image network, or all of
them side by side."""

SIMPLICITY: tuple[Approach, ...] = ("majority", "zero-shot", "classical", "frozen", "adapted")
"""Approaches from the simplest to the most complex."""


@dataclass(frozen=True, slots=True)
class BackboneCard:
    """What is known of a pretrained network before it is loaded."""

    ref: str
    """Source and name: `pkg:all-MiniLM-L6-v2`, `hf:org/name`, `timm:name`, `onnx:` or `file:`."""
    name: str
    modality: ModalityName
    licence: str
    feature_width: int | None
    source: str
    """Who published it, and where its description is."""
    parameters: int | None = None
    size_mb: float | None = None
    max_tokens: int | None = None
    input_size: int | None = None
    """Image side in pixels."""
    mean: tuple[float, float, float] | None = None
    std: tuple[float, float, float] | None = None
    interpolation: str | None = None
    crop_fraction: float | None = None
    pooling: str = "mean"
    layer: Layer | None = None
    """Whose features are taken; None: the last's."""
    normalize: bool = False
    """Whether the published model scales its embeddings to unit length."""
    adaptation: tuple[str, ...] = ("frozen",)
    package: str | None = None
    file: str | None = None
    architecture: str | None = None
    sha256: str | None = None
    notes: str = ""


@dataclass(frozen=True, slots=True)
class EncoderFeatures:
    """Features are a backbone's embedding of the row."""

    ref: str
    weights_sha256: str
    width: int


@dataclass(frozen=True, slots=True)
class ClassicalFeatures:
    """Features computed without a network, by a named modality function and what it learned.

    `arrays` holds only numbers and unicode strings; it is stored without pickling.
    """

    kind: str
    settings: dict[str, Any]
    arrays: dict[str, NDArray[Any]]
    width: int


@dataclass(frozen=True, slots=True)
class NoFeatures:
    """The model does not look at its input."""

    width: int = 0


Featurizer = EncoderFeatures | ClassicalFeatures | NoFeatures


OutsideName = Literal["probability", "energy", "neighbours", "mahalanobis", "vim"]


@dataclass(frozen=True, slots=True)
class OutsideScore:
    """A score that grows with how little a row looks like what was trained on.

    A row above `threshold` is said to lie out of scope; by design that is at most the share
    `false_alarms` of the rows in scope. points: training rows of unit length (n, width), or class
    means after the projection (classes, k). projection: (width, k). origin: (width,).
    """

    name: OutsideName
    threshold: float = float("inf")
    false_alarms: float = 0.0
    points: NDArray[np.float32] | None = None
    projection: NDArray[np.float32] | None = None
    origin: NDArray[np.float32] | None = None
    factor: float = 1.0
    neighbours: int = 0


@dataclass(frozen=True, slots=True)
class FittedModel:
    """softmax(features @ weights.T + bias): every arm that can ship has this form; where a row may
    have several labels, the logistic function of each logit.

    weights (classes, width) and bias (classes,), float32.
    """

    approach: Approach
    arm: str
    modality: ModalityName
    labels: tuple[str, ...]
    featurizer: Featurizer
    weights: NDArray[np.float32]
    bias: NDArray[np.float32]
    head: str
    settings: dict[str, Any] = field(default_factory=dict)
    outside: OutsideScore | None = None
    """How little a row looks like the training rows, where the brief names what lies outside."""
    costs: NDArray[np.float64] | None = None
    """What the answers minimise: cost of answering j for a case of i (classes, classes), of the
    brief or such that they suit the metric; None: the most probable one is given. Of several labels
    a row: of missing each, and of giving it wrongly (2, classes)."""
    separator: str | None = None
    """What stands between the labels of a row that may have several; None: each row has one."""


@dataclass(frozen=True, slots=True)
class ArmResult:
    """One arm on all folds.

    scores: metric name -> one value a fold, in the order of `Folds`; out_of_fold: mean probability
    over repeats, shape (n, classes); of several labels a row, of each of them. by_row: what each
    test row of a fold has part in the primary metric (`headstart.metrics.row_values`), one array a
    fold. log_losses: what it has part in the log-loss of the arm's probabilities at their best
    temperature, likewise.
    """

    name: str
    family: ArmFamily
    pretrained: bool
    deployable: bool
    describe: str
    scores: dict[str, NDArray[np.float64]]
    out_of_fold: NDArray[np.float32]
    settings: dict[str, Any] = field(default_factory=dict)
    backbone: str | None = None
    by_row: tuple[NDArray[np.float32], ...] = ()
    log_losses: tuple[NDArray[np.float32], ...] = ()


@dataclass(frozen=True, slots=True)
class ArmSummary:
    """What is reported of an arm."""

    name: str
    family: ArmFamily
    pretrained: bool
    deployable: bool
    describe: str
    metrics: dict[str, Estimate]
    backbone: str | None = None


@dataclass(frozen=True, slots=True)
class Unavailable:
    """An arm that was not run, and why."""

    name: str
    family: ArmFamily
    why: NotAvailable


@dataclass(frozen=True, slots=True)
class Scorecard:
    """What was measured of one candidate backbone before any head is trained."""

    card: BackboneCard
    runtime: Literal["onnxruntime", "torch"]
    runtime_reason: str
    parity: float | None
    """Largest absolute difference between the exported and the torch encoder on real rows."""
    weights_sha256: str
    truncated_share: float | None = None
    """Share of rows longer than the token limit (texts)."""
