"""How the score grows with the rows, and how many more would reach a level.

A power law fitted to few rows promises too much: the error first falls faster than it will later.
The law here is piecewise (Jain et al. 2023, arXiv 2303.01598): in logarithms a parabola up to a
switching point, and from there on its tangent, a straight line.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from headstart.heads.threads import threads_for
from headstart.select.scoring import Scoring
from headstart.types.result import Estimate, NotAvailable
from headstart.types.select import CurvePoint, LearningCurve

POINTS = 7
REPEATS = 12
DRAWS = 300
FARTHEST = 20
"""How many times the rows that there are the law is trusted to look ahead."""
SMALLEST_ERROR = 1e-4
METHOD = (
    "ridge probes on nested random parts, tested on the rows left out; piecewise power law of the "
    "error, band from resampled repeats"
)


@dataclass(frozen=True, slots=True)
class Law:
    """log error = a + b·x + c·(x − switch)² for x = log rows below `switch`, without c beyond."""

    a: float
    b: float
    c: float
    switch: float

    def error(self, rows: NDArray[np.float64] | float) -> NDArray[np.float64]:
        """Expected share of wrong answers, trained on so many rows."""
        x = np.log(np.asarray(rows, dtype=np.float64))
        bend = np.minimum(x - self.switch, 0.0)
        return np.asarray(np.exp(self.a + self.b * x + self.c * bend**2).clip(0.0, 1.0))

    def rows_for(self, error: float) -> float:
        """Rows at which the straight part falls to `error`; infinite where it does not fall."""
        if self.b >= -1e-6:
            return float("inf")
        return float(np.exp(min((np.log(error) - self.a) / self.b, 700.0)))


def fit_law(rows: NDArray[np.float64], errors: NDArray[np.float64]) -> Law:
    """The law of least squares in logarithms; the error never grows with the rows.

    rows, errors: (m,), several errors for one number of rows allowed.
    """
    x, y = np.log(rows), np.log(np.maximum(errors, SMALLEST_ERROR))
    distinct = np.unique(x)
    # A line needs two points beyond the switch, a parabola one more before it.
    switches = distinct[:-2] if len(distinct) > 3 else distinct[:1]
    best: tuple[float, Law] | None = None
    for switch in switches.tolist():
        bend = np.minimum(x - switch, 0.0) ** 2
        for design in ([np.ones_like(x), x, bend], [np.ones_like(x), x]):
            weights, *_ = np.linalg.lstsq(np.stack(design, axis=1), y, rcond=None)
            a, b = float(weights[0]), float(weights[1])
            c = float(weights[2]) if len(weights) == 3 else 0.0
            if b > 0:
                a, b, c = float(y.mean()), 0.0, 0.0
            loss = float(np.square(a + b * x + c * bend - y).sum()) * (1 + 0.05 * len(weights))
            law = Law(a, b, c, switch)
            if best is None or loss < best[0]:
                best = (loss, law)
    assert best is not None
    return best[1]


def learning_curve(
    features: NDArray[np.floating],
    codes: NDArray[np.int64],
    groups: NDArray[np.int64],
    scoring: Scoring,
    penalty: float,
    *,
    required: float | None,
    confidence: float = 0.95,
    seed: int = 0,
) -> LearningCurve | NotAvailable:
    """Points on a grid of training sizes, the law through them, and the rows for a level.

    features: (n, width). penalty: relative, as the probe chose it. required: the score to reach.
    """
    n, classes = len(codes), int(codes.max()) + 1
    least = max(20, 2 * classes)
    if n < 2.5 * least:
        return NotAvailable(f"{n} rows of {classes} classes are too few for a curve")
    grid = np.unique(np.geomspace(least, 0.8 * n, POINTS).astype(int))
    random = np.random.default_rng([seed, 12])
    errors = np.empty((REPEATS, len(grid)))
    with threads_for(0.0):
        for repeat in range(REPEATS):
            order = _shuffled(groups, random)
            for i, size in enumerate(grid):
                train, test = order[:size], order[int(grid[-1]) :]
                said = _answers(features, codes, train, test, classes, penalty, scoring)
                errors[repeat, i] = 1 - scoring.score(codes[test], said)
    return _extrapolated(grid.astype(float), errors, n, required, confidence, random)


def _shuffled(groups: NDArray[np.int64], random: np.random.Generator) -> NDArray[np.int64]:
    """Rows in random order, groups together."""
    names, member = np.unique(groups, return_inverse=True)
    place = random.permutation(len(names))[member]
    return np.lexsort((random.random(len(groups)), place)).astype(np.int64)


def _answers(
    features: NDArray[np.floating],
    codes: NDArray[np.int64],
    train: NDArray[np.int64],
    test: NDArray[np.int64],
    classes: int,
    penalty: float,
    scoring: Scoring,
) -> NDArray[np.int64]:
    rows = features[train].astype(np.float64)
    mean = rows.mean(axis=0)
    rows -= mean
    targets = np.eye(classes)[codes[train]]
    middle = targets.mean(axis=0)
    gram = rows @ rows.T
    spread = max(float(np.trace(gram)) / len(rows), 1e-12)
    if not np.isfinite(penalty):
        return np.full(len(test), int(np.bincount(codes[train]).argmax()), dtype=np.int64)
    gram[np.diag_indices(len(rows))] += penalty * spread
    dual = np.linalg.solve(gram, targets - middle)
    found = (features[test].astype(np.float64) - mean) @ (rows.T @ dual) + middle
    return scoring.answers(found, middle)


def _extrapolated(
    grid: NDArray[np.float64],
    errors: NDArray[np.float64],
    n: int,
    required: float | None,
    confidence: float,
    random: np.random.Generator,
) -> LearningCurve:
    repeats = len(errors)
    law = _law(grid, errors)
    draws = [_law(grid, errors[random.integers(repeats, size=repeats)]) for _ in range(DRAWS)]
    tail = 100 * (1 - confidence) / 2
    ahead = [n * factor for factor in (1, 2, 5, 10, FARTHEST)]
    expected = []
    for rows in ahead:
        low, high = np.percentile([1 - float(one.error(rows)) for one in draws], [tail, 100 - tail])
        value = 1 - float(law.error(rows))
        expected.append(_point(int(rows), value, float(low), float(high), n, confidence))
    points = []
    for i, rows in enumerate(grid):
        low, high = np.percentile(1 - errors[:, i], [tail, 100 - tail])
        mean = float(1 - errors[:, i].mean())
        points.append(_point(int(rows), mean, float(low), float(high), n, confidence))
    needed, sentence = _needed(law, draws, n, required, confidence, expected)
    return LearningCurve(tuple(points), tuple(expected), needed, sentence, METHOD)


def _law(grid: NDArray[np.float64], errors: NDArray[np.float64]) -> Law:
    """Through the mean error of each size: single repeats may have no error at all."""
    return fit_law(grid, errors.mean(axis=0))


def _point(rows: int, value: float, low: float, high: float, n: int, level: float) -> CurvePoint:
    low, high = min(low, value), max(high, value)
    return CurvePoint(rows, Estimate(value, low, high, n, METHOD, level))


def _needed(
    law: Law,
    draws: Sequence[Law],
    n: int,
    required: float | None,
    confidence: float,
    expected: Sequence[CurvePoint],
) -> tuple[Estimate | NotAvailable, str]:
    """Rows for the required level, and the sentence that says it."""
    now, twice = expected[0].score.value, expected[1].score.value
    gain = 100 * (twice - now)
    trend = f"Twice the rows would add about {gain:.1f} points."
    if gain < 0.5:
        trend = f"More labels will hardly help: twice the rows would add about {gain:.1f} points."
    if required is None:
        return NotAvailable("the brief names no level"), trend
    if now >= required:
        return NotAvailable("the level is reached"), f"{trend} The level is reached already."
    wanted = [one.rows_for(1 - required) for one in draws]
    tail = 100 * (1 - confidence) / 2
    value = law.rows_for(1 - required)
    low, high = (float(x) for x in np.percentile(np.minimum(wanted, 1e15), [tail, 100 - tail]))
    if value > FARTHEST * n:
        why = f"more labels will not help: over {FARTHEST * n:,} rows for a score of {required:.3g}"
        return NotAvailable(why), f"{trend} {why[0].upper()}{why[1:]}."
    upper = high if high <= FARTHEST * n else None
    beyond = "" if upper is not None else f"; no upper bound below {FARTHEST * n:,}"
    found = Estimate(value, min(low, value), upper, n, METHOD + beyond, confidence)
    span = f"{found.low:,.0f} to {upper:,.0f}" if upper else f"at least {found.low:,.0f}"
    return found, f"{trend} A score of {required:.3g} needs about {value:,.0f} rows ({span})."
