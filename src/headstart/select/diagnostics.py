"""Transferability scores beside the probe. They explain a candidate; they do not pick one."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from headstart.heads.threads import threads_for
from headstart.select.scores import (
    gbc,
    h_score,
    knn_accuracy,
    leep,
    logme,
    nce,
    projected,
    transrate,
)
from headstart.stats import jackknife
from headstart.types.result import Estimate, NotAvailable

MOST_ROWS = 1000
PARTS = 5
WIDTH = 64
"""Directions kept for scores that compare across widths only after a common projection."""
Rows = NDArray[np.int64]


def diagnostics(
    features: NDArray[np.float32],
    codes: NDArray[np.int64],
    groups: NDArray[np.int64],
    source: NDArray[np.float32] | None,
    *,
    confidence: float = 0.95,
    seed: int = 0,
) -> dict[str, Estimate | NotAvailable]:
    """Every score by name, with the interval of a delete-a-fifth jackknife by groups.

    features (n, width), codes (n,), groups (n,); source: probabilities of the classes that the
    network was pretrained on (n, source classes), None where it has no such head. Of more than
    1,000 rows, 1,000 are taken.
    """
    random = np.random.default_rng([seed, 13])
    rows = np.sort(random.permutation(len(codes))[:MOST_ROWS])
    features, groups = features[rows], groups[rows]
    codes = np.unique(codes[rows], return_inverse=True)[1].astype(np.int64)
    source = None if source is None else source[rows]
    classes = int(codes.max()) + 1
    few = projected(features, WIDTH, seed)
    scores: dict[str, Callable[[Rows], float]] = {
        "kNN accuracy": lambda some: knn_accuracy(features[some], codes[some], groups[some]),
        "LogME": lambda some: logme(features[some], codes[some], classes),
        "H-score": lambda some: h_score(features[some], codes[some]),
        "TransRate": lambda some: transrate(few[some], codes[some]),
        "GBC": lambda some: gbc(few[some], codes[some]),
    }
    found: dict[str, Estimate | NotAvailable] = {}
    if source is not None:
        given = source
        scores["LEEP"] = lambda some: leep(given[some], codes[some], classes)
        scores["NCE"] = lambda some: nce(given[some].argmax(axis=1), codes[some])
    parts = _parts(groups, random)
    for name, score in scores.items():
        found[name] = _estimate(score, parts, len(codes), confidence)
    if source is None:
        why = NotAvailable("the network has no classifier of its source's classes")
        found |= {"LEEP": why, "NCE": why}
    return found


def _parts(groups: NDArray[np.int64], random: np.random.Generator) -> list[Rows]:
    names, member = np.unique(groups, return_inverse=True)
    part = random.permutation(len(names))[member] % PARTS
    return [np.flatnonzero(part != i) for i in range(PARTS)]


def _estimate(
    score: Callable[[Rows], float], parts: list[Rows], n: int, confidence: float
) -> Estimate | NotAvailable:
    try:
        # Small decompositions: with two threads they take ten times as long.
        with threads_for(0.0):
            whole = score(np.arange(n))
            without = [score(some) for some in parts]
    except ValueError as error:
        return NotAvailable(str(error))
    if not np.isfinite([whole, *without]).all():
        return NotAvailable("it is not defined on these rows")
    return jackknife(whole, without, n=n, confidence=confidence)
