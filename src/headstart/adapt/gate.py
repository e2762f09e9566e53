"""The gate: a rung is adopted where it shows, on rows that it has not touched, that it is better.

Several rungs are several tests. Their order is fixed before anything is seen, and each is tested at
an equal part of α, whatever came before: a fixed sequence would end at the first rung that gains
nothing, though the next one may gain much. Each rung is held against the best so far, which the
data choose. Whichever rungs truly gain, the tests of true nulls that a walk may reach before a
wrong adoption are at most one for one rung, two for two, four for three; α divided by that many
bounds the probability of any wrong adoption (Bonferroni).

How uncertain a gain is, its folds say, which are few, and the rows in them, which are many.

That a rung is better may show in the metric or in the log-loss of its probabilities: each is tested
at half of the rung's level (Bonferroni). An answer is right or wrong, a probability says by how
much, so that a few hundred rows show a gain in log-loss which the metric leaves open. It must not
leave it quite open: the metric's own test has to be passed at twice the level then, so that a rung
with better probabilities and no better answers is seldom adopted either. What the rung has to gain
is a matter of the metric alone: on average the margin, at least.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from headstart.adapt.log_losses import log_loss_gains, scaled_log_losses
from headstart.adapt.prevalence import Mix
from headstart.adapt.scores import score_of, values_of
from headstart.metrics import HIGHER_IS_BETTER, given_answers, given_labels
from headstart.metrics.words import amount, difference, size
from headstart.stats import (
    compare,
    holm,
    labels_needed,
    minimum_detectable_effect,
    moderated,
    probability_above,
    rows_variance,
    standard_error,
)
from headstart.stats.distributions import t_quantile
from headstart.stats.folds import ROWS_DF
from headstart.types.ladder import GateVerdict, Guard, RungOutcome
from headstart.types.model import ArmResult
from headstart.types.result import Comparison

REACHED = {1: 1, 2: 2, 3: 4}
"""Tests of true nulls that may be reached, at most, by the number of rungs."""
DISCORDANT = 0.1
"""Least share of rows that two arms are taken to answer differently, while few folds are known."""
LIKELY = 0.1
"""Gain beyond which thawing is not expected to go: ten points, or a tenth of the worst cost."""
MENDED = 0.5
"""Nor beyond this share of what the frozen backbone still lacks (the most that a recipe mended in
the 44 cells of `benchmarks/ladder_real.py` that were measured was 28%)."""
EARLY_LEVEL = 0.001
"""One-sided level of each look at whole repeats before the last one (Haybittle 1971, Peto and
others 1976). The last look has what is left of the rung's level, so that all looks together stay
within it, however much they depend on each other."""
FUTILE = 0.1
"""Chance of being adopted below which the other folds are not trained."""
OPEN = 2.0
"""Times the level at which a gain in the metric has to be credible where that in log-loss is."""
GUARD_ALPHA = 0.05
"""One-sided level at which something is said to have fallen."""


@dataclass(frozen=True, slots=True)
class Rule:
    """How rungs are judged in this run."""

    metric: str
    margin: float
    confidence: float
    n: int
    k: int
    largest: float = 1.0
    """Most that one answer can change the metric's sum by: 1, or what the worst mistake costs; of
    several labels a row, that in one label."""
    steps: bool = False
    """Whether costs are the steps of the labels' order."""
    costs: NDArray[np.float64] | None = None
    """Of answering j for a case of i (classes, classes), where the brief names some."""
    design_effect: float = 1.0
    """How many times as many rows it takes as if all counted for as much (Kish 1965)."""

    @property
    def alpha(self) -> float:
        """Probability of adopting any rung that is no better than the best below it."""
        return round(1.0 - self.confidence, 9)


def level_of(alpha: float, rungs: int) -> float:
    """One-sided level of each rung's test.

    Raises:
        ValueError: more rungs than the level can be shared among.

    >>> level_of(0.05, 2)
    0.025
    """
    if rungs not in REACHED:
        raise ValueError(f"{rungs} rungs cannot share a level; there may be 1 to {max(REACHED)}")
    return alpha / REACHED[rungs]


def last_level(level: float, repeats: int) -> float:
    """What is left of a rung's level for the last look.

    >>> round(last_level(0.05, 3), 6), last_level(0.05, 1)
    (0.048, 0.05)
    """
    return level - EARLY_LEVEL * (repeats - 1)


@dataclass(frozen=True, slots=True)
class Gaps:
    """How much better one arm is than another one, larger is better, on the folds of both.

    by_fold: one a fold (folds,). by_rows: variance of a fold's gain that its rows explain
    (`headstart.stats.rows_variance`); None: it is not known. in_log_loss: the same arms on the same
    folds, each at its best temperature (`scaled_log_losses`); None: the metric alone is tested.
    """

    by_fold: NDArray[np.float64]
    by_rows: float | None = None
    in_log_loss: Gaps | None = None

    @property
    def mean(self) -> float:
        return float(self.by_fold.mean())

    def __len__(self) -> int:
        return len(self.by_fold)

    def variance(self) -> float:
        """Of a fold's gain; of two folds or more."""
        own = float(self.by_fold.var(ddof=1))
        return moderated(own, len(self) - 1, self.by_rows)[0]

    def df(self, trainings: int) -> int:
        """Degrees of freedom after so many folds."""
        return moderated(0.0, trainings - 1, self.by_rows)[1]

    def tests(self) -> list[Gaps]:
        """What the rung's level is shared by."""
        return [self] if self.in_log_loss is None else [self, self.in_log_loss]


def gaps_between(rung: Sequence[FoldAnswers], best: ArmResult, rule: Rule) -> Gaps:
    """The rung against the best so far, on the folds that both were run on."""
    sign = 1.0 if HIGHER_IS_BETTER[rule.metric] else -1.0
    base = best.scores[rule.metric]
    common = min(len(rung), len(base))
    scores = np.array([one.score(rule.metric, rule) for one in rung[:common]])
    values = [one.values(rule.metric, rule) for one in rung[:common]]
    return Gaps(
        sign * (scores - base[:common]),
        rows_variance(values, best.by_row),
        None if rule.metric == "log_loss" else _log_loss_gaps(rung[:common], best),
    )


def _log_loss_gaps(rung: Sequence[FoldAnswers], best: ArmResult) -> Gaps | None:
    if not best.log_losses:
        return None
    codes, proba = [one.codes for one in rung], [one.proba for one in rung]
    own = scaled_log_losses(codes, proba, rung[0].mix)
    return Gaps(*log_loss_gains(own, best.log_losses))


def gains(gaps: Gaps, rule: Rule, names: tuple[str, str], metric: str = "") -> Comparison:
    """What a rung gains over the best so far, larger is better; of whole repeats.

    metric: that of the gaps, where it is another one than the rule's.
    """
    return compare(
        gaps.by_fold, np.zeros(len(gaps)), a=names[0], b=names[1], metric=metric or rule.metric,
        n=rule.n, k=rule.k, repeats=len(gaps) // rule.k, confidence=rule.confidence,
        margin=rule.margin, by_rows=gaps.by_rows,
    )  # fmt: skip


def gains_in_log_loss(gaps: Gaps, rule: Rule, names: tuple[str, str]) -> Comparison | None:
    """Likewise in log-loss; None: it is not tested."""
    return None if gaps.in_log_loss is None else gains(gaps.in_log_loss, rule, names, "log_loss")


def needed_level(log_loss: float | None, level: float) -> float:
    """One-sided level at which a gain in the metric has to be credible.

    log_loss: one-sided p-value of the gain in log-loss; None: the metric alone is tested.

    >>> needed_level(None, 0.05), needed_level(0.2, 0.05), needed_level(0.01, 0.05)
    (0.05, 0.025, 0.1)
    """
    if log_loss is None:
        return level
    return OPEN * level if log_loss <= level / 2 else level / 2


def judge_gain(
    found: Comparison, rule: Rule, level: float, in_log_loss: Comparison | None = None
) -> tuple[GateVerdict, str]:
    """What a gain alone says, at a one-sided level.

    adopt: more likely than not at least the margin, and credibly above zero: in the metric, or in
    log-loss where the metric leaves little open. stay: credibly below the margin. Else there is not
    enough evidence, with the rows that would settle it.
    """
    low, high = (difference(rule.metric, one) for one in (found.low, found.high))
    gain = amount(rule.metric, found.difference, steps=rule.steps)
    margin = size(rule.metric, rule.margin, steps=rule.steps)
    points = f"{gain} ({low} to {high})"
    own, needed, beside = level, level, ""
    if in_log_loss is not None:
        own, needed = level / 2, needed_level(1.0 - probability_above(in_log_loss, 0.0), level)
        if needed > own:
            beside = f"{in_nats(in_log_loss)}, credible at one of {own:.3g}"
    p = 1.0 - probability_above(found, 0.0)
    if p <= needed and found.difference >= rule.margin:
        if p <= own:
            return "adopt", f"it gains {points}, credible at a level of {own:.3g}"
        return "adopt", f"it gains {points}, credible at a level of {needed:.3g}, and {beside}"
    if found.high < rule.margin:
        return "stay", f"it gains {points}: credibly less than the margin of {margin}"
    if found.difference < rule.margin:
        rows = rows_to_settle(found, rule.margin - found.difference, own)
        more = "" if rows is None else f"; about {rows:,} rows would show that it is less"
        return "not enough evidence", f"it gains {points}, so far less than the margin{more}"
    rows = rows_to_settle(found, found.difference, needed)
    more = f", beside {beside}" if beside else ""
    more += "" if rows is None else f"; about {rows:,} rows would settle a gain of this size"
    said = f"it gains {points}, not credible at a level of {needed:.3g}"
    return "not enough evidence", said + more


def in_nats(found: Comparison) -> str:
    """A gain in log-loss with its interval."""
    low, high = (difference("log_loss", one) for one in (found.low, found.high))
    return f"{difference('log_loss', found.difference)} nats of log-loss ({low} to {high})"


def rows_to_settle(found: Comparison, gap: float, level: float) -> int | None:
    """Rows at which a gap of this size would be shown at a one-sided level, with 80% probability;
    None where no number can be named."""
    error, df = standard_error(found)
    if not error > 0.0:
        return None
    detectable = minimum_detectable_effect(error, df, 1.0 - 2.0 * level)
    needed = labels_needed(gap, detectable, found.n)
    return None if needed is None else max(needed, found.n + 1)


def too_few_rows(rule: Rule, repeats: int, lacking: float = float("inf")) -> str:
    """Why no rung need be trained on so few rows; empty where the gate could find a likely gain.

    Known before anything is trained: two arms of which a tenth of the answers differ have a spread
    that only rows and repeats make smaller, and from it follows the smallest gain that one rung,
    with the whole level, would show four times in five. Where that is more than any likely gain,
    hours of training could end only in "not enough evidence".

    lacking: between the frozen backbone and the best that there can be. Where that is less than a
    tenth, no more answers than that are taken to differ: a rung that mends three in four errors and
    makes one new one for each that it leaves gains half of them.

    >>> rule = Rule("accuracy", 0.01, 0.95, 120, 5)
    >>> bool(too_few_rows(rule, 3)), bool(too_few_rows(rule, 3, lacking=0.05))
    (False, True)
    """
    likely = min(LIKELY * rule.largest, MENDED * lacking)
    trainings = rule.k * repeats
    own = _least_spread(rule, min(DISCORDANT, lacking / rule.largest))
    error = own * float(np.sqrt(1 / trainings + 1 / (rule.k - 1)))
    df = trainings - 1 + ROWS_DF
    least = minimum_detectable_effect(error, df, 1.0 - 2.0 * rule.alpha)
    if least <= likely:
        return ""
    needed = labels_needed(likely, least, rule.n)
    found, sought = (amount(rule.metric, one, steps=rule.steps) for one in (least, likely))
    return (
        f"with {rule.n:,} rows the gate would find a gain of {found} four "
        f"times in five, but not one of {sought}, the most that is likely: "
        f"about {needed:,} rows are needed before thawing can be judged"
    )


def settled(gaps: Gaps, rule: Rule, repeats: int) -> bool:
    """Whether whole repeats show the gain so clearly that the others need not be trained."""
    run, over = divmod(len(gaps), rule.k)
    if over or not 1 <= run < repeats:
        return False
    names = ("rung", "base")
    found, surer = gains(gaps, rule, names), gains_in_log_loss(gaps, rule, names)
    return judge_gain(found, rule, EARLY_LEVEL, surer)[0] == "adopt"


def hopeless(gaps: Gaps, rule: Rule) -> bool:
    """Whether the folds so far make it pointless to train the others.

    To stop early can only prevent an adoption, so that it costs no level. After whole repeats: the
    mean gain is below the margin. Before: it is so even with one standard error on top, from the
    second fold on.
    """
    if len(gaps) < 2:
        return False
    if len(gaps) % rule.k == 0:
        return gaps.mean < rule.margin
    return bool(gaps.mean + _spread(gaps, rule) / np.sqrt(len(gaps)) < rule.margin)


def chance(gaps: Gaps, rule: Rule, trainings: int, level: float) -> tuple[float, float]:
    """(probability that all the trainings would end in "adopt", the mean gain which that takes by
    the metric alone).

    What the folds share stays as it is, so that the mean of all of them is known from that of the
    first i up to a variance of σ²(1/i − 1/trainings); conditional power at the present trend
    (Lan, Simon and Halperin 1982). Two folds or more. To stop by it can only prevent an adoption.
    The better of both ways to be adopted.
    """
    share = float(np.sqrt(1.0 / len(gaps) - 1.0 / trainings))
    own = level / len(gaps.tests())

    def credible(of: Gaps, at: float) -> float:
        error = float(np.sqrt(of.variance() * (1.0 / trainings + 1.0 / (rule.k - 1))))
        return t_quantile(1.0 - at, of.df(trainings)) * error

    def reached(of: Gaps, spread: float, need: float) -> float:
        return NormalDist().cdf((of.mean - need) / (spread * share)) if spread else 0.0

    spread, need = _spread(gaps, rule), max(rule.margin, credible(gaps, own))
    likely = reached(gaps, spread, need)
    if (surer := gaps.in_log_loss) is not None:
        also = reached(surer, float(np.sqrt(surer.variance())), credible(surer, own))
        less = max(rule.margin, credible(gaps, OPEN * level))
        likely = max(likely, min(also, reached(gaps, spread, less)))
    return likely, need


def given_up(
    gaps: Gaps, rule: Rule, trainings: int, level: float
) -> tuple[GateVerdict, str] | None:
    """The gate's word where the folds so far make it pointless to train the others; None: go on."""
    if not 2 <= len(gaps) < trainings:
        return None
    gain = amount(rule.metric, gaps.mean, steps=rule.steps)
    so_far = f"after {len(gaps)} of {trainings} folds it gained {gain}"
    if hopeless(gaps, rule):
        return "stay", f"{so_far}: no hope of the margin"
    likely, need = chance(gaps, rule, trainings, level)
    if likely >= FUTILE:
        return None
    least = amount(rule.metric, need, steps=rule.steps)
    surer = "" if gaps.in_log_loss is None else " (less where log-loss shows it too)"
    why = f"to adopt it takes about {least} with so many rows{surer}, to which it had a chance of"
    return "not enough evidence", f"{so_far}; {why} {likely:.0%}"


def _spread(gaps: Gaps, rule: Rule) -> float:
    """Standard deviation of a fold's gain. Where the rows do not show it, two folds say little: it
    is taken to be at least that of shares of which a tenth of the rows differ."""
    own = float(np.sqrt(gaps.variance()))
    return own if gaps.by_rows else max(own, _least_spread(rule, DISCORDANT))


def _least_spread(rule: Rule, discordant: float) -> float:
    """Standard deviation of a fold's gain where this share of its rows are answered otherwise."""
    return rule.largest * float(np.sqrt(discordant * rule.k / rule.n * rule.design_effect))


@dataclass(frozen=True, slots=True)
class FoldAnswers:
    """An arm in one fold: probabilities for the test rows, and for the same mildly changed.

    by: what its answers minimise (classes, classes); None: they are the most probable ones. mix:
    how common the labels are in use, where the brief says so.
    """

    codes: NDArray[np.int64]
    proba: NDArray[np.floating]
    shifted: NDArray[np.floating]
    by: NDArray[np.float64] | None = None
    mix: Mix | None = None

    def score(self, metric: str, rule: Rule, *, shifted: bool = False) -> float:
        """A metric on the test rows, or on them mildly changed."""
        proba = self.shifted if shifted else self.proba
        return score_of(metric, self.codes, proba, rule.costs, self.by, self.mix)

    def values(self, metric: str, rule: Rule, *, shifted: bool = False) -> NDArray[np.float64]:
        """What each of these rows has part in it (n,)."""
        proba = self.shifted if shifted else self.proba
        return values_of(metric, self.codes, proba, rule.costs, self.by, self.mix)

    def recalled(self, code: int) -> NDArray[np.bool_]:
        """Of each test row that has a label, whether it is given to it."""
        proba = self.proba if self.mix is None else self.mix.shifted(self.proba)
        if self.codes.ndim == 2:
            own = given_labels(proba, self.by)[:, code]
            return np.asarray(own[self.codes[:, code] == 1])
        return np.asarray(given_answers(proba, self.by)[self.codes == code] == code)


def guards(
    rung: Sequence[FoldAnswers],
    base: Sequence[FoldAnswers],
    names: tuple[str, str],
    labels: Sequence[str],
    rule: Rule,
) -> tuple[Guard, ...]:
    """What must not credibly fall: calibration, the recall of any class, the metric on rows that
    are mildly changed. Nothing is tolerated beyond that: a fall that is credible, however small, is
    one.

    rung, base: the same folds, whole repeats.
    """

    def compared(metric: str, *, shifted: bool) -> Comparison:
        sign = 1.0 if HIGHER_IS_BETTER[metric] else -1.0
        a, b = (
            np.array([one.score(metric, rule, shifted=shifted) for one in arm])
            for arm in (rung, base)
        )
        rows = ([one.values(metric, rule, shifted=shifted) for one in arm] for arm in (rung, base))
        return gains(Gaps(sign * (a - b), rows_variance(*rows)), rule, names, metric)

    return (
        _fallen("calibration (log loss)", compared("log_loss", shifted=False)),
        _worst_class(rung, base, names, labels, rule),
        _fallen("rows that are mildly changed", compared(rule.metric, shifted=True)),
    )


def _fallen(name: str, found: Comparison) -> Guard:
    falls = probability_above(found, 0.0) <= GUARD_ALPHA
    said = f"{found.difference:+.3f} ({found.low:+.3f} to {found.high:+.3f}), more is better"
    return Guard(name, falls, f"{'credibly falls' if falls else 'does not fall'}: {said}", found)


def _worst_class(
    rung: Sequence[FoldAnswers],
    base: Sequence[FoldAnswers],
    names: tuple[str, str],
    labels: Sequence[str],
    rule: Rule,
) -> Guard:
    """The class that loses most recall: the corrected t of each, Holm over the classes."""
    repeats = len(rung) // rule.k
    codes = np.concatenate([one.codes for one in rung])
    counted = codes.sum(axis=0) if codes.ndim == 2 else np.bincount(codes, minlength=len(labels))
    counts = counted // repeats
    present = [code for code in range(len(labels)) if counts[code] > 0]
    found = [
        gains(
            _recalled(rung, base, code, counts[code] / rule.k),
            replace(rule, n=max(int(counts[code]), rule.k)),
            names,
            "recall",
        )
        for code in present
    ]
    adjusted = holm([probability_above(one, 0.0) for one in found])
    falls = bool(adjusted.min() <= GUARD_ALPHA)
    shown = int(adjusted.argmin() if falls else np.argmin([one.difference for one in found]))
    said = f"'{labels[present[shown]]}' changes by {100 * found[shown].difference:+.1f} points"
    word = "credibly falls" if falls else "no class credibly falls"
    return Guard("recall of every class", falls, f"{word}; most so: {said}", found[shown])


def _recalled(
    rung: Sequence[FoldAnswers], base: Sequence[FoldAnswers], code: int, usual: float
) -> Gaps:
    """More rows of a class that are answered rightly, one a fold, in units of a fold's usual rows
    of it: their mean over a repeat is the gain in recall."""
    right = [[one.recalled(code) for one in arm] for arm in (rung, base)]
    rows = [[hits * (len(hits) / usual) for hits in arm] for arm in right]
    a, b = (np.array([hits.sum() / usual for hits in arm]) for arm in right)
    return Gaps(a - b, rows_variance(*rows))


def outcome(
    rung: str,
    describe: str,
    against: str,
    found: Comparison,
    in_log_loss: Comparison | None,
    checks: tuple[Guard, ...],
    rule: Rule,
    level: float,
    *,
    folds_run: int,
    estimated_minutes: float,
    remarks: tuple[str, ...] = (),
) -> RungOutcome:
    """The gate's word on a rung that was trained on every fold."""
    verdict, reason = judge_gain(found, rule, level, in_log_loss)
    fallen = [check for check in checks if check.falls]
    if verdict == "adopt" and fallen:
        verdict = "stay"
        reason += "; but not at this price: " + "; ".join(f"{c.name} {c.reason}" for c in fallen)
    return RungOutcome(
        rung, describe, against, verdict, reason, level, found, checks, folds_run,
        estimated_minutes, remarks, log_loss_gain=in_log_loss,
    )  # fmt: skip
