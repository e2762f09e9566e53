"""Rows that folds held out: means and differences against a computation by hand, and coverage."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from sklearn.metrics import f1_score, recall_score

from headstart.evaluate.estimates import answers
from headstart.evaluate.expected_cost import cost_report
from headstart.evaluate.held_rows import FoldRows, rows_of_folds
from headstart.evaluate.ordinal import ordinal_report
from headstart.evaluate.today import today_report
from headstart.metrics import costs_named
from headstart.types.brief import Brief, DataSource
from headstart.types.data import Folds
from headstart.types.result import (
    Comparison,
    CostReport,
    Estimate,
    NotAvailable,
    OrdinalReport,
    TodayReport,
)

LABELS = ("a", "b", "c")
N, K, REPEATS = 120, 5, 2


def folds(n: int = N, seed: int = 0) -> Folds:
    random = np.random.default_rng(seed)
    return Folds(np.array([random.permutation(np.arange(n) % K) for _ in range(REPEATS)]), K)


def rows(codes: np.ndarray, parts: Folds, seen: np.ndarray | None = None) -> FoldRows:
    seen = np.arange(len(codes)) if seen is None else seen
    found = rows_of_folds(codes, parts, seen, 0.95)
    assert isinstance(found, FoldRows)
    return found


def by_hand(scores: np.ndarray) -> tuple[float, float, float]:
    """Mean and interval of Nadeau and Bengio."""
    error = scores.std(ddof=1) * np.sqrt(1 / len(scores) + 1 / (K - 1))
    half = stats.t.ppf(0.975, len(scores) - 1) * error
    return scores.mean(), scores.mean() - half, scores.mean() + half


def world(seed: int = 0, n: int = N) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """Labels, probabilities (80% right), and what today's process answers, if anything."""
    random = np.random.default_rng(seed)
    y = random.integers(0, 3, n)
    told = np.where(random.random(n) < 0.8, y, random.integers(0, 3, n))
    today = np.where(random.random(n) < 0.5, y, random.integers(0, 3, n))
    words = [LABELS[code] for code in today]
    for row in range(0, n, 10):
        words[row] = "" if row % 20 else "?"
    return y, np.eye(3)[told] * 0.7 + 0.1, words


def test_means_and_shares_are_nadeau_and_bengios() -> None:
    y, proba, _ = world()
    parts = folds()
    right = proba.argmax(axis=1) == y
    found = rows(y, parts).share(right)
    expected = by_hand(np.array([right[test].mean() for _, test in parts]))
    assert (found.value, found.low, found.high) == pytest.approx(expected)
    assert found.n == N


@pytest.mark.parametrize("metric", ["accuracy", "macro_f1", "balanced_accuracy"])
def test_todays_process_is_compared_fold_by_fold(metric: str) -> None:
    y, proba, words = world()
    parts = folds()
    brief = Brief("t", DataSource("t.csv", current="agent"))
    said = answers(proba)
    found = today_report(
        rows(y, parts), said, words, LABELS, chosen="frozen", metric=metric, brief=brief
    )
    assert isinstance(found, TodayReport)
    has = np.array([bool(word) for word in words])
    theirs = np.array([LABELS.index(word) if word in LABELS else 3 for word in words])
    measure = {
        "accuracy": lambda a, b: float(np.mean(a == b)),
        "macro_f1": lambda a, b: f1_score(a, b, labels=range(3), average="macro", zero_division=0),
        "balanced_accuracy": lambda a, b: recall_score(a, b, labels=range(3), average="macro"),
    }[metric]
    gaps = []
    for _, test in parts:
        own = test[has[test]]
        assert set(y[own]) == {0, 1, 2}
        gaps.append(measure(y[own], said.given[own]) - measure(y[own], theirs[own]))
    difference = found.difference
    assert isinstance(difference, Comparison)
    assert difference.metric == metric
    assert (difference.difference, difference.low, difference.high) == pytest.approx(
        by_hand(np.array(gaps))
    )
    assert difference.verdict == "helps"
    assert (found.strange, found.strange_answers) == (6, ("?",))
    of_all = [float(np.mean((theirs == y)[test])) for _, test in parts]
    assert found.accuracy_of_all.value == pytest.approx(np.mean(of_all))


def test_costs_and_steps_are_means_over_the_folds() -> None:
    y, proba, _ = world()
    parts = folds()
    shares = np.bincount(y) / N
    brief = Brief("t", DataSource("t.csv", order=LABELS), mistake_costs={"c": 12.0})
    costs = costs_named(brief, LABELS)
    assert costs is not None
    paid = cost_report(rows(y, parts), proba, costs, shares, brief)
    assert isinstance(paid, CostReport)
    plain = costs[y, proba.argmax(axis=1)]
    cheapest = costs[y, (proba @ costs).argmin(axis=1)]
    for found, column in (
        (paid.answers, plain), (paid.cheapest, cheapest), (paid.difference, cheapest - plain)
    ):  # fmt: skip
        expected = by_hand(np.array([column[test].mean() for _, test in parts]))
        assert (found.value, found.low, found.high) == pytest.approx(expected)
    off = ordinal_report(rows(y, parts), proba.argmax(axis=1), LABELS, brief)
    assert isinstance(off, OrdinalReport)
    steps = np.abs(y - proba.argmax(axis=1)).astype(float)
    value, low, high = by_hand(np.array([steps[test].mean() for _, test in parts]))
    assert (off.mean_absolute_error.value, off.mean_absolute_error.high) == pytest.approx(
        (value, high)
    )
    assert off.mean_absolute_error.low == pytest.approx(max(0.0, low))
    assert isinstance(off.kappa, NotAvailable)
    assert [row.n for row in off.steps] == [int((steps == 0).sum()), int((steps == 1).sum()),
                                            int((steps == 2).sum())]  # fmt: skip


def test_of_a_part_of_the_rows_only_those_count() -> None:
    y, proba, _ = world()
    parts, seen = folds(), np.arange(0, N, 2)
    right = proba.argmax(axis=1) == y
    some = rows(y[seen], parts, seen)
    expected = by_hand(np.array([right[test[test % 2 == 0]].mean() for _, test in parts]))
    assert some.share(right[seen]).value == pytest.approx(expected[0])
    kept = rows(y, parts).kept(np.arange(N) % 2 == 0)
    assert isinstance(kept, FoldRows)
    assert kept.share(right[seen]) == some.share(right[seen])


def test_rows_that_leave_a_fold_empty_are_too_few() -> None:
    y, proba, words = world()
    parts = folds()
    first = np.flatnonzero(parts.assignment[0] == 0)
    few = rows_of_folds(y[first], parts, first, 0.95)
    assert isinstance(few, NotAvailable)
    assert "24 rows are too few" in few.reason
    brief = Brief("t", DataSource("t.csv", current="agent"))
    words = [word if row in first else "" for row, word in enumerate(words)]
    found = today_report(
        rows(y, parts), answers(proba), words, LABELS, chosen="x", metric="accuracy", brief=brief
    )
    assert isinstance(found, NotAvailable)


def test_the_interval_of_a_difference_covers_as_often_as_it_says() -> None:
    """A model that is as good as its rows, on folds of 100 rows: at least 95%, not all."""
    covered, worlds = 0, 400
    for seed in range(worlds):
        y, proba, words = world(seed, 100)
        found = today_report(
            rows(y, folds(100, seed)), answers(proba), words, LABELS, chosen="frozen",
            metric="accuracy", brief=Brief("t", DataSource("t.csv", current="agent")),
        )  # fmt: skip
        assert isinstance(found, TodayReport)
        difference = found.difference
        assert isinstance(difference, Comparison)
        # 0.8 + 0.2/3 less 0.5 + 0.5/3, of rows with an answer of which 5 in 95 are no label.
        truth = (0.8 + 0.2 / 3) - (90 / 95) * (0.5 + 0.5 / 3)
        covered += difference.low <= truth <= difference.high
    assert 0.93 <= covered / worlds <= 0.995


def test_the_interval_of_a_share_is_an_estimate() -> None:
    y, proba, _ = world()
    assert isinstance(rows(y, folds()).share(proba.argmax(axis=1) == y), Estimate)
