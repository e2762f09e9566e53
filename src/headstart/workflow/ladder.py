"""The ladder: from the frozen backbone upwards, a rung at a time, as far as the gate lets it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import ceil

import numpy as np
from numpy.typing import NDArray

from headstart.adapt import ArmFeatures, ArmSpec
from headstart.adapt.gate import (
    EARLY_LEVEL,
    FoldAnswers,
    Rule,
    gains,
    gains_in_log_loss,
    gaps_between,
    given_up,
    guards,
    last_level,
    level_of,
    outcome,
    settled,
    too_few_rows,
)
from headstart.adapt.judge import Measure
from headstart.adapt.plans import EARLY
from headstart.adapt.probe import NAME as PROBE
from headstart.adapt.probe import ProbeRung, layered
from headstart.adapt.run import answers_minimise, scored
from headstart.adapt.rung import Rung, few_texts, plan_of, rungs, within, worth_testing
from headstart.backbones.encoder import FrozenEncoder
from headstart.metrics import HIGHER_IS_BETTER, RANGES
from headstart.ports import Encoder
from headstart.types.data import Folds
from headstart.types.ladder import GateVerdict, Guard, LadderReport, RungFold, RungOutcome
from headstart.types.model import ArmResult, FittedModel
from headstart.types.result import NotAvailable
from headstart.workflow.arms import Arms
from headstart.workflow.grown import Grown
from headstart.workflow.journal import fingerprint
from headstart.workflow.rung_folds import RungFolds, Step, waves

SHARE = 0.6
"""Of the brief's minutes that the ladder may be expected to take."""
MOST_REPEATS = 3
"""Of the folds; a fourth would cost a third more and narrow the interval by 3%."""


@dataclass
class _Trial:
    """A rung on its folds. level: of its test, and in the end what its last look had of it."""

    arm: str
    trainings: int
    level: float
    looks: int
    ended: tuple[GateVerdict, str] | None = None


@dataclass(frozen=True, slots=True)
class _Shares:
    """Expected seconds. once: of a repeat of a rung. room: what is left for it, so that each later
    one has a repeat. even: its even share of what is left. needed: of a repeat of it and of each
    that would be tested beside it."""

    once: float
    room: float
    even: float
    needed: float

    def repeats(self, most: int) -> int:
        """As many as its even share pays for, and one where there is room for no more; 0: none."""
        if self.room < self.once:
            return 0
        return int(min(most, max(self.once, min(self.even, self.room)) / self.once))

    @property
    def ask(self) -> int:
        """Minutes of budget with which it would be tried."""
        return ceil(self.needed / 60 / SHARE)


class Ladder:
    """Thaws the best frozen backbone, rung by rung."""

    def __init__(self, arms: Arms) -> None:
        self.arms = arms
        self.brief, self.rows, self.split = arms.brief, arms.rows, arms.split
        self.folds = list(arms.split.folds)
        self.grown = Grown(arms)
        self._below: list[FoldAnswers] = []
        self.several = self.rows.separator is not None
        requirement = self.brief.requirement
        by_cost = self.split.metric == "cost"
        self.rule = Rule(
            self.split.metric,
            self.split.margin,
            requirement.confidence,
            len(self.rows.codes),
            self.split.folds.k,
            1.0 if arms.costs is None or not by_cost else float(arms.costs.max()),
            self.brief.counts_steps,
            arms.costs,
            1.0 if arms.mix is None else arms.mix.design_effect,
        )

    def climb(
        self, results: Sequence[ArmResult], refused: str = "", *, shifted: str = ""
    ) -> tuple[LadderReport, list[ArmResult]]:
        """(what the gate said of each rung, the arm that was adopted or nothing).

        refused: why no rung is tried in this run at all; empty: they may be. shifted: how the
        inputs of the hold-out differ from those that are trained on; empty: they do not.
        """
        measure = Measure(
            self.rule.metric, self.rule.margin, self.rule.confidence, self.rule.n, self.rule.k,
            self.split.folds.repeats,
        )  # fmt: skip
        frozen = [one for one in results if one.family == "frozen" and one.deployable]
        base = max(frozen, key=measure.goodness, default=None)
        report = LadderReport(
            self.rule.metric, self.rule.margin, self.rule.alpha, base.name if base else "", ()
        )
        few = not self.several and few_texts(self.rows.modality, self.rule.n, len(self.rows.labels))
        names = self.brief.rungs or rungs(self.brief.max_stage, few=few, shifted=bool(shifted))
        if EARLY in names and not self.brief.rungs:
            note = f"{shifted}: the lowest block, which reads the input, is tried before upper ones"
            report = replace(report, note=note)
        why = refused or self._not_climbed(base, results, measure)
        if base is None or why or not names:
            why = why or "the brief stays with the frozen backbone"
            return replace(report, not_climbed=why), []
        left = budget = SHARE * self.brief.budget.minutes * 60
        heads = self.arms.features(base.name)
        made = {name: self._made(name, base, heads.label_weights) for name in names}
        once = {
            name: rung.seconds(self.split.folds.k)
            for name, rung in made.items()
            if not isinstance(rung, NotAvailable)
        }
        tested = within(once, budget)
        if self.brief.rungs:  # Who names rungs decides what shares the level.
            tested = tuple(name for name, seconds in once.items() if seconds <= budget)
        level = level_of(self.rule.alpha, max(1, len(tested)))
        best, adopted = base, []
        outcomes = []
        for place, (name, rung) in enumerate(made.items()):
            later = [one for one in [*made][place + 1 :] if one in tested]
            affordable = once.get(name, budget + 1) <= budget
            gives_way = later and name not in (*tested, EARLY) and affordable
            if gives_way and not isinstance(rung, NotAvailable):
                outcomes.append(self._spared(rung, base, later[-1]))
                continue
            room = left - sum(once[one] for one in later) if name in tested else 0.0
            if self.brief.rungs and name in tested:
                room = max(room, min(left, once[name]))  # The first that is named comes first.
            needed = self._needed(name, once, tested)
            shares = _Shares(once.get(name, 0.0), room, left / (1 + len(later)), needed)
            said, arm, seconds = self._rung(
                name, rung, base, best, heads, level, shares, last=not later
            )
            outcomes.append(said)
            left -= seconds
            if said.verdict == "adopt" and arm is not None:
                best, adopted = arm, [arm]
        chosen = adopted[0].name if adopted else None
        return replace(report, outcomes=tuple(outcomes), adopted=chosen), adopted

    def _not_climbed(
        self, base: ArmResult | None, results: Sequence[ArmResult], measure: Measure
    ) -> str:
        if base is None or base.backbone is None:
            return "no frozen backbone that could ship was run"
        top = RANGES[self.rule.metric][1 if HIGHER_IS_BETTER[self.rule.metric] else 0]
        mean = float(base.scores[self.rule.metric].mean())
        lacking = np.inf if top is None else abs(top - mean)
        if lacking < self.rule.margin:
            return "the frozen backbone is within the margin of the best that there can be"
        for other in results:
            if (
                not other.pretrained
                and other.deployable
                and measure.credibly_beats(other, base, 0.0)
            ):
                return f"negative transfer: '{other.name}' credibly beats the frozen backbone"
        if not isinstance(self._encoder(base.backbone), FrozenEncoder):
            return "a backbone that does not run here cannot be thawed"
        return too_few_rows(self.rule, min(MOST_REPEATS, self.split.folds.repeats), lacking)

    def _needed(self, name: str, once: Mapping[str, float], tested: Sequence[str]) -> float:
        """Seconds of a repeat of a rung and of those that would be tested beside it."""
        no_dearer = [one for one in once if once[one] <= once.get(name, 0.0)]
        beside = {*tested, name} if self.brief.rungs else worth_testing(no_dearer)
        return sum(once[one] for one in beside if one in once)

    def _spared(self, rung: Step, base: ArmResult, more: str) -> RungOutcome:
        why = (
            f"the budget affords '{more}', which goes further: with fewer rungs to test, each has "
            "more of the level"
        )
        return RungOutcome(
            rung.name, rung.describe, base.name, "not tried", why, 0.0, NotAvailable(why)
        )

    def _encoder(self, ref: str) -> Encoder:
        return self.arms.backbones[ref].encoder

    def _made(
        self, name: str, base: ArmResult, towards: NDArray[np.float32] | None
    ) -> Step | NotAvailable:
        assert base.backbone is not None
        encoder = self._encoder(base.backbone)
        assert isinstance(encoder, FrozenEncoder)
        rows, seed = self.rows, self.brief.seed
        known = (rows.values, rows.keys, rows.codes, rows.groups, len(rows.labels), seed)
        if name == PROBE:
            every = layered(encoder)
            return every if isinstance(every, NotAvailable) else ProbeRung(every, *known)
        plan = plan_of(name, encoder, several=self.several)
        if isinstance(plan, NotAvailable):
            return plan
        return Rung(plan, encoder, *known, towards=towards)

    def _rung(
        self,
        name: str,
        rung: Step | NotAvailable,
        base: ArmResult,
        best: ArmResult,
        heads: ArmFeatures,
        level: float,
        shares: _Shares,
        *,
        last: bool,
    ) -> tuple[RungOutcome, ArmResult | None, float]:
        """(the gate's word, the arm where every fold was run, expected seconds that are gone)."""

        def ended(
            verdict: GateVerdict,
            reason: str,
            minutes: float = 0.0,
            run: int = 0,
            ask: int | None = None,
        ) -> RungOutcome:
            describe = name if isinstance(rung, NotAvailable) else rung.describe
            return RungOutcome(
                name, describe, best.name, verdict, reason, 0.0, NotAvailable(reason),
                folds_run=run, estimated_minutes=minutes, needs_minutes=ask,
            )  # fmt: skip

        if isinstance(rung, NotAvailable):
            return ended("not tried", rung.reason), None, 0.0
        k = self.split.folds.k
        most = min(MOST_REPEATS, len(best.scores[self.rule.metric]) // k)
        repeats = shares.repeats(most)
        minutes = round(max(1, repeats) * shares.once / 60, 2)
        if repeats < 1:
            why = (
                f"it would take about {ceil(minutes)} "
                f"{'minute' if minutes <= 1 else 'minutes'} more than the budget of "
                f"{self.brief.budget.minutes:g} leaves; try it with --minutes {shares.ask}"
            )
            return ended("not tried", why, minutes, ask=shares.ask), None, 0.0
        spec = self._spec(name, base, rung)
        inputs = {**self.arms.hashes(spec), "folds": fingerprint(self.split.folds)}
        # A later rung is compared with this one, and takes all of its folds.
        trial = _Trial(spec.name, k * repeats, level, looks=repeats if last else 1)
        found = self._folds(trial, RungFolds(rung, self.arms, inputs, heads), best)
        spent = repeats * shares.once * len(found) / trial.trainings
        if trial.ended is not None:
            return ended(*trial.ended, minutes, len(found)), None, spent
        of = scored(
            [one.proba for one in found],
            self.rows.codes,
            Folds(self.split.folds.assignment[: len(found) // k], k),
            self.arms.costs,
            self.rule.metric,
            self.arms.mix,
        )
        assert base.backbone is not None
        arm = ArmResult(
            spec.name, "adapted", pretrained=True, deployable=True, describe=spec.describe,
            scores=of.scores, out_of_fold=of.out_of_fold, settings={"plan": name},
            backbone=base.backbone, by_row=of.by_row, log_losses=of.log_losses,
        )  # fmt: skip
        gaps = gaps_between(self._answers(found), best, self.rule)
        gain_found = gains(gaps, self.rule, (arm.name, best.name))
        surer = gains_in_log_loss(gaps, self.rule, (arm.name, best.name))
        checks = self._guards(found, best, arm.name)
        remarks = tuple(dict.fromkeys(remark for one in found for remark in one.remarks))
        if len(found) < trial.trainings:
            few = f"{len(found)} of {trial.trainings} folds"
            remarks += (f"clear after {few}: no more were trained",)
        said = outcome(
            name, rung.describe, best.name, gain_found, surer, checks, self.rule, trial.level,
            folds_run=len(found), estimated_minutes=minutes, remarks=remarks,
        )  # fmt: skip
        if said.verdict == "adopt":
            self._below = self._answers(found)
        return said, arm, spent

    def _folds(self, trial: _Trial, runner: RungFolds, best: ArmResult) -> list[RungFold]:
        """The rung on its folds, until it fails, is given up, is clear, or all are trained."""
        last = last_level(trial.level, trial.looks)
        found: list[RungFold] = []
        for wave in waves(self.split.folds.k, trial.trainings):
            self.arms.progress(
                f"{runner.rung.name}, fold {wave.start + 1}", wave.start, trial.trainings
            )
            found += runner.run(wave)
            broken = [one.failed for one in found if one.failed]
            if broken:
                trial.ended = ("failed", broken[0])
                return found
            gaps = gaps_between(self._answers(found), best, self.rule)
            trial.ended = given_up(gaps, self.rule, trial.trainings, last)
            if trial.ended is not None:
                return found
            clear = settled(gaps, self.rule, trial.looks)
            if clear and not any(one.falls for one in self._guards(found, best, trial.arm)):
                trial.level = EARLY_LEVEL
                return found
        trial.level = last
        return found

    def _guards(self, found: Sequence[RungFold], best: ArmResult, name: str) -> tuple[Guard, ...]:
        """What must not fall, on the folds that both were run on."""
        below = self._below or self._frozen(found)
        common = min(len(below), len(found))
        answers = self._answers(found)[:common], below[:common]
        return guards(*answers, (name, best.name), self.rows.labels, self.rule)

    def _answers(self, found: Sequence[RungFold]) -> list[FoldAnswers]:
        return self._of([one.proba for one in found], [one.shifted for one in found])

    def _frozen(self, found: Sequence[RungFold]) -> list[FoldAnswers]:
        return self._of([one.base for one in found], [one.base_shifted for one in found])

    def _of(
        self, proba: Sequence[NDArray[np.floating]], shifted: Sequence[NDArray[np.floating]]
    ) -> list[FoldAnswers]:
        """An arm in the folds so far, with what its answers minimise."""
        codes = self.rows.codes
        mix, costs = self.arms.mix, self.arms.costs
        by = answers_minimise(self.rule.metric, proba, codes, costs, mix)
        return [
            FoldAnswers(codes[test], one, moved, by, mix)
            for one, moved, (_, test) in zip(proba, shifted, self.folds, strict=False)
        ]

    def _spec(self, name: str, base: ArmResult, rung: Step) -> ArmSpec:
        return ArmSpec(
            f"adapted:{name}", "adapted", rung.describe, base.backbone, {"plan": rung.recipe}
        )

    def refit(self, adopted: ArmResult, base: ArmResult) -> FittedModel:
        """The adopted rung on all development rows."""
        towards = self.arms.features(base.name).label_weights
        rung = self._made(str(adopted.settings["plan"]), base, towards)
        assert not isinstance(rung, NotAvailable)
        inputs = self.arms.hashes(self._spec(rung.name, base, rung))
        return self.grown.refit(rung, adopted, inputs)
