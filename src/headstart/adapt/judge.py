"""The transfer verdict, and the simplest arm that nothing credibly beats."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import cast

from headstart.adapt.gate import in_nats, needed_level
from headstart.adapt.log_losses import log_loss_gains
from headstart.metrics import HIGHER_IS_BETTER, RANGES
from headstart.metrics.words import difference, metric_name, metric_value, size, unit
from headstart.stats import compare, mean_over_folds, rows_variance
from headstart.types.adapt import AdaptReport
from headstart.types.brief import Brief
from headstart.types.data import AuditReport
from headstart.types.ladder import LadderReport
from headstart.types.model import (
    SIMPLICITY,
    Approach,
    ArmFamily,
    ArmResult,
    ArmSummary,
    Unavailable,
)
from headstart.types.result import Comparison, Estimate, NotAvailable, TransferVerdict

LESSON: dict[ArmFamily, str] = {
    "scratch": "a network trained for this task alone is worth a look.",
    "random": "what was learned from the source loses something that this task needs.",
}


@dataclass(frozen=True, slots=True)
class Measure:
    """How two arms are compared in this run."""

    metric: str
    margin: float
    confidence: float
    n: int
    k: int
    repeats: int
    steps: bool = False
    """Whether costs are the steps of the labels' order."""

    @property
    def name(self) -> str:
        """The metric as people write it."""
        return metric_name(self.metric, steps=self.steps)

    @property
    def higher_is_better(self) -> bool:
        return HIGHER_IS_BETTER[self.metric]

    def goodness(self, arm: ArmResult) -> float:
        """Mean of the primary metric, turned so that larger is better."""
        mean = float(arm.scores[self.metric].mean())
        return mean if self.higher_is_better else -mean

    def compare(self, a: ArmResult, b: ArmResult, tests: int = 1) -> Comparison:
        """a − b on the folds that both were run on; `tests` widens the interval (Bonferroni). A
        thawed arm is run on fewer repeats of the folds."""
        common = min(len(a.scores[self.metric]), len(b.scores[self.metric]))
        return compare(
            a.scores[self.metric][:common],
            b.scores[self.metric][:common],
            a=a.name,
            b=b.name,
            metric=self.metric,
            n=self.n,
            k=self.k,
            repeats=common // self.k,
            confidence=self.confidence,
            margin=self.margin,
            higher_is_better=self.higher_is_better,
            tests=tests,
            by_rows=rows_variance(a.by_row, b.by_row),
        )

    def gain(self, comparison: Comparison) -> Estimate:
        """How much better a is than b, larger is better, with its interval."""
        sign = 1.0 if self.higher_is_better else -1.0
        low, high = sorted((sign * comparison.low, sign * comparison.high))
        return Estimate(
            sign * comparison.difference,
            low,
            high,
            comparison.n,
            comparison.test,
            comparison.confidence,
        )

    def credibly_beats(self, a: ArmResult, b: ArmResult, by: float) -> bool:
        """The whole interval of a's gain over b lies above `by`."""
        low = self.gain(self.compare(a, b)).low
        return low is not None and low > by

    def in_log_loss(self, a: ArmResult, b: ArmResult) -> Comparison | None:
        """What a gains over b in log-loss, each at its best temperature; None where the metric is
        log-loss."""
        if self.metric == "log_loss" or not a.log_losses or not b.log_losses:
            return None
        gains, by_rows = log_loss_gains(a.log_losses, b.log_losses)
        return compare(
            gains, [0.0] * len(gains), a=a.name, b=b.name, metric="log_loss", n=self.n, k=self.k,
            repeats=len(gains) // self.k, confidence=self.confidence, by_rows=by_rows,
        )  # fmt: skip

    def worth_more(self, a: ArmResult, b: ArmResult) -> bool:
        """a's gain over b is more likely than not at least the margin, and credibly above zero:
        what the gate asks of a rung."""
        gain = self.gain(self.compare(a, b)).value
        if gain is None or gain <= 0.0 or gain < self.margin:
            return False
        return self.shown_by(a, b) is not None

    def shown_by(self, a: ArmResult, b: ArmResult) -> Comparison | None:
        """What shows, one-sided, that a is better than b: the metric, or log-loss where the metric
        leaves little open (`headstart.adapt.gate`); the two share the level. None: nothing."""
        found, surer = self.compare(a, b), self.in_log_loss(a, b)
        level = 1.0 - self.confidence
        p = _one_sided(found, higher_is_better=self.higher_is_better)
        beside = None if surer is None else _one_sided(surer, higher_is_better=True)
        if p > needed_level(beside, level):
            return None
        return found if surer is None or p <= level / 2 else surer


def _one_sided(found: Comparison, *, higher_is_better: bool) -> float:
    """p-value of a being no better than b."""
    better = found.difference > 0.0 if higher_is_better else found.difference < 0.0
    return found.p_value / 2 if better else 1.0 - found.p_value / 2


def summarise(arm: ArmResult, measure: Measure) -> ArmSummary:
    """What is reported of an arm: each metric's mean over folds, with its interval."""
    metrics = {}
    for name, scores in arm.scores.items():
        lower, upper = RANGES[name]
        metrics[name] = mean_over_folds(
            scores,
            measure.k,
            len(scores) // measure.k,
            measure.confidence,
            n=measure.n,
            lower=lower,
            upper=upper,
        )
    return ArmSummary(
        arm.name,
        arm.family,
        arm.pretrained,
        arm.deployable,
        arm.describe,
        metrics,
        arm.backbone,
    )


def choose(results: Sequence[ArmResult], measure: Measure) -> ArmResult:
    """The simplest deployable arm over which no other one is worth more: a gain that is credible,
    and on average at least the margin.

    Among arms of one approach the better mean comes first. There always is one: nothing has a
    larger mean than the best. Where that is the generic model, an arm on the same network that is
    more likely than not better by the margin takes its place, if no arm without the network has a
    larger mean than it: nothing is saved by doing without a head.
    """
    order = {approach: i for i, approach in enumerate(SIMPLICITY)}
    deployable = sorted(
        (arm for arm in results if arm.deployable),
        key=lambda arm: (order[cast(Approach, arm.family)], -measure.goodness(arm), arm.name),
    )
    if not deployable:
        raise ValueError("no arm that could ship was run")
    for candidate in deployable:
        others = (arm for arm in deployable if arm is not candidate)
        if not any(measure.worth_more(arm, candidate) for arm in others):
            return _on_its_network(candidate, deployable, measure)
    return max(deployable, key=measure.goodness)


def _on_its_network(
    simplest: ArmResult, deployable: Sequence[ArmResult], measure: Measure
) -> ArmResult:
    """The generic model's better neighbour on the same network, where it has one."""
    if simplest.family != "zero-shot" or simplest.backbone is None:
        return simplest
    neighbours = [arm for arm in deployable if arm.backbone == simplest.backbone]
    best = max(neighbours, key=measure.goodness)
    if best is simplest or any(
        measure.goodness(arm) > measure.goodness(best)
        for arm in deployable
        if arm.family in ("majority", "classical")
    ):
        return simplest
    gain = measure.gain(measure.compare(best, simplest)).value
    return best if gain is not None and gain >= measure.margin else simplest


def judge_transfer(
    results: Sequence[ArmResult], measure: Measure
) -> tuple[Comparison | NotAvailable, ArmResult | None, ArmResult]:
    """The best pretrained arm against the best target-only arm.

    Both are picked by their mean on these folds. With several pretrained arms the interval is
    Bonferroni's, since the best of them was looked for; to beat the best of the target-only arms
    is to beat each of them, which needs no correction (Berger's intersection–union test).

    Raises:
        ValueError: no target-only arm was run.
    """
    pretrained = [arm for arm in results if arm.pretrained]
    target_only = [arm for arm in results if not arm.pretrained]
    if not target_only:
        raise ValueError("no target-only arm was run")
    best_target = max(target_only, key=measure.goodness)
    if not pretrained:
        return NotAvailable("no pretrained arm could be run"), None, best_target
    best = max(pretrained, key=measure.goodness)
    return measure.compare(best, best_target, tests=len(pretrained)), best, best_target


def _span(measure: Measure, estimate: Estimate) -> str:
    """A value of the metric with its interval."""
    return _with_interval(estimate, lambda value: metric_value(measure.metric, value), "")


def _gained(measure: Measure, a: ArmResult, b: ArmResult) -> str:
    """a's gain over b in the metric's unit, with its interval."""
    of = unit(measure.metric, steps=measure.steps)
    gain = measure.gain(measure.compare(a, b))
    return _with_interval(gain, lambda value: difference(measure.metric, value), f" {of}")


def _with_interval(estimate: Estimate, say: Callable[[float], str], of: str) -> str:
    if estimate.low is None or estimate.high is None:
        return f"{say(estimate.value)}{of}"
    return f"{say(estimate.value)}{of} ({say(estimate.low)} to {say(estimate.high)})"


def _reason(
    chosen: ArmResult, results: Sequence[ArmResult], measure: Measure, summary: ArmSummary
) -> str:
    """Why this arm and no other, with the numbers that say so."""
    order = {approach: i for i, approach in enumerate(SIMPLICITY)}
    others = [arm for arm in results if arm.deployable and arm is not chosen]
    head = (
        f"'{chosen.name}' reaches {measure.name} "
        f"{_span(measure, summary.metrics[measure.metric])} "
        f"over {measure.k} folds × {measure.repeats}."
    )
    if not others:
        return f"{head} No other arm that could ship was run."
    rank = order[cast(Approach, chosen.family)]
    simpler = [arm for arm in others if order[cast(Approach, arm.family)] < rank]
    sentences = [head]
    if simpler:
        best = max(simpler, key=measure.goodness)
        gain = _gained(measure, chosen, best)
        sentences.append(f"Its gain over the best simpler arm, '{best.name}', is {gain}.")
        sentences += _surer(chosen, best, measure)
        sentences += _saves_nothing(chosen, simpler, measure)
    rivals = [arm for arm in others if order[cast(Approach, arm.family)] >= rank]
    margin = f"the margin of {size(measure.metric, measure.margin, steps=measure.steps)}"
    if rivals:
        best = max(rivals, key=measure.goodness)
        sentences.append(
            f"No other arm is credibly better, and by {margin} or more: "
            f"'{best.name}' gains {_gained(measure, best, chosen)}."
        )
    else:
        sentences.append(f"No simpler arm is left over which it is not worth {margin}.")
    return " ".join(sentences)


def _surer(chosen: ArmResult, simpler: ArmResult, measure: Measure) -> list[str]:
    """That the gain shows in log-loss, where it does not in the metric."""
    one = measure.shown_by(chosen, simpler)
    if one is None or one.metric == measure.metric:
        return []
    return [f"That it is better shows in its probabilities: {in_nats(one)}."]


def _saves_nothing(chosen: ArmResult, simpler: Sequence[ArmResult], measure: Measure) -> list[str]:
    """Why the generic model was not taken where it is not credibly worse."""
    return [
        f"'{arm.name}', over which it gains {_gained(measure, chosen, arm)}, "
        "runs the same network and would save nothing: the more likely of the two was taken."
        for arm in simpler
        if arm.family == "zero-shot"
        and arm.backbone == chosen.backbone is not None
        and not measure.worth_more(chosen, arm)
    ]


def _remarks(chosen: ArmResult, results: Sequence[ArmResult], measure: Measure) -> list[str]:
    """What the controls say about the choice."""
    remarks = []
    for control in (arm for arm in results if not arm.deployable):
        if not measure.credibly_beats(control, chosen, 0.0):
            continue
        gain = _gained(measure, control, chosen)
        if control.pretrained:
            remarks.append(
                f"The vendor's network in '{control.name}' credibly beats the chosen "
                f"'{chosen.name}' on {measure.name}, by {gain}. It cannot be "
                "packaged: weigh the gain against its price, its terms and texts that leave the "
                "house."
            )
        else:
            remarks.append(
                f"The control '{control.name}' credibly beats the chosen '{chosen.name}' on "
                f"{measure.name}, by {gain}: {LESSON[control.family]} "
                "Controls are not shipped."
            )
    random = next((arm for arm in results if arm.family == "random"), None)
    if chosen.family == "frozen" and random is not None:
        low = measure.gain(measure.compare(chosen, random)).low
        if low is not None and low <= 0:
            remarks.append(
                f"The same architecture with random weights is not credibly worse (difference "
                f"{_gained(measure, chosen, random)}): what helps may be the architecture, not "
                "what was learned."
            )
    return remarks


def judge(
    results: Sequence[ArmResult],
    unavailable: Sequence[Unavailable],
    brief: Brief,
    audit: AuditReport,
    ladder: LadderReport | None = None,
) -> AdaptReport:
    """The verdict on transfer and the approach that follows, from arms on identical folds.

    Intervals: Nadeau and Bengio (2003). The chosen arm is the simplest deployable one over which no
    other deployable one gains credibly, and at least the margin; a rung that the gate adopted
    stands in for the frozen arm that it grew from.

    Raises:
        ValueError: no target-only arm, or none that could ship, was run.
    """
    folds = audit.folds
    measure = Measure(
        audit.metric,
        audit.margin,
        brief.requirement.confidence,
        folds.n,
        folds.k,
        folds.repeats,
        brief.counts_steps,
    )
    comparison, best, best_target = judge_transfer(results, measure)
    grown = ladder is not None and ladder.adopted is not None
    left = [arm for arm in results if not (grown and ladder and arm.name == ladder.base)]
    chosen = choose(left, measure)
    summaries = tuple(summarise(arm, measure) for arm in results)
    summary = next(arm for arm in summaries if arm.name == chosen.name)
    against = tuple(measure.compare(arm, chosen) for arm in results if arm is not chosen)
    transfer: TransferVerdict = "inconclusive"
    if isinstance(comparison, Comparison):
        transfer, against = comparison.verdict, (comparison, *against)
    return AdaptReport(
        metric=measure.metric,
        margin=measure.margin,
        arms=summaries,
        unavailable=tuple(unavailable),
        transfer=transfer,
        transfer_comparison=comparison,
        best_pretrained=best.name if best else None,
        best_target_only=best_target.name,
        approach=cast(Approach, chosen.family),
        chosen=chosen.name,
        comparisons=against,
        choice_reason=_reason(chosen, results, measure, summary),
        remarks=tuple(_remarks(chosen, results, measure)),
        ladder=ladder or NotAvailable("no rung was tried"),
    )
