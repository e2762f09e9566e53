"""The race: who leaves when, who is picked, and what it costs."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pytest

from headstart.select.race import race
from headstart.select.rows import nested_order, sizes
from headstart.types.errors import BackboneError, HeadstartError, InterruptedRunError
from headstart.types.select import RaceReport, Standing

N = 1600


@dataclass
class Runner:
    """Features in which the classes lie `signal` apart, at a cost."""

    ref: str
    signal: float
    cost: float = 1.0
    seed: int = 0
    fails: Exception | None = None
    asked: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        random = np.random.default_rng([self.seed, 1])
        self.codes = (np.arange(N) % 4).astype(np.int64)
        centres = np.eye(4, 16)
        noise = np.random.default_rng([self.seed, len(self.ref), ord(self.ref[0])])
        shared = random.normal(size=(N, 16))
        own = noise.normal(size=(N, 16))
        mixed = np.sqrt(0.5) * shared + np.sqrt(0.5) * own
        self.matrix = (self.signal * centres[self.codes] + mixed).astype(np.float32)

    def features(self, rows: np.ndarray) -> np.ndarray:
        if self.fails is not None:
            raise self.fails
        self.asked.append(len(rows))
        return self.matrix[rows]

    @property
    def seconds_per_row(self) -> float | None:
        return self.cost


def run(*runners: Runner, **options: object) -> RaceReport:
    return race(runners, runners[0].codes, np.arange(N), **options)  # type: ignore[arg-type]


def standing(report: RaceReport, ref: str) -> Standing:
    return next(one for one in report.standings if one.ref == ref)


def test_the_best_wins_and_the_hopeless_leave_early() -> None:
    good, fair, poor = Runner("good", 4.0), Runner("fair", 3.2), Runner("poor", 1.0)
    report = run(good, fair, poor)
    assert report.pick == report.best == "good"
    assert standing(report, "poor").status == "dropped"
    assert poor.asked == [120]
    assert "behind good by" in standing(report, "poor").reason
    assert max(good.asked) >= max(fair.asked)


def test_of_equals_the_cheapest_is_picked_and_the_tie_is_said() -> None:
    dear, cheap = Runner("dear", 5.0, cost=10.0), Runner("cheap", 5.0, cost=1.0)
    report = run(dear, cheap, margin=0.02)
    assert report.pick == "cheap"
    assert standing(report, "dear").status == "tied"


def test_a_cheap_candidate_that_is_worse_is_not_picked() -> None:
    report = run(Runner("dear", 4.0, cost=100.0), Runner("cheap", 2.5, cost=0.01))
    assert report.pick == "dear"
    assert standing(report, "cheap").status == "dropped"
    assert "credibly by more than the margin" in standing(report, "cheap").reason


def test_a_candidate_that_cannot_be_run_is_out_and_the_race_goes_on() -> None:
    broken = Runner("broken", 9.0, fails=BackboneError("the weights are not those of the card"))
    report = run(Runner("good", 4.0), broken)
    assert report.pick == "good"
    assert standing(report, "broken").status == "out"
    assert "not those of the card" in standing(report, "broken").reason


def test_nobody_can_be_run() -> None:
    with pytest.raises(HeadstartError, match="no candidate could be run; the first: gone"):
        run(Runner("a", 1.0, fails=BackboneError("gone")))


def test_an_interruption_is_no_reason_to_go_on() -> None:
    with pytest.raises(InterruptedRunError):
        run(Runner("a", 1.0, fails=InterruptedRunError("stopped")), Runner("b", 1.0))


def test_features_that_are_not_finite_put_a_candidate_out() -> None:
    bad = Runner("bad", 4.0)
    bad.matrix[:, 0] = np.inf
    assert standing(run(Runner("good", 4.0), bad), "bad").status == "out"


def test_the_budget_ends_the_race_after_the_first_round() -> None:
    seconds = iter(np.arange(0, 1000, 5.0))
    report = run(
        Runner("a", 2.0), Runner("b", 2.05), budget_seconds=1.0, clock=lambda: float(next(seconds))
    )
    assert len(report.laps) == 1
    assert "budget" in report.stopped


def test_rounds_are_nested_and_equal_arguments_give_equal_races() -> None:
    runners = [Runner("a", 2.0), Runner("b", 2.0, cost=2.0)]
    first, again = run(*runners), run(*runners)
    assert [lap.scores for lap in first.laps] == [lap.scores for lap in again.laps]
    assert first.pick == again.pick


def test_a_truly_better_candidate_is_seldom_dropped() -> None:
    """40 worlds, fixed seeds: the better of two close ones leaves in at most a few."""
    lost = 0
    for seed in range(40):
        better, worse = Runner("better", 2.15, seed=seed), Runner("worse", 2.0, seed=seed)
        lost += standing(run(better, worse, most_rows=480), "better").status == "dropped"
    assert lost <= 2


def test_sizes_double_and_the_order_is_stratified() -> None:
    assert sizes(1000, 2, 2000) == [120, 240, 480, 1000]
    assert sizes(130, 2, 2000) == [120, 130]
    assert sizes(90, 2, 2000) == [90]
    codes = np.array([0] * 900 + [1] * 90 + [2] * 10)
    order = nested_order(codes, np.arange(1000), 0)
    assert sorted(order.tolist()) == list(range(1000))
    for size in (100, 300):
        counts = np.bincount(codes[order[:size]], minlength=3)
        assert abs(counts[0] - 0.9 * size) <= 2
        assert abs(counts[1] - 0.09 * size) <= 2


def test_groups_enter_whole() -> None:
    groups = np.repeat(np.arange(100), 5)
    codes = (np.arange(500) % 3).astype(np.int64)
    order = nested_order(codes, groups, 0)
    entered = groups[order]
    changes = int((np.diff(entered) != 0).sum()) + 1
    assert changes == 100
