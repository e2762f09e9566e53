"""Two finished runs, compared on the hold-out rows that both have answered."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from headstart.evaluate.estimates import Answers, metric_estimates
from headstart.evaluate.looks import noted
from headstart.evaluate.paired import compare_on_rows
from headstart.evaluate.set_answers import SetAnswers, compare_sets, set_estimates
from headstart.metrics import costs_named, set_costs_named
from headstart.stats import confidence_at_look
from headstart.types.brief import Brief
from headstart.types.comparison import CommonRows, PairedAnswers, PairedRuns
from headstart.types.errors import InputError
from headstart.types.result import (
    Comparison,
    Estimate,
    EvaluationReport,
    HoldoutAnswers,
    NotAvailable,
)

Codes = NDArray[np.int64]
OTHER_COSTS = NotAvailable("the two briefs do not name the same costs of mistakes")


def pair_runs(
    a: EvaluationReport,
    b: EvaluationReport,
    *,
    names: tuple[str, str],
    metrics: tuple[str, str],
    briefs: tuple[Brief, Brief],
) -> PairedRuns | NotAvailable:
    """Match the rows by content and true label, and test every metric in pairs.

    The n-th copy of a row in one hold-out is matched with the n-th in the other. Rows decide that
    repeat a training row of neither run. Where the two runs were decided by different metrics,
    accuracy stands in for both. Where a hold-out was opened more than once, the level pays for
    every pair of an opening of the one and an opening of the other. Swapping the runs swaps the
    signs of the differences and changes nothing else, but for the random numbers of a bootstrap.

    Args:
        metrics: the primary metric of each run.

    Returns:
        Why not, where one of them had no hold-out or kept no answers.

    Raises:
        InputError: the runs know different labels, or share no row that decides.
    """
    _same_labels(a, b, names)
    left, right = a.answered, b.answered
    for name, report, answered in ((names[0], a, left), (names[1], b, right)):
        if report.basis != "hold-out":
            return NotAvailable(f"{name} has no hold-out: it was judged by cross-validation")
        if isinstance(answered, NotAvailable):
            return NotAvailable(f"{name}: {answered.reason}; run it again")
    assert isinstance(left, HoldoutAnswers)
    assert isinstance(right, HoldoutAnswers)
    if left.codes.ndim != right.codes.ndim:
        raise InputError(
            "in one of the runs a row may have several labels, in the other it has one",
            place=f"{names[0]} and {names[1]}",
            tip="only runs of one task can be compared: run both with the same --separator",
        )
    first, second = common_rows(left, a.labels, right, b.labels)
    decide = left.clean[first] & right.clean[second]
    rows = CommonRows(
        of_a=a.n_all,
        of_b=b.n_all,
        common=len(first),
        deciding=int(decide.sum()),
        only_a=a.n_all - len(first),
        only_b=b.n_all - len(first),
        same=len(first) == a.n_all == b.n_all,
    )
    if not rows.deciding:
        why = "every common row repeats a training row" if rows.common else "no row is in both"
        raise InputError(
            f"the hold-outs share no row that could decide: {why} "
            f"({rows.of_a} and {rows.of_b} rows)",
            place=f"{names[0]} and {names[1]}",
            tip="run both on the same rows: --holdout FILE",
        )
    labels = a.labels + tuple(label for label in b.labels if label not in a.labels)
    sets = left.codes.ndim == 2
    costs = _common_costs(briefs, labels, set_costs_named if sets else costs_named)
    metric, reason = _metric(metrics, costs)
    looks = a.openings * b.openings
    confidence = confidence_at_look(max(one.requirement.confidence for one in briefs), looks)
    seed = min(one.seed for one in briefs)
    both = ((left, a, first[decide]), (right, b, second[decide]))
    test = partial(_of_sets if sets else _of_labels, both, labels, costs)
    scores, differences, hits = test(names, confidence, seed)
    if costs is None and any(brief.names_costs for brief in briefs):
        differences["cost"] = OTHER_COSTS
    found = PairedRuns(
        metric=metric,
        metric_reason=reason,
        better=_better(differences[metric]),
        rows=rows,
        right=PairedAnswers(
            both=int((hits[0] & hits[1]).sum()),
            only_a=int((hits[0] & ~hits[1]).sum()),
            only_b=int((~hits[0] & hits[1]).sum()),
            neither=int((~hits[0] & ~hits[1]).sum()),
        ),
        differences=differences,
        of_a=scores[0],
        of_b=scores[1],
    )
    return noted(found, looks, "pairs of openings")


Side = tuple[HoldoutAnswers, EvaluationReport, Codes]
"""What a run answered, its report, and the rows that decide."""
Found = tuple[
    list[dict[str, Estimate | NotAvailable]],
    dict[str, Comparison | NotAvailable],
    tuple[NDArray[np.bool_], NDArray[np.bool_]],
]
"""Metrics of both, their differences, and which rows each answers rightly."""


def _of_labels(
    both: tuple[Side, Side],
    labels: tuple[str, ...],
    costs: NDArray[np.float64] | None,
    names: tuple[str, str],
    confidence: float,
    seed: int,
) -> Found:
    precision = np.result_type(*(answered.proba for answered, _, _ in both))
    of_a, of_b = (
        _answers(answered, report.labels, labels, rows, costs, precision)
        for answered, report, rows in both
    )
    answered, report, rows = both[0]
    y = _translate(report.labels, labels)[answered.codes[rows]]
    scores = [metric_estimates(y, said, confidence, seed) for said in (of_a, of_b)]
    differences: dict[str, Comparison | NotAvailable] = {
        name: compare_on_rows(
            y, of_a, of_b, names=names, metric=name, confidence=confidence, seed=seed
        )
        for name in scores[0]
    }
    return scores, differences, (of_a.given == y, of_b.given == y)


def _of_sets(
    both: tuple[Side, Side],
    labels: tuple[str, ...],
    costs: NDArray[np.float64] | None,
    names: tuple[str, str],
    confidence: float,
    seed: int,
) -> Found:
    precision = np.result_type(*(answered.proba for answered, _, _ in both))

    def spread(table: NDArray[Any], own: tuple[str, ...], rows: Codes, kind: Any) -> NDArray[Any]:
        wide = np.zeros((len(rows), len(labels)), dtype=kind)
        wide[:, _translate(own, labels)] = table[rows]
        return wide

    of_a, of_b = (
        SetAnswers(
            spread(answered.proba, report.labels, rows, precision),
            spread(answered.given, report.labels, rows, np.bool_),
            costs,
        )
        for answered, report, rows in both
    )
    answered, report, rows = both[0]
    y = spread(answered.codes, report.labels, rows, np.int64)
    scores = [set_estimates(y, said, confidence, seed) for said in (of_a, of_b)]
    differences: dict[str, Comparison | NotAvailable] = {
        name: compare_sets(
            y, of_a, of_b, names=names, metric=name, confidence=confidence, seed=seed
        )
        for name in scores[0]
    }
    return scores, differences, (~of_a.wrong(y), ~of_b.wrong(y))


def common_rows(
    left: HoldoutAnswers,
    labels_left: tuple[str, ...],
    right: HoldoutAnswers,
    labels_right: tuple[str, ...],
) -> tuple[Codes, Codes]:
    """Indices of the rows with equal content and label, in the order of the first; copies are
    matched one to one."""
    waiting: defaultdict[tuple[bytes, frozenset[str]], list[int]] = defaultdict(list)
    for row in reversed(range(len(right.codes))):
        waiting[right.keys[row].tobytes(), _truth(right, labels_right, row)].append(row)
    pairs = []
    for row in range(len(left.codes)):
        same = waiting.get((left.keys[row].tobytes(), _truth(left, labels_left, row)))
        if same:
            pairs.append((row, same.pop()))
    found = np.array(pairs, dtype=np.int64).reshape(-1, 2)
    return found[:, 0], found[:, 1]


def _truth(answered: HoldoutAnswers, labels: tuple[str, ...], row: int) -> frozenset[str]:
    """The labels of a row: one, or where it may have several all of them."""
    codes = answered.codes
    own = np.flatnonzero(codes[row]) if codes.ndim == 2 else [codes[row]]
    return frozenset(labels[int(code)] for code in own)


def _same_labels(a: EvaluationReport, b: EvaluationReport, names: tuple[str, str]) -> None:
    known = [set(one.labels) - set(one.unseen_labels) for one in (a, b)]
    if known[0] == known[1]:
        return
    only = [
        f"only {name} knows {', '.join(repr(label) for label in sorted(own - other)[:5])}"
        for name, own, other in zip(names, known, reversed(known), strict=True)
        if own - other
    ]
    raise InputError(
        f"the two runs answer with different labels: {'; '.join(only)}",
        place=f"{names[0]} and {names[1]}",
        tip="only runs of one task can be compared: give both the same labels and run again",
    )


def _translate(own: tuple[str, ...], every: tuple[str, ...]) -> Codes:
    return np.array([every.index(label) for label in own], dtype=np.int64)


def _answers(
    found: HoldoutAnswers,
    own: tuple[str, ...],
    every: tuple[str, ...],
    rows: Codes,
    costs: NDArray[np.float64] | None,
    precision: np.dtype[np.floating],
) -> Answers:
    """The answers to `rows`, their columns in the order of `every` label."""
    to = _translate(own, every)
    wide = np.zeros((len(rows), len(every)), dtype=precision)
    wide[:, to] = found.proba[rows]
    return Answers(wide, to[found.given[rows]], costs)


def _common_costs(
    briefs: tuple[Brief, Brief],
    labels: tuple[str, ...],
    named: Callable[[Brief, Sequence[str]], NDArray[np.float64] | None],
) -> NDArray[np.float64] | None:
    first, second = (named(brief, labels) for brief in briefs)
    if first is None or second is None or not np.array_equal(first, second):
        return None
    return first


def _metric(metrics: tuple[str, str], costs: NDArray[np.float64] | None) -> tuple[str, str]:
    if metrics[0] != metrics[1]:
        return "accuracy", "the two runs were decided by different metrics"
    if metrics[0] == "cost" and costs is None:
        return "accuracy", OTHER_COSTS.reason
    return metrics[0], "both runs were decided by it"


def _better(found: Comparison | NotAvailable) -> Literal["a", "b", "neither"]:
    if isinstance(found, NotAvailable) or found.verdict == "inconclusive":
        return "neither"
    return "a" if found.verdict == "helps" else "b"
