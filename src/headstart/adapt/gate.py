"""The gate: a rung is adopted where it shows, on rows that it has not touched, that it is better.

Several rungs are several tests. Their order is fixed before anything is seen, and the level is
shared by the fallback procedure (Wiens and Dmitrienko 2005): each rung has an equal part of α, and
an adopted rung hands its part on to the next. The first rung that is adopted wrongly was tested at
its own part and those of the rungs directly before it, all adopted rightly; these parts are
disjoint, so that the probability of any wrong adoption is at most α. A plain fixed sequence would
end at the first rung that gains nothing, though the next one may gain much.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from headstart.metrics import HIGHER_IS_BETTER
from headstart.stats import compare, holm, mcnemar_exact, probability_above
from headstart.types.ladder import GateVerdict, Guard, RungOutcome
from headstart.types.model import ArmResult
from headstart.types.result import Comparison, NotAvailable

ALPHA = 0.05
"""Probability of adopting any rung that is no better."""
DISCORDANT = 0.1
"""Least share of rows that two arms are taken to answer differently, while few folds are known."""
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
    alpha: float = ALPHA


@dataclass
class Purse:
    """What is left of α: equal parts, and what adopted rungs hand on."""

    part: float
    handed_on: float = 0.0

    @classmethod
    def of(cls, alpha: float, rungs: int) -> Purse:
        return cls(alpha / max(1, rungs))

    @property
    def level(self) -> float:
        """Of the next test."""
        return self.part + self.handed_on

    def spend(self, adopted: bool) -> None:
        """After a test; a rung that was not adopted keeps what it had.

        >>> purse = Purse.of(0.05, 2)
        >>> purse.spend(adopted=True)
        >>> purse.level
        0.05
        """
        self.handed_on = self.level if adopted else 0.0


def gains(
    rung: NDArray[np.float64], base: NDArray[np.float64], rule: Rule, names: tuple[str, str]
) -> Comparison:
    """The rung against the best so far on the same folds, turned so that larger is better.

    rung, base: the metric, one a fold; whole repeats, of which those count that both have.
    """
    sign = 1.0 if HIGHER_IS_BETTER[rule.metric] else -1.0
    return _compare(sign * rung, sign * base, rule, names, rule.metric)


def _compare(
    a: NDArray[np.float64],
    b: NDArray[np.float64],
    rule: Rule,
    names: tuple[str, str],
    metric: str,
) -> Comparison:
    common = min(len(a), len(b))
    return compare(
        a[:common], b[:common], a=names[0], b=names[1], metric=metric, n=rule.n, k=rule.k,
        repeats=common // rule.k, confidence=rule.confidence, margin=rule.margin,
    )  # fmt: skip


def judge_gain(found: Comparison, rule: Rule, level: float) -> tuple[GateVerdict, str]:
    """What a gain alone says, at a one-sided level.

    adopt: credibly above zero, and more likely than not at least the margin. stay: credibly below
    the margin. Else there is not enough evidence.
    """
    points = (
        f"{100 * found.difference:+.1f} points ({100 * found.low:+.1f} to {100 * found.high:+.1f})"
    )
    credible = 1.0 - probability_above(found, 0.0) <= level
    if credible and found.difference >= rule.margin:
        return "adopt", f"it gains {points}, credible at a level of {level:.3g}"
    if found.high < rule.margin:
        return "stay", f"it gains {points}: credibly less than the margin of {rule.margin:g}"
    if found.difference <= 0.0:
        return "stay", f"it gains nothing: {points}"
    if found.difference < rule.margin:
        return "not enough evidence", f"it gains {points}, so far less than the margin"
    more = "" if found.labels_needed is None else f"; about {found.labels_needed:,} rows would settle a gain of this size"  # fmt: skip  # noqa: E501
    return "not enough evidence", f"it gains {points}, not credible at a level of {level:.3g}{more}"


def hopeless(rung: Sequence[float], base: Sequence[float], rule: Rule) -> bool:
    """Whether the folds so far make it pointless to train the others: the mean gain and one
    standard error are below the margin. To stop early for this reason can only prevent an adoption,
    so that it costs no level; it is asked from the second fold on. Two folds say little about their
    spread: it is taken to be at least that of shares of which a tenth of the rows differ."""
    sign = 1.0 if HIGHER_IS_BETTER[rule.metric] else -1.0
    found = sign * (np.asarray(rung, dtype=np.float64) - np.asarray(base, dtype=np.float64))
    if len(found) < 2:
        return False
    least = np.sqrt(DISCORDANT * rule.k / rule.n)
    spread = max(float(found.std(ddof=1)), float(least))
    return bool(found.mean() + spread / np.sqrt(len(found)) < rule.margin)


def guards(
    rung: ArmResult,
    base: ArmResult,
    codes: NDArray[np.int64],
    labels: Sequence[str],
    shifted: tuple[NDArray[np.float64], NDArray[np.float64]],
    rule: Rule,
) -> tuple[Guard, ...]:
    """What must not credibly fall: calibration, every class, behaviour under a mild shift.

    Args:
        codes: (n,) of the development rows.
        shifted: accuracy of the rung and of the best so far on mildly changed rows, one a fold.
    """
    names = (rung.name, base.name)
    loss = _compare(-rung.scores["log_loss"], -base.scores["log_loss"], rule, names, "log_loss")
    moved = _compare(*shifted, rule, names, "accuracy")
    return (
        _fallen("calibration (log loss)", loss),
        _worst_class(rung, base, codes, labels),
        _fallen("rows that are mildly changed", moved),
    )


def _fallen(name: str, found: Comparison) -> Guard:
    falls = probability_above(found, 0.0) <= GUARD_ALPHA
    said = f"{found.difference:+.3f} ({found.low:+.3f} to {found.high:+.3f}), more is better"
    return Guard(name, falls, f"{'credibly falls' if falls else 'does not fall'}: {said}", found)


def _worst_class(
    rung: ArmResult, base: ArmResult, codes: NDArray[np.int64], labels: Sequence[str]
) -> Guard:
    """The class that loses most recall, by McNemar's exact test, Holm over the classes."""
    name = "recall of every class"
    new, old = rung.out_of_fold.argmax(axis=1) == codes, base.out_of_fold.argmax(axis=1) == codes
    present = [int(code) for code in np.unique(codes)]
    p_values, lost = [], []
    for code in present:
        rows = codes == code
        change = float(new[rows].mean()) - float(old[rows].mean())
        two_sided = mcnemar_exact(new[rows], old[rows])
        p_values.append(two_sided / 2 if change < 0 else 1.0)
        lost.append(change)
    adjusted = holm(p_values)
    worst = int(np.argmin(lost))
    least = int(np.argmin(adjusted))
    falls = bool(adjusted[least] <= GUARD_ALPHA)
    shown = least if falls else worst
    said = f"'{labels[present[shown]]}' changes by {100 * lost[shown]:+.1f} points of recall"
    word = "credibly falls" if falls else "no class credibly falls"
    test = f"McNemar exact on out-of-fold answers, Holm over {len(present)} classes"
    why = NotAvailable(f"a test of each class: {test}, p = {adjusted[least]:.3g}")
    return Guard(name, falls, f"{word}; most so: {said}", why)


def outcome(
    rung: str,
    describe: str,
    against: str,
    found: Comparison,
    checks: tuple[Guard, ...],
    rule: Rule,
    level: float,
    *,
    folds_run: int,
    estimated_minutes: float,
    remarks: tuple[str, ...] = (),
) -> RungOutcome:
    """The gate's word on a rung that was trained on every fold."""
    verdict, reason = judge_gain(found, rule, level)
    fallen = [check for check in checks if check.falls]
    if verdict == "adopt" and fallen:
        verdict = "stay"
        reason += "; but not at this price: " + "; ".join(f"{c.name} {c.reason}" for c in fallen)
    return RungOutcome(
        rung, describe, against, verdict, reason, level, found, checks, folds_run,
        estimated_minutes, remarks,
    )  # fmt: skip
