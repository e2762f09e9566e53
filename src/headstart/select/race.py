"""Successive halving with intervals: nobody leaves the race by a whisker.

Jamieson and Talwalkar (2016) drop the worse half after each round. Here a candidate leaves only
when the corrected resampled t of its difference to the leader says that it is behind.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from headstart.data import make_folds
from headstart.ports import Progress
from headstart.select.probe import Probe, probe
from headstart.select.rows import nested_order, sizes
from headstart.select.scoring import ACCURACY, Scoring
from headstart.stats import compare, mean_over_folds, probability_above
from headstart.types.data import Folds
from headstart.types.errors import HeadstartError, InputError, InterruptedRunError
from headstart.types.result import Comparison, Estimate, NotAvailable
from headstart.types.select import Lap, RaceReport, Standing, Status

FOLDS = 5
REPEATS = 10
FEW, FEWER_REPEATS = 250, 3
"""Repeats of the folds on few rows; on more than these, each costs more and shows less."""
MOST_ROWS = 1000
CREDIBLE = 0.95
"""Probability of being behind from which a candidate leaves the race."""
TOLERATED = 0.2
"""A cheaper candidate is picked only if it is worse than the best by more than the margin with at
most this probability: what a false pick loses is quality, what a missed one loses is money."""
SAME_COST = 1.25
"""Costs that differ by less than this factor are taken to be equal: they are timings."""
SETTLED = 0.1
"""The race ends when nobody is better than the pick by more than the margin with more than this."""


class Contender(Protocol):
    """One candidate in the race."""

    @property
    def ref(self) -> str: ...
    def features(self, rows: NDArray[np.int64]) -> NDArray[np.float32]:
        """Features (rows, width) of these rows.

        Raises:
            HeadstartError: it cannot be run; it is out, and the race goes on.
        """

    @property
    def seconds_per_row(self) -> float | None:
        """What features cost, as far as is known yet."""


@dataclass
class _State:
    """A contender while the race is on."""

    contender: Contender
    probe: Probe | None = None
    score: Estimate | None = None
    rows: int = 0
    behind: Comparison | None = None
    status: Status = "kept"
    reason: str = ""

    @property
    def cost(self) -> float:
        """Seconds a row; a candidate of unknown cost is taken to be the dearest."""
        known = self.contender.seconds_per_row
        return float("inf") if known is None else known


@dataclass
class _Race:
    codes: NDArray[np.int64]
    groups: NDArray[np.int64]
    scoring: Scoring
    margin: float
    confidence: float
    seed: int
    progress: Progress
    laps: list[Lap] = field(default_factory=list)


def race(
    contenders: Sequence[Contender],
    codes: NDArray[np.int64],
    groups: NDArray[np.int64],
    *,
    scoring: Scoring = ACCURACY,
    margin: float = 0.01,
    confidence: float = 0.95,
    budget_seconds: float = float("inf"),
    most_rows: int = MOST_ROWS,
    seed: int = 0,
    progress: Progress = lambda what, done, total: None,
    clock: Callable[[], float] = time.perf_counter,
) -> RaceReport:
    """Score all contenders on few rows, the rest on twice as many, until the pick is settled.

    Args:
        codes, groups: (n,) labels and groups of the rows that may be seen.
        margin: a smaller difference of the metric does not matter.
        budget_seconds: no round is begun that would probably end later; the first always is.

    Raises:
        InputError: no contender could be run.
    """
    begin = clock()
    classes = int(codes.max()) + 1
    state = [_State(contender) for contender in contenders]
    work = _Race(codes, groups, scoring, margin, confidence, seed, progress)
    order = nested_order(codes, groups, seed)
    stopped = "every row that may be used was used"
    spent = 0.0
    for size in sizes(len(codes), classes, most_rows):
        alive = [one for one in state if one.status == "kept"]
        if work.laps:
            growth = size / work.laps[-1].rows
            expected = (
                growth * sum(one.contender.seconds_per_row or 0.0 for one in alive) * size / 2
                + growth**2 * spent
            )
            if clock() - begin + expected > budget_seconds:
                stopped = f"the next round, of {size:,} rows, would have gone beyond the budget"
                break
        before = clock()
        _lap(work, alive, np.sort(order[:size]), clock)
        spent = clock() - before
        alive = [one for one in alive if one.status == "kept"]
        if not alive:
            raise InputError(
                "no candidate could be run; the first: " + state[0].reason,
                tip="see what is missing with 'headstart doctor'",
            )
        if len(alive) == 1:
            stopped = "one candidate was left"
            break
        if _settled(alive, margin):
            stopped = "more rows would not change the pick"
            break
    alive = [one for one in state if one.status == "kept"]
    best, pick = _leader(alive), _cheapest(alive, margin)
    _conclude(state, best, pick, margin)
    return RaceReport(
        metric=scoring.metric,
        best=best.contender.ref,
        pick=pick.contender.ref,
        laps=tuple(work.laps),
        standings=tuple(_standing(one) for one in state),
        stopped=stopped,
        seconds=clock() - begin,
    )


def _lap(
    work: _Race, alive: list[_State], rows: NDArray[np.int64], clock: Callable[[], float]
) -> None:
    """Everyone on these rows; then whoever is credibly behind leaves."""
    begin = clock()
    codes, groups = work.codes[rows], work.groups[rows]
    known, codes = np.unique(codes, return_inverse=True)
    codes = codes.astype(np.int64)
    k = max(2, min(FOLDS, len(np.unique(groups))))
    repeats = REPEATS if len(rows) <= FEW else FEWER_REPEATS
    folds = make_folds(codes, groups, k, repeats, work.seed)
    left: dict[str, str] = {}
    for done, one in enumerate(alive):
        work.progress(f"{len(rows):,} rows, {one.contender.ref}", done, len(alive))
        try:
            features = one.contender.features(rows)
            one.probe = probe(features, codes, folds, work.scoring.among(known))
        except InterruptedRunError:
            raise
        except (HeadstartError, ValueError) as error:
            one.status, one.reason = "out", str(getattr(error, "message", error))
            left[one.contender.ref] = one.reason
            continue
        one.rows = len(rows)
        one.score = mean_over_folds(
            one.probe.scores, k, repeats, work.confidence, 0.0, 1.0, n=len(rows)
        )
    running = [one for one in alive if one.status == "kept"]
    if running:
        _compare(running, work, folds)
        left |= _drop(running, work.margin)
    scores = {one.contender.ref: one.score for one in running if one.score is not None}
    work.laps.append(Lap(len(rows), repeats, clock() - begin, scores, left))


def _compare(running: list[_State], work: _Race, folds: Folds) -> None:
    best = _leader(running)
    for one in running:
        if one is best:
            one.behind = None
            continue
        assert best.probe is not None
        assert one.probe is not None
        one.behind = compare(
            best.probe.scores,
            one.probe.scores,
            a=best.contender.ref,
            b=one.contender.ref,
            metric=work.scoring.metric,
            n=one.rows,
            k=folds.k,
            repeats=folds.repeats,
            confidence=work.confidence,
            margin=work.margin,
        )


def _drop(running: list[_State], margin: float) -> dict[str, str]:
    """Those that cannot become the pick any more: behind by more than the margin, or behind at all
    and no cheaper than the leader. The level is shared among the comparisons of the round."""
    best = _leader(running)
    level = 1 - (1 - CREDIBLE) / max(1, len(running) - 1)
    left = {}
    for one in running:
        if one.behind is None:
            continue
        gap = one.behind
        by_more = above(gap, margin) >= level
        dominated = SAME_COST * one.cost >= best.cost and above(gap, 0.0) >= level
        if by_more or dominated:
            one.status = "dropped"
            than = "by more than the margin" if by_more else "and no cheaper"
            one.reason = (
                f"after {one.rows:,} rows behind {best.contender.ref} by "
                f"{100 * gap.difference:.1f} points ({100 * gap.low:.1f} to {100 * gap.high:.1f}), "
                f"credibly {than}"
            )
            left[one.contender.ref] = one.reason
    return left


def above(gap: Comparison, margin: float) -> float:
    """Probability that the true difference is larger than `margin` (Bayesian correlated t-test,
    Corani and Benavoli 2015)."""
    return probability_above(gap, margin)


def _leader(running: Sequence[_State]) -> _State:
    return max(running, key=lambda one: (one.score.value if one.score else -1.0, -one.cost))


def _cheapest(running: Sequence[_State], margin: float) -> _State:
    best = _leader(running)
    good = [
        one
        for one in running
        if one is best or (one.behind is not None and above(one.behind, margin) <= TOLERATED)
    ]
    least = min(one.cost for one in good)
    cheap = [one for one in good if one.cost <= SAME_COST * least]
    return max(cheap, key=lambda one: (one.score.value if one.score else 0.0, -one.cost))


def _settled(running: Sequence[_State], margin: float) -> bool:
    """Whether more rows could hardly change the pick for the better."""
    best, pick = _leader(running), _cheapest(running, margin)
    if pick is not best:
        return pick.behind is not None and above(pick.behind, margin) <= SETTLED
    # Is anyone better than the leader, or as good and cheaper?
    for one in running:
        if one is best or one.behind is None:
            continue
        better = 1 - above(one.behind, -margin)
        as_good = 1 - above(one.behind, margin)
        if better > SETTLED or (one.cost < best.cost and as_good > SETTLED):
            return False
    return True


def _conclude(state: list[_State], best: _State, pick: _State, margin: float) -> None:
    for one in state:
        if one.status != "kept":
            continue
        gap = one.behind
        if one is pick:
            one.status = "picked"
            one.reason = (
                "the best score"
                if one is best
                else "the cheapest that is not credibly worse than the best"
            )
        elif one is best or (gap is not None and above(gap, margin) <= TOLERATED):
            one.status = "tied"
            one.reason = "no worse than the best, but dearer than the pick"
        else:
            one.reason = "worse than the best, though not beyond doubt" if gap else ""


def timed(each: float | None, rows: int) -> Estimate | NotAvailable:
    """Seconds a row as the scorecard tells them."""
    if each is None:
        return NotAvailable("no row of it was timed")
    return Estimate(each, None, None, rows, "timed once on this machine; no interval")


def _standing(one: _State) -> Standing:
    return Standing(
        ref=one.contender.ref,
        status=one.status,
        reason=one.reason,
        score=one.score or NotAvailable(one.reason or "it was not scored"),
        rows=one.rows,
        seconds_per_row=timed(one.contender.seconds_per_row, one.rows),
        behind=one.behind,
    )
