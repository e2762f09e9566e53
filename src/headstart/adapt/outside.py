"""Which score tells rows out of scope from the others, and from where on: without a look at any
row that will judge it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from math import ceil

import numpy as np
from numpy.typing import NDArray

from headstart.heads import NAMES, LinearHead, fit_linear, fit_outside, outside_scores
from headstart.metrics import auroc
from headstart.types.adapt import OutsideChoice
from headstart.types.data import Folds
from headstart.types.model import OutsideName, OutsideScore
from headstart.types.result import NotAvailable

ROUNDS = 5
"""Times that classes are left out, where no row out of scope is there to choose by."""
SHARE = 0.25
"""Of the classes, left out each time."""
NO_LABEL = NotAvailable("the brief names no label of rows out of scope (out_of_scope)")


def as_it_is(head: LinearHead) -> LinearHead:
    """The head of a model whose logits are not scaled."""
    return head


@dataclass(frozen=True, slots=True)
class Seen:
    """Features of the development rows in scope, and of those out of scope if there are any.

    inside: (n, width). codes: (n,). outside: (m, width). scaled: a head, scaled as the model's is.
    l2: of the model's head, None where it is to be found anew. towards: weights (classes, width)
    that the model's head was pulled towards, if it was.
    """

    inside: NDArray[np.float32]
    codes: NDArray[np.int64]
    outside: NDArray[np.float32]
    classes: int
    scaled: Callable[[LinearHead], LinearHead] = as_it_is
    l2: float | None = None
    towards: NDArray[np.float32] | None = None

    def head(self, rows: NDArray[np.int64]) -> LinearHead:
        """Fitted on some rows, scaled as the model's is."""
        grid = None if self.l2 is None else (self.l2,)
        head = fit_linear(
            self.inside[rows], self.codes[rows], self.classes,
            l2_grid=grid, exact=False, towards=self.towards,
        )  # fmt: skip
        return self.scaled(head)


def choose_outside(
    seen: Seen, whole: LinearHead, folds: Folds, false_alarms: float, seed: int
) -> OutsideChoice:
    """The score with the largest area under the ROC curve, fitted on all rows, and its threshold.

    Rows in scope are scored out of fold. Against them stand the development rows out of scope, or
    without any those of classes that were left out of the training (a quarter, five times). The
    threshold is the conformal quantile of the out-of-fold scores: a new row in scope lies above it
    with at most the probability `false_alarms`, as far as models of the folds stand for the whole
    one (Vovk 2015, cross-conformal prediction).

    Args:
        whole: the head of the model that ships, scaled.
    """
    scored, measured = _by_folds(seen, folds, seed)
    against = "out-of-scope rows"
    if not measured:
        against, measured = "classes that were left out", _against_classes(seen, seed)
    best = max(NAMES, key=lambda name: measured[name])
    fitted = fit_outside(best, seen.inside, seen.codes, whole.weights, whole.bias, seed)
    chosen = replace(
        fitted, threshold=quantile(scored[best], false_alarms), false_alarms=false_alarms
    )
    return OutsideChoice(chosen, measured, against, len(seen.inside), len(seen.outside))


def by_probability(
    out_of_fold: NDArray[np.floating], outside: NDArray[np.floating], false_alarms: float
) -> OutsideChoice | NotAvailable:
    """The plainest score, for a model whose features are not those of a frozen network: what they
    look like on rows that trained them says nothing about new rows.

    Args:
        out_of_fold: probabilities (n, classes) of rows in scope. outside: of those that are not.
    """
    known = np.isfinite(out_of_fold).all(axis=1)
    if not known.any():
        return NotAvailable("no row was answered out of fold")
    inside = 1.0 - out_of_fold[known].max(axis=1).astype(np.float64)
    strange = 1.0 - outside.max(axis=1) if len(outside) else np.zeros(0)
    score = OutsideScore("probability", quantile(inside, false_alarms), false_alarms)
    found = {"probability": auroc(inside, strange)} if len(strange) else {}
    return OutsideChoice(score, found, "out-of-scope rows", len(inside), len(strange))


def quantile(scores: NDArray[np.floating], false_alarms: float) -> float:
    """The smallest score that at most the share `false_alarms` of new rows exceeds: the one of rank
    ⌈(n + 1)(1 − false alarms)⌉, infinite where there are too few.

    >>> quantile(np.arange(1.0, 20.0), 0.1), quantile(np.arange(5.0), 0.1)
    (18.0, inf)
    """
    rank = ceil((len(scores) + 1) * (1.0 - false_alarms) - 1e-9)
    return float("inf") if rank > len(scores) else float(np.sort(scores)[rank - 1])


def _scores(
    names: Sequence[OutsideName], seen: Seen, train: NDArray[np.int64], seed: int
) -> tuple[dict[OutsideName, OutsideScore], LinearHead]:
    head = seen.head(train)
    rows = (seen.inside[train], seen.codes[train], head.weights, head.bias, seed)
    return {name: fit_outside(name, *rows) for name in names}, head


def _logits(head: LinearHead, features: NDArray[np.floating]) -> NDArray[np.floating]:
    return features @ head.weights.T + head.bias


def _by_folds(
    seen: Seen, folds: Folds, seed: int
) -> tuple[dict[OutsideName, NDArray[np.float64]], dict[str, float]]:
    """(out-of-fold scores of the rows in scope, mean over the folds' models of the area under the
    curve of their own test rows against the rows out of scope; none without such rows)."""
    found = {name: np.zeros(len(seen.inside)) for name in NAMES}
    areas: dict[str, list[float]] = {name: [] for name in NAMES}
    for part in range(folds.k):
        test = folds.assignment[0] == part
        fitted, head = _scores(NAMES, seen, np.flatnonzero(~test), seed)
        rows = seen.inside[test]
        for name, score in fitted.items():
            found[name][test] = outside_scores(score, rows, _logits(head, rows))
            if len(seen.outside):
                strange = outside_scores(score, seen.outside, _logits(head, seen.outside))
                areas[name].append(auroc(found[name][test], strange))
    return found, {name: float(np.mean(area)) for name, area in areas.items() if area}


def _against_classes(seen: Seen, seed: int) -> dict[str, float]:
    random = np.random.default_rng(seed)
    areas: dict[str, list[float]] = {name: [] for name in NAMES}
    some = max(1, round(SHARE * seen.classes))
    for _ in range(ROUNDS):
        left = np.isin(seen.codes, random.permutation(seen.classes)[:some])
        inside = random.permutation(np.flatnonzero(~left))
        train, test = inside[len(inside) // 5 :], inside[: len(inside) // 5]
        if not len(test) or not left.any() or len(np.unique(seen.codes[train])) < 2:
            continue
        fitted, head = _scores(NAMES, seen, np.sort(train), seed)
        for name, score in fitted.items():
            own, strange = (
                outside_scores(score, rows, _logits(head, rows))
                for rows in (seen.inside[test], seen.inside[left])
            )
            areas[name].append(auroc(own, strange))
    return {name: float(np.mean(found)) if found else 0.5 for name, found in areas.items()}
