"""Metrics by name."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from headstart.metrics.classification import accuracy, balanced_accuracy, macro_f1
from headstart.metrics.costs import Floats, cost_of_answers, given_answers
from headstart.metrics.probability import brier, check_proba, log_loss
from headstart.metrics.sets import set_scores

Proba = NDArray[np.floating]

HIGHER_IS_BETTER: dict[str, bool] = {
    "accuracy": True,
    "macro_f1": True,
    "balanced_accuracy": True,
    "log_loss": False,
    "brier": False,
    "cost": False,
    "micro_f1": True,
    "average_precision": True,
    "hamming_loss": False,
}

RANGES: dict[str, tuple[float, float | None]] = {
    "accuracy": (0.0, 1.0),
    "macro_f1": (0.0, 1.0),
    "balanced_accuracy": (0.0, 1.0),
    "log_loss": (0.0, None),
    "brier": (0.0, 2.0),
    "cost": (0.0, None),
    "micro_f1": (0.0, 1.0),
    "average_precision": (0.0, 1.0),
    "hamming_loss": (0.0, 1.0),
}
"""Smallest and largest possible value of each metric; None: unbounded."""

ONE_LABEL = ("accuracy", "macro_f1", "balanced_accuracy", "log_loss", "brier", "cost")
"""Metrics of rows with one label each."""

OF_ANSWERS: dict[str, Callable[[NDArray[np.integer], NDArray[np.integer], int], float]] = {
    "accuracy": lambda y, given, n_classes: accuracy(y, given),
    "macro_f1": macro_f1,
    "balanced_accuracy": balanced_accuracy,
}
"""Metrics of what is answered; the others but `cost` look at the probabilities."""
_OF_PROBABILITIES = {"log_loss": log_loss, "brier": brier}


def score(
    name: str,
    y: NDArray[np.integer],
    proba: Proba,
    n_classes: int,
    costs: Floats | None = None,
    by: Floats | None = None,
) -> float:
    """One metric by name.

    Args:
        y: codes (n,), −1 for a label that the model has never seen.
        proba: probabilities (n, n_classes).
        costs: cost of answering j for a case of i (n_classes, n_classes), for `cost`: the mean cost
            of the answers with the least expected cost. None: every mistake costs 1.
        by: what the answers minimise that every other metric of answers is of (`answer_costs`).
            None: the most probable ones.

    Raises:
        KeyError: an unknown metric.
        ValueError: no rows, or shapes that do not belong together.

    >>> score("accuracy", np.array([0, 1]), np.array([[0.9, 0.1], [0.8, 0.2]]), 2)
    0.5
    """
    check_proba(y, proba)
    if proba.shape[1] != n_classes:
        raise ValueError(f"{proba.shape[1]} columns of probabilities for {n_classes} classes")
    if name == "cost":
        return float(cost_of_answers(y, proba, costs).mean())
    if name in _OF_PROBABILITIES:
        return _OF_PROBABILITIES[name](y, proba)
    if name not in OF_ANSWERS:
        raise KeyError(f"unknown metric '{name}'; use one of: {', '.join(ONE_LABEL)}")
    return OF_ANSWERS[name](y, given_answers(proba, by), n_classes)


def metric_names(costs: Floats | None) -> list[str]:
    """Every metric of rows with one label that can be had: `cost` only where costs are named."""
    return [name for name in ONE_LABEL if name != "cost" or costs is not None]


def all_scores(
    y: NDArray[np.integer],
    proba: Proba,
    costs: Floats | None = None,
    by: Floats | None = None,
) -> dict[str, float]:
    """Every metric of probabilities (n, classes); their cost where costs are named. Of rows that
    may have several labels, y is (n, labels). The arguments are those of `score`.

    >>> sorted(all_scores(np.array([0, 1]), np.eye(2)))
    ['accuracy', 'balanced_accuracy', 'brier', 'log_loss', 'macro_f1']
    """
    if y.ndim == 2:
        return set_scores(y, proba, costs, by)
    classes = proba.shape[1]
    return {name: score(name, y, proba, classes, costs, by) for name in metric_names(costs)}
