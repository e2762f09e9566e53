"""The interval chart: where dots, intervals and reference lines stand, in % of the width."""

from __future__ import annotations

import math
from dataclasses import dataclass

from headstart.decide.figures import Figure, Quote
from headstart.metrics.words import difference, is_rate, metric_value

ROW = 42
TOP = 42
AXIS = 30
LABEL = 28
"""Characters of a name in the chart; the table beside it has the whole name."""


@dataclass(frozen=True, slots=True)
class Bar:
    """One row of the chart: a name, a value and its interval."""

    name: str
    tag: str
    style: str
    """`chosen`, `deciding` or `other`: how the dot is drawn."""
    value: float
    low: float | None
    high: float | None
    figures: tuple[Figure | None, Figure | None, Figure | None]


@dataclass(frozen=True, slots=True)
class Line:
    """A vertical reference line."""

    name: str
    value: float
    figure: Figure


@dataclass(frozen=True, slots=True)
class Chart:
    """Everything the template draws; positions are strings such as `42.00%`."""

    title: str
    description: str
    height: int
    rows: tuple[dict[str, object], ...]
    lines: tuple[dict[str, object], ...]
    ticks: tuple[dict[str, object], ...]
    top: int
    foot: int


def step(span: float) -> float:
    """A round distance between three to six ticks over `span`.

    >>> step(1.0), step(0.13)
    (0.2, 0.05)
    """
    rough = span / 5
    power = 10.0 ** math.floor(math.log10(rough))
    return next(power * times for times in (1, 2, 5, 10) if power * times >= rough * 0.999)


def axis(values: list[float], metric: str) -> tuple[float, float, list[float]]:
    """Ends of the axis and its ticks, round numbers that hold every value.

    >>> axis([0.31, 0.86], "accuracy")[:2]
    (0.2, 1.0)
    """
    low, high = min(values), max(values)
    width = step(max(high - low, 0.02))
    start, stop = math.floor(low / width + 1e-9) * width, math.ceil(high / width - 1e-9) * width
    if high - low > 0.5 and low < 0.25 and is_rate(metric):
        start = 0.0
    if stop <= start:
        start, stop = start - width, start + width
    if is_rate(metric):
        start, stop = max(0.0, start), min(1.0, stop)
    steps = round((stop - start) / width)
    ticks = [round(start + i * width, 10) for i in range(steps + 1)]
    return round(start, 10), round(max(stop, ticks[-1]), 10), ticks


def _at(value: float, start: float, stop: float) -> str:
    share = (value - start) / (stop - start)
    return f"{1 + 98 * min(1.0, max(0.0, share)):.2f}%"


def _anchor(value: float, start: float, stop: float) -> str:
    share = (value - start) / (stop - start)
    return "start" if share < 0.2 else "end" if share > 0.8 else "middle"


def interval_chart(
    title: str,
    description: str,
    metric: str,
    bars: list[Bar],
    lines: list[Line],
    *,
    signed: bool = False,
) -> Chart:
    """Lay the rows out from top to bottom in the order given.

    signed: the values are differences of the metric; the axis holds zero.
    """
    values = [v for bar in bars for v in (bar.value, bar.low, bar.high) if v is not None]
    values += [line.value for line in lines] + ([0.0] if signed else [])
    start, stop, ticks = axis(values, "log_loss" if signed else metric)
    foot = TOP + ROW * len(bars)
    rows = []
    for index, bar in enumerate(bars):
        low = bar.value if bar.low is None else bar.low
        high = bar.value if bar.high is None else bar.high
        y = TOP + ROW * index
        rows.append(
            {
                "name": Quote(bar.name, LABEL),
                "tag": bar.tag,
                "style": bar.style,
                "text_y": y + 12,
                "y": y + 28,
                "x": _at(bar.value, start, stop),
                "low": _at(low, start, stop),
                "high": _at(high, start, stop),
                "figures": bar.figures,
            }
        )
    return Chart(
        title,
        description,
        foot + AXIS,
        tuple(rows),
        tuple(
            {
                "name": line.name,
                "figure": line.figure,
                "x": _at(line.value, start, stop),
                "anchor": _anchor(line.value, start, stop),
                "y": 13 + 16 * index,
            }
            for index, line in enumerate(lines)
        ),
        tuple(
            {
                "x": _at(tick, start, stop),
                "text": difference(metric, tick)
                if signed
                else metric_value(metric, tick).replace(".0%", "%"),
                "anchor": "start" if tick == ticks[0] else "end" if tick == ticks[-1] else "middle",
            }
            for tick in ticks
        ),
        TOP,
        foot,
    )
