"""Thawing as data: what is trained, in which order, how; and what came of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from math import ceil
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from headstart.types.result import NotAvailable

LEAST_EPOCHS = 4
"""Of a stage that ends with enough steps."""
WISE_WEIGHTS = (0.0, 0.25, 0.5, 0.75, 1.0)
StoppedBy = Literal["epochs", "patience", "drift"]


@dataclass(frozen=True, slots=True)
class TrainingStage:
    """One round of training: which weights move, how fast, and when it stops.

    Raises:
        ValueError: a setting outside its range; it is named.
    """

    name: str
    top: int | None
    """Blocks of the network that are open, counted from the top; None: all of them; 0: the head
    alone, which is always open."""
    epochs: int
    """At most."""
    learning_rate: float
    """Of the highest open block."""
    trainable: tuple[str, ...] = ("*",)
    """Shell-style patterns over the parameters' names; of the open blocks, these move."""
    head_learning_rate: float | None = None
    """None: the learning rate of the highest block."""
    layer_decay: float = 0.8
    """Each block further down learns at this share of the rate of the one above it."""
    weight_decay: float = 0.0
    """Pull towards 0, decoupled, as a share of the rate."""
    l2_to_start: float = 0.01
    """Pull towards the weights before training (L2-SP), decoupled, as a share of the rate."""
    warmup: float = 0.1
    """Share of the steps over which the rates rise from 0; then they fall as a cosine."""
    patience: int = 2
    """Epochs without a lower inner log loss after which the stage stops."""
    bottom: int | None = None
    """Of the open blocks, only so many counted from the bottom of the network move; the ones above
    them pass the gradient on. None: all."""
    enough_steps: int | None = None
    """No more epochs than so many steps take, though no fewer than four: with many rows an epoch
    is long, and further ones only fit the training rows closer. None: all epochs."""

    def __post_init__(self) -> None:
        for name, good in (
            ("epochs", self.epochs >= 1),
            ("learning_rate", 0 < self.learning_rate < 1),
            ("head_learning_rate", 0 < (self.head_learning_rate or 0.5) < 1),
            ("layer_decay", 0 < self.layer_decay <= 1),
            ("weight_decay", self.weight_decay >= 0),
            ("l2_to_start", self.l2_to_start >= 0),
            ("warmup", 0 <= self.warmup < 1),
            ("patience", self.patience >= 1),
            ("top", self.top is None or self.top >= 0),
            ("bottom", self.bottom is None or self.bottom >= 1),
            ("trainable", bool(self.trainable)),
            ("enough_steps", self.enough_steps is None or self.enough_steps >= 1),
        ):
            if not good:
                raise ValueError(f"stage '{self.name}': {name} {getattr(self, name)!r} is no good")

    def epochs_of(self, steps: int) -> int:
        """How many epochs there are, of so many steps each.

        >>> stage = TrainingStage("top block", 1, 7, 1e-4, enough_steps=120)
        >>> [stage.epochs_of(steps) for steps in (5, 20, 30, 500)]
        [7, 6, 4, 4]
        """
        if self.enough_steps is None:
            return self.epochs
        return min(self.epochs, max(LEAST_EPOCHS, ceil(self.enough_steps / steps)))

    def opens(self, name: str, block: int, blocks: int) -> bool:
        """Whether a weight moves, by its name and its block of so many, 0 the lowest.

        >>> stage = TrainingStage("norms", 2, 1, 1e-3, trainable=("*norm*",))
        >>> stage.opens("LayerNorm.bias", 4, 6), stage.opens("LayerNorm.bias", 3, 6)
        (True, False)
        """
        top = blocks if self.top is None else self.top
        end = blocks if self.bottom is None else self.bottom
        return blocks - top <= block < end and any(
            fnmatchcase(name.lower(), pattern.lower()) for pattern in self.trainable
        )


@dataclass(frozen=True, slots=True)
class LowRank:
    """Adapters beside the weights of linear layers, merged into them after the training: LoRA.

    Raises:
        ValueError: a setting outside its range; it is named.
    """

    rank: int = 8
    alpha: float = 16.0
    """The product of the two adapters counts alpha / rank times."""
    modules: tuple[str, ...] = (
        "*.attention.self.query",
        "*.attention.self.key",
        "*.attention.self.value",
        "*.attention.output.dense",
    )
    """Shell-style patterns over the layers' names; of the blocks above the boundary, these."""

    def __post_init__(self) -> None:
        for name, good in (
            ("rank", self.rank >= 1),
            ("alpha", self.alpha > 0),
            ("modules", bool(self.modules)),
        ):
            if not good:
                raise ValueError(f"adapters: {name} {getattr(self, name)!r} is no good")


@dataclass(frozen=True, slots=True)
class AdaptationPlan:
    """Stages in order. The freeze boundary lies under the lowest block that any of them opens.

    Raises:
        ValueError: no stage, or a setting outside its range.
    """

    name: str
    stages: tuple[TrainingStage, ...]
    batch_size: int = 16
    clip: float = 1.0
    """Largest norm of a step's gradient."""
    label_smoothing: float = 0.0
    mixup: float = 0.0
    """Each row of a batch is mixed with another one of it, at a share drawn from Beta(mixup, mixup)
    (Zhang et al. 2018), where its activations have one shape: pictures. 0: none."""
    class_weights: bool = False
    """Whether every class weighs the same in the loss, however many rows it has."""
    inner_share: float = 0.15
    """Share of the training rows that stop the training and choose the averaging weight."""
    averaging: tuple[float, ...] = WISE_WEIGHTS
    """Weights of the tuned network in its average with the pretrained one (WiSE-FT)."""
    copies: int = 0
    """Augmented copies of each image, fixed beforehand, beside the image itself."""
    half_precision: bool = False
    """Whether activations are kept in 16 bits."""
    low_rank: LowRank | None = None
    """Adapters in the place of the weights; they are called `{layer}.lora_A` and `.lora_B`."""
    pairs: int = 0
    """Partners of its own label, and as many of another, that each row is paired with in an epoch;
    a batch then holds pairs. 0: rows are trained on one by one, by their labels."""

    def __post_init__(self) -> None:
        if not self.stages:
            raise ValueError(f"plan '{self.name}' has no stage")
        for name, good in (
            ("batch_size", self.batch_size >= 1),
            ("clip", self.clip > 0),
            ("label_smoothing", 0 <= self.label_smoothing < 1),
            ("inner_share", 0 < self.inner_share < 1),
            ("averaging", bool(self.averaging) and all(0 <= w <= 1 for w in self.averaging)),
            ("copies", self.copies >= 0),
            ("pairs", self.pairs >= 0),
            ("mixup", self.mixup >= 0 and not (self.mixup and self.pairs)),
        ):
            if not good:
                raise ValueError(f"plan '{self.name}': {name} {getattr(self, name)!r} is no good")

    @property
    def top(self) -> int | None:
        """Blocks above the freeze boundary; None: the whole network."""
        tops = [stage.top for stage in self.stages]
        return None if None in tops else max(top for top in tops if top is not None)

    def epochs(self, stage: TrainingStage, rows: int) -> int:
        """Epochs of a stage that trains on so many rows."""
        return stage.epochs_of(ceil(rows / self.batch_size))


@dataclass(frozen=True, slots=True)
class EpochRecord:
    """Mean log loss of training steps, and log loss (at its best temperature) and accuracy on the
    inner rows after them."""

    stage: str
    epoch: int
    training_loss: float | None
    """None before the first step."""
    inner_loss: float
    inner_accuracy: float
    seconds: float = field(default=0.0, compare=False)


@dataclass(frozen=True, slots=True)
class TunedNetwork:
    """What differs from the pretrained network, and the head on top of it.

    tensors: float32 arrays by the parameter's name in the weights file; weights (classes, width)
    and bias (classes,) of the head.
    """

    base_sha256: str
    tensors: dict[str, NDArray[np.float32]]
    weights: NDArray[np.float32]
    bias: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class TrainingRun:
    """What came of a plan on some rows.

    result is `NotAvailable`, with the reason, where the training failed: the ladder goes on from
    the last rung that did not.
    """

    plan: str
    result: TunedNetwork | NotAvailable
    history: tuple[EpochRecord, ...]
    stopped: tuple[StoppedBy, ...]
    """Of each stage that was run."""
    averaging_weight: float
    """0: the pretrained network with a linear head was no worse on the inner rows."""
    micro_batch: int
    """Rows that went through the network at once."""
    remarks: tuple[str, ...] = ()
