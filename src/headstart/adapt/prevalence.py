"""How common each label is in use, where the labelled rows were not drawn as cases come.

Rows are often labelled so many of each class. What a model learned from them holds in use but for
how common the labels are: p(label | x) there is proportional to p(label | x) among the rows, times
how much more common the label is (Saerens, Latinne and Decaestecker 2002; they estimate the shares
from new inputs, here they are named). Scores are those of rows weighted likewise.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from headstart.adapt.arms.majority import majority_shares
from headstart.heads import LinearHead
from headstart.metrics import shares_named
from headstart.types.model import ArmResult, FittedModel

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Mix:
    """Shares of the labels in use, and of the rows that are learned from, each (labels,)."""

    in_use: Floats
    of_rows: Floats

    @property
    def ratio(self) -> Floats:
        """How much more common each label is in use (labels,)."""
        return self.in_use / self.of_rows

    @property
    def design_effect(self) -> float:
        """How many times as many rows it takes as if they came as in use (Kish 1965)."""
        return float((self.in_use**2 / self.of_rows).sum())

    def of(self, family: str) -> Mix:
        """The same for an arm that saw no row: to the generic model all labels are as common."""
        if family != "zero-shot":
            return self
        return replace(self, of_rows=np.full(len(self.in_use), 1.0 / len(self.in_use)))

    def shifted(self, proba: NDArray[np.floating]) -> NDArray[np.floating]:
        """Probabilities (n, labels or more) as they are in use; further columns stay 0."""
        return _times(proba, self.ratio)

    def back(self, proba: NDArray[np.floating]) -> NDArray[np.floating]:
        """The inverse of `shifted`."""
        return _times(proba, 1.0 / self.ratio)

    def commonness(self, proba: NDArray[np.floating]) -> Floats:
        """How much more common rows like each are in use (n,), by its unshifted probabilities."""
        return np.asarray(proba.astype(np.float64) @ self.ratio)

    def weights(self, codes: NDArray[np.integer]) -> Floats:
        """How much each row counts for, by its label (n,)."""
        return np.asarray(self.ratio[codes])

    def drawn(self, codes: NDArray[np.integer], seed: int) -> NDArray[np.int64]:
        """As many rows as can be had that are as common as in use: their numbers, in order."""
        held = np.bincount(codes, minlength=len(self.in_use))
        size = float((held / self.in_use).min())
        random = np.random.default_rng([seed, 7])
        parts = [
            random.permutation(np.flatnonzero(codes == code))[: max(1, round(size * share))]
            for code, share in enumerate(self.in_use)
        ]
        return np.sort(np.concatenate(parts)).astype(np.int64)

    def head(self, head: LinearHead) -> LinearHead:
        """A head that gives shifted probabilities."""
        return replace(head, bias=(head.bias + np.log(self.ratio)).astype(np.float32))


def _times(proba: NDArray[np.floating], ratio: Floats) -> NDArray[np.floating]:
    found = proba.astype(np.float64)
    found[:, : len(ratio)] *= ratio
    total = found.sum(axis=1, keepdims=True)
    found = np.divide(found, total, out=found, where=total > 0.0)
    return np.asarray(found, dtype=proba.dtype)


def mix_of(
    prevalence: dict[str, float], labels: Sequence[str], codes: NDArray[np.integer]
) -> Mix | None:
    """What the brief says of the labels that there are rows of; None: it says nothing.

    codes: of the development rows (n,).
    """
    shares = shares_named(prevalence, labels)
    if shares is None:
        return None
    return Mix(shares, majority_shares(codes.astype(np.int64), len(labels)))


def in_use(model: FittedModel, chosen: ArmResult, mix: Mix | None) -> tuple[FittedModel, ArmResult]:
    """The model, and its out-of-fold answers, with probabilities as they are in use; mix: that of
    its family."""
    if mix is None:
        return model, chosen
    head = mix.head(LinearHead(model.weights, model.bias))
    settings = {**model.settings, "prevalence": [round(float(one), 6) for one in mix.in_use]}
    return (
        replace(model, bias=head.bias, settings=settings),
        replace(chosen, out_of_fold=mix.shifted(chosen.out_of_fold).astype(np.float32)),
    )
