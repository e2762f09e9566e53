"""The frontier plot: score against cost, and the candidates that nothing beats on both."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from headstart.decide.chart import axis

WIDTH, HEIGHT = 720, 340
LEFT, RIGHT, TOP, BOTTOM = 52, 24, 20, 46


@dataclass(frozen=True, slots=True)
class Point:
    """A candidate: cost in milliseconds a row, score with its interval on `rows` rows."""

    name: str
    picked: bool
    cost: float
    score: float
    low: float
    high: float
    rows: int
    text: str


def on_frontier(points: Sequence[Point]) -> list[int]:
    """Indices of the points that no other beats in both score and cost, the cheapest first.

    >>> def p(cost, score): return Point("", False, cost, score, score, score, 1, "")
    >>> on_frontier([p(1, .5), p(2, .4), p(3, .9)])
    [0, 2]
    """
    best, found = -math.inf, []
    for i in sorted(range(len(points)), key=lambda i: (points[i].cost, -points[i].score)):
        if points[i].score > best:
            best = points[i].score
            found.append(i)
    return found


def frontier_plot(points: Sequence[Point], metric: str) -> dict[str, Any] | None:
    """Where everything stands, in the units of a 720 × 340 picture; None with fewer than two."""
    if len(points) < 2:
        return None
    low, high, ticks = axis(
        [v for one in points for v in (one.score, one.low, one.high)], "accuracy"
    )
    decades = [math.log10(one.cost) for one in points]
    start, stop = math.floor(min(decades)), math.ceil(max(decades))
    stop = stop if stop > start else start + 1

    def x(cost: float) -> float:
        share = (math.log10(cost) - start) / (stop - start)
        return round(LEFT + share * (WIDTH - LEFT - RIGHT), 1)

    def y(score: float) -> float:
        return round(TOP + (high - score) / (high - low) * (HEIGHT - TOP - BOTTOM), 1)

    best = on_frontier(points)
    drawn = [
        {
            "x": x(one.cost),
            "y": y(one.score),
            "low": y(one.low),
            "high": y(one.high),
            "name": one.name,
            "number": i + 1,
            "style": "chosen" if one.picked else "on" if i in best else "off",
        }
        for i, one in enumerate(points)
    ]
    _apart(drawn)
    return {
        "width": WIDTH,
        "height": HEIGHT,
        "metric": metric,
        "points": drawn,
        "line": " ".join(f"{x(points[i].cost)},{y(points[i].score)}" for i in best),
        "xs": [{"x": x(10.0**d), "text": f"{10.0**d:g} ms"} for d in range(start, stop + 1)],
        "ys": [{"y": y(tick), "text": f"{100 * tick:.4g}%"} for tick in ticks],
        "left": LEFT,
        "right": WIDTH - RIGHT,
        "top": TOP,
        "bottom": HEIGHT - BOTTOM,
        "description": "; ".join(
            f"{one.name}: {one.text} on {one.rows} rows at {one.cost:.3g} ms a row"
            for one in points
        ),
    }


def _apart(drawn: list[dict[str, Any]]) -> None:
    """Numbers beside the dots, moved up or down until none covers another."""
    placed: list[tuple[float, float]] = []
    for point in sorted(drawn, key=lambda one: (one["y"], one["x"])):
        at, step = point["y"] - 10, 0
        while any(abs(point["x"] - x) < 20 and abs(at - y) < 15 for x, y in placed):
            step += 1
            at = point["y"] - 10 + (15 * step if step % 2 else -15 * step)
        placed.append((point["x"], at))
        point["label_y"] = round(at, 1)
