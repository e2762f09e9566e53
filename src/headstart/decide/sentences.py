"""Sentences whose numbers remember the ledger row they were read from."""

from __future__ import annotations

from headstart.decide.words import confidence, count, p_value
from headstart.metrics.words import difference, metric_name, metric_value, unit
from headstart.types.result import Comparison, Estimate

QUOTE = "quote"
"""Source of the user's own words, and of names."""

Piece = tuple[str, str]
Sentence = tuple[Piece, ...]


def say(*parts: str | Piece | Sentence) -> Sentence:
    """One sentence from plain text, cited pieces and part sentences.

    >>> plain(say("Accuracy is ", ("83.5%", "/evaluate/metrics/accuracy"), "."))
    'Accuracy is 83.5%.'
    """
    pieces: list[Piece] = []
    for part in parts:
        if isinstance(part, str):
            pieces.append((part, ""))
        elif len(part) == 2 and isinstance(part[0], str) and isinstance(part[1], str):
            pieces.append((part[0], part[1]))
        else:
            pieces.extend(piece for piece in part if isinstance(piece, tuple))
    return tuple(pieces)


def plain(sentence: Sentence) -> str:
    """The sentence as text."""
    return "".join(text for text, _ in sentence)


def capital(sentence: Sentence) -> Sentence:
    """The sentence with a capital first letter.

    >>> plain(capital(say("yes.")))
    'Yes.'
    """
    (text, source), *rest = sentence
    return ((text[:1].upper() + text[1:], source), *rest)


def quoted(name: str) -> Sentence:
    """A label, an arm or another name, in quotation marks."""
    return say("‘", (name, QUOTE), "’")


def names(items: tuple[str, ...], pointer: str, limit: int = 5) -> Sentence:
    """Names in quotation marks, the rest counted from the list at `pointer`."""
    pieces: list[str | Piece | Sentence] = []
    shown = items[:limit]
    for index, item in enumerate(shown):
        last = index == len(items) - 1
        pieces.append("" if index == 0 else " and " if last else ", ")
        pieces.append(quoted(item))
    if len(items) > limit:
        pieces += [" and ", (count(len(items) - limit), pointer), " more"]
    return say(*pieces)


def estimate(metric: str, value: Estimate, pointer: str, rows: str = "rows") -> Sentence:
    """`83.5% (95% interval 82.1% to 84.8%, 3,080 rows)`; without an interval, why."""
    size = say((count(value.n), pointer), f" {rows}")
    if value.low is None or value.high is None:
        return say((metric_value(metric, value.value), pointer), " (", size, f"; {value.method})")
    return say(
        (metric_value(metric, value.value), pointer),
        " (",
        (confidence(value.confidence), pointer),
        " interval ",
        (metric_value(metric, value.low), pointer),
        " to ",
        (metric_value(metric, value.high), pointer),
        ", ",
        size,
        ")",
    )


def gap(comparison: Comparison, pointer: str) -> Sentence:
    """`95% interval +1.0 to +5.2, p = 0.004`."""
    metric = comparison.metric
    return say(
        (confidence(comparison.confidence), pointer),
        " interval ",
        (difference(metric, comparison.low), pointer),
        " to ",
        (difference(metric, comparison.high), pointer),
        ", p ",
        (p_value(comparison.p_value), pointer),
    )


def distance(comparison: Comparison, pointer: str, *, steps: bool = False) -> Sentence:
    """`3.1 points more accuracy`, or `a cost of a case that is 0.2 lower`; steps: costs are the
    steps of the labels' order."""
    metric, size = comparison.metric, difference(comparison.metric, comparison.difference)
    if metric == "cost":
        higher = "lower" if comparison.difference < 0 else "higher"
        words = f" steps {higher}" if steps else f" {higher}"
        name = metric_name(metric, steps=steps)
        return say(f"a {name} that is ", (size.lstrip("+−"), pointer), words)
    more = "less" if comparison.difference < 0 else "more"
    words = f" {unit(metric, steps=steps)} {more} {metric_name(metric, steps=steps)}"
    return say((size.lstrip("+−"), pointer), words)


def folds(comparison: Comparison, pointer: str) -> Sentence:
    """`5 folds × 2 repeats, 616 rows`."""
    return say(
        (count(comparison.folds), pointer),
        " folds × ",
        (count(comparison.repeats), pointer),
        " repeats, " if comparison.repeats != 1 else " repeat, ",
        (count(comparison.n), pointer),
        " rows",
    )
