"""How far off the answers are, against direct computation."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score, mean_absolute_error
from statsmodels.stats.proportion import proportion_confint

from headstart.evaluate.held_rows import HoldoutRows
from headstart.evaluate.ordinal import ordinal_report
from headstart.types.brief import Brief, DataSource
from headstart.types.result import Estimate, NotAvailable, OrdinalReport

LABELS = ("a", "b", "c", "d")
ORDER = ("c", "a", "d", "b")
BRIEF = Brief("t", DataSource("t.csv", order=ORDER))


def held(y: np.ndarray) -> HoldoutRows:
    return HoldoutRows(y, 0.95, 0)


def test_it_is_the_direct_computation_with_intervals_around_it() -> None:
    random = np.random.default_rng(0)
    y = random.integers(0, 4, 400)
    given = np.where(random.random(400) < 0.7, y, random.integers(0, 4, 400))
    found = ordinal_report(held(y), given, LABELS, BRIEF)
    assert isinstance(found, OrdinalReport)
    true, said = ([ORDER.index(LABELS[code]) for code in codes] for codes in (y, given))
    off = np.abs(np.array(true) - np.array(said))
    error, kappa = found.mean_absolute_error, found.kappa
    assert isinstance(kappa, Estimate)
    assert error.value == pytest.approx(mean_absolute_error(true, said))
    assert kappa.value == pytest.approx(cohen_kappa_score(true, said, weights="quadratic"))
    for one in (error, kappa):
        assert one.low is not None
        assert one.high is not None
        assert one.low < one.value < one.high
    counts = [(off == 0).sum(), (off == 1).sum(), (off >= 2).sum()]
    assert [row.n for row in found.steps] == counts
    assert [row.or_more for row in found.steps] == [False, False, True]
    for row in found.steps:
        expected = proportion_confint(row.n, 400, method="wilson")
        assert (row.share.low, row.share.high) == pytest.approx(expected)


def test_the_interval_of_kappa_covers() -> None:
    """Rows of a world whose kappa is known from a large sample; 95% intervals, 100 trials."""

    def drawn(n: int, random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        y = random.integers(0, 4, n)
        return y, np.where(random.random(n) < 0.6, y, random.integers(0, 4, n))

    order = Brief("t", DataSource("t.csv", order=LABELS))
    truth = cohen_kappa_score(*drawn(400_000, np.random.default_rng(1)), weights="quadratic")
    covered = 0
    for seed in range(100):
        y, given = drawn(200, np.random.default_rng(100 + seed))
        found = ordinal_report(held(y), given, LABELS, order)
        assert isinstance(found, OrdinalReport)
        assert isinstance(found.kappa, Estimate)
        assert found.kappa.low is not None
        assert found.kappa.high is not None
        covered += found.kappa.low <= truth <= found.kappa.high
    assert covered >= 89


def test_where_it_cannot_be_said_there_is_a_reason() -> None:
    y = np.zeros(5, dtype=np.int64)
    none = ordinal_report(held(y), y, LABELS, Brief("t", DataSource("t.csv")))
    assert isinstance(none, NotAvailable)
    assert isinstance(ordinal_report(held(y[:0]), y[:0], LABELS, BRIEF), NotAvailable)
    found = ordinal_report(held(y), y, LABELS, BRIEF)
    assert isinstance(found, OrdinalReport)
    assert isinstance(found.kappa, NotAvailable)
    assert found.mean_absolute_error.value == 0.0
