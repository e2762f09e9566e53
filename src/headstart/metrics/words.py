"""How a metric, its values and its differences are written for a reader."""

from __future__ import annotations

from headstart.metrics.scores import HIGHER_IS_BETTER

LOWER_IS_BETTER = frozenset(name for name, higher in HIGHER_IS_BETTER.items() if not higher)

METRIC_NAMES = {
    "accuracy": "accuracy",
    "macro_f1": "macro-F1",
    "balanced_accuracy": "balanced accuracy",
    "log_loss": "log-loss",
    "brier": "Brier score",
    "cost": "cost of a case",
    "micro_f1": "micro-F1",
    "average_precision": "average precision",
    "hamming_loss": "Hamming loss",
}


def metric_name(metric: str, *, steps: bool = False) -> str:
    """The metric as people write it; steps: costs are the steps of the labels' order.

    >>> metric_name("macro_f1"), metric_name("top_2")
    ('macro-F1', 'top 2')
    """
    if steps and metric == "cost":
        return "mean absolute error"
    return METRIC_NAMES.get(metric, metric.replace("_", " "))


def is_rate(metric: str) -> bool:
    """Whether the metric lies between 0 and 1 and is read as a percentage."""
    return metric not in LOWER_IS_BETTER or metric == "hamming_loss"


def _signless_zero(text: str) -> str:
    return text[1:] if text[0] in "+-" and not text.strip("+-0.%") else text


def percent(value: float, digits: int = 1) -> str:
    """
    >>> percent(0.83456), percent(-0.00001)
    ('83.5%', '0.0%')
    """
    return _signless_zero(f"{100 * value:.{digits}f}%").replace("-", "−")


def metric_value(metric: str, value: float) -> str:
    """A value of the metric: a percentage, or three decimals.

    >>> metric_value("accuracy", 0.5), metric_value("log_loss", 0.61234)
    ('50.0%', '0.612')
    """
    if metric == "cost":
        return significant(value, 3).replace("-", "−")
    return percent(value) if is_rate(metric) else f"{value:.3f}".replace("-", "−")


def difference(metric: str, value: float) -> str:
    """A difference of the metric with its sign: percentage points, or three decimals.

    >>> difference("accuracy", 0.0312), difference("log_loss", -0.02), difference("accuracy", 0)
    ('+3.1', '−0.020', '0.0')
    """
    if metric == "cost":
        return ("+" if value > 0 else "") + significant(value, 3).replace("-", "−")
    text = f"{100 * value:+.1f}" if is_rate(metric) else f"{value:+.3f}"
    return _signless_zero(text).replace("-", "−")


def unit(metric: str, *, steps: bool = False) -> str:
    """What a difference of the metric is counted in; steps: as in `metric_name`."""
    if metric == "cost":
        return "steps" if steps else "in the unit of the costs"
    return "points" if is_rate(metric) else "nats" if metric == "log_loss" else "units"


def amount(metric: str, gain: float, *, steps: bool = False) -> str:
    """A gain in the metric's unit; steps: as in `metric_name`.

    >>> amount("accuracy", 0.031), amount("cost", 0.25), amount("log_loss", -0.1)
    ('+3.1 points', '+0.25 in the unit of the costs', '−0.100 nats')
    >>> amount("cost", 0.25, steps=True)
    '+0.25 steps'
    """
    return f"{difference(metric, gain)} {unit(metric, steps=steps)}"


def size(metric: str, of: float, *, steps: bool = False) -> str:
    """The same of what has no direction, as a margin.

    >>> size("accuracy", 0.01)
    '1.0 points'
    """
    return amount(metric, of, steps=steps).lstrip("+")


def significant(value: float, digits: int = 2) -> str:
    """At least `digits` significant digits, without an exponent for everyday sizes.

    >>> significant(0.04321), significant(7.26), significant(1234), significant(3.1e-7)
    ('0.043', '7.3', '1,234', '3.1e-07')
    """
    if value == 0:
        return "0"
    if abs(value) >= 10 ** (digits - 1):
        return f"{value:,.{max(0, digits - len(str(int(abs(value)))))}f}"
    return f"{value:.{digits}g}"
