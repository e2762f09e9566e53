"""One label column of a run: its arms, verdict and model, its evaluation and its decision."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial

import numpy as np
from numpy.typing import NDArray

from headstart.adapt import (
    NO_LABEL,
    Mix,
    Seen,
    by_probability,
    choose_outside,
    find_set_temperature,
    find_temperature,
    find_weights,
    in_use,
    judge,
    majority_shares,
    minimised,
    scale,
    scale_sets,
    scaled_head,
    unscaled,
)
from headstart.audit import further_column
from headstart.bundles import BundlePredictor, Scored
from headstart.decide import decide
from headstart.evaluate import (
    Answers,
    Context,
    Outside,
    SealedHoldout,
    SetAnswers,
    answers,
    cross_validated_sets,
    evaluate,
    evaluate_cross_validated,
    evaluate_sets,
    reference_scores,
    set_answers,
    set_reference_scores,
    set_rule,
    thresholds_by_cost,
    thresholds_to_test,
    ways,
)
from headstart.heads import LinearHead
from headstart.package import (
    check_outside_parity,
    check_parity,
    trained_outputs,
    trained_probabilities,
)
from headstart.ports import Encoder, Engine, Progress
from headstart.types.adapt import AdaptReport, AnswerWeights, OutsideChoice, TemperatureReport
from headstart.types.artifact import PackageReport
from headstart.types.brief import Brief
from headstart.types.data import AuditReport, CheckOutcome
from headstart.types.model import ArmResult, FittedModel, Scorecard
from headstart.types.result import Decision, EvaluationReport, NotAvailable
from headstart.workflow.arms import Arms, Rows
from headstart.workflow.candidates import Candidate
from headstart.workflow.context import context_of
from headstart.workflow.further import further_brief
from headstart.workflow.journal import Journal, fingerprint
from headstart.workflow.sources import Sources
from headstart.workflow.thumbnails import error_pictures

PARITY_ROWS = 64
SHARED = "several label columns share the backbone, which therefore stays frozen"


@dataclass(frozen=True, slots=True)
class Trained:
    """What training and choosing left behind."""

    results: tuple[ArmResult, ...]
    """The arms, without a rung that was adopted."""
    verdict: AdaptReport
    model: FittedModel
    encoder: Encoder | None
    chosen: ArmResult
    heat: TemperatureReport | NotAvailable
    strange: OutsideChoice | NotAvailable
    mix: Mix | None = None
    """How common the labels are in use, where the brief says so."""

    @property
    def majority(self) -> ArmResult:
        return next(result for result in self.results if result.family == "majority")


@dataclass(frozen=True, slots=True)
class Output:
    """A label column with its rows and its brief; `journal` says where its reports stand."""

    brief: Brief
    sources: Sources
    split: AuditReport
    rows: Rows
    costs: NDArray[np.float64] | None
    journal: Journal
    progress: Progress
    unlabelled: int = 0

    @property
    def name(self) -> str:
        return self.sources.dataset.label_column or ""

    @property
    def separator(self) -> str | None:
        """What stands between the labels of a row that may have several."""
        return self.rows.separator

    @property
    def data(self) -> str:
        return fingerprint(self.sources.report())

    def further(self, name: str) -> Output:
        """Another label column of the same rows, its brief and its split kept in the ledger.

        Its costs are its own; those of reviews and the label of rows out of scope belong to the
        first column, and are no part of its brief.

        Raises:
            DataError: too few rows have a label in it.
        """
        journal, brief = (
            self.journal.within(name),
            further_brief(self.brief, name, self.split.metric),
        )
        sources = self.sources
        found = further_column(sources.dataset, sources.holdout, self.split, name, brief)
        own = replace(
            self,
            brief=brief,
            sources=Sources(found.dataset, found.holdout),
            split=found.split,
            rows=Rows.of(found.dataset, found.split),
            costs=found.costs,
            journal=journal,
            unlabelled=found.unlabelled,
        )
        said = {"data": own.data, "brief": fingerprint(brief)}
        journal.stage("brief", said, lambda: brief, pointer="/brief")
        told = replace(own.sources.report(), unlabelled=found.unlabelled)
        journal.stage("data", {"data": own.data}, lambda: told, pointer="/data")
        split = {"data": own.data, "split": fingerprint(self.split), "plan": fingerprint(brief)}
        journal.stage("audit", split, lambda: found.split, pointer="/audit")
        return own

    def train(
        self, backbones: Sequence[Candidate], engine: Engine, several: bool, shifted: str
    ) -> Trained:
        """Arms on identical folds, the verdict, the model on all development rows. With `several`
        label columns no rung of the ladder is tried. shifted: how the hold-out's inputs differ."""
        # It needs torch, which a missing extra is told about before any work.
        from headstart.workflow.ladder import Ladder

        lent = (backbones, self.journal, self.progress, engine, self.costs)
        arms = Arms(self.brief, self.rows, self.split, *lent)
        results, unavailable = arms.run()
        ladder = Ladder(arms)
        climbed, adopted = ladder.climb(results, SHARED if several else "", shifted=shifted)
        every = [*results, *adopted]
        said = (self.brief.requirement, self.split, every, unavailable, climbed)
        verdict = self.journal.stage(
            "adapt",
            {"data": self.data, "arms": fingerprint(said)},
            lambda: judge(every, unavailable, self.brief, self.split, climbed),
            pointer="/adapt",
        )
        base = next((one for one in results if one.name == climbed.base), None)
        if adopted and base is not None and verdict.chosen == adopted[0].name:
            model = ladder.refit(adopted[0], base)
        else:
            model = arms.refit(verdict)
        encoder = ladder.grown.encoder(model)
        chosen = next(result for result in every if result.name == verdict.chosen)
        heat = self._temperature(chosen)
        if self.separator is None:
            model, chosen = scale(model, chosen, heat, self.rows.codes, self.split.folds)
        else:
            model, chosen = scale_sets(model, chosen, heat)
        mix = None if arms.mix is None else arms.mix.of(chosen.family)
        model = replace(model, costs=self._minimised(chosen, verdict.metric, mix))
        model, chosen = in_use(model, chosen, mix)
        strange = self._outside(arms, chosen, model, encoder, heat, mix)
        if not isinstance(strange, NotAvailable):
            model = replace(model, outside=strange.score)
        return Trained(tuple(results), verdict, model, encoder, chosen, heat, strange, mix)

    def developed(self, trained: Trained) -> Answers:
        """The out-of-fold answers of the chosen arm."""
        return answers(trained.chosen.out_of_fold, by=trained.model.costs, costs=self.costs)

    def developed_sets(self, trained: Trained) -> SetAnswers:
        """The same where a row may have several labels."""
        return set_answers(trained.chosen.out_of_fold, by=trained.model.costs, costs=self.costs)

    def _temperature(self, chosen: ArmResult) -> TemperatureReport | NotAvailable:
        folds = self.split.folds
        find = find_temperature if self.separator is None else find_set_temperature
        return self.journal.stage(
            "temperature",
            {"data": self.data, "arm": fingerprint(chosen), "folds": fingerprint(folds)},
            lambda: find(chosen, self.rows.codes, folds),
            pointer="/temperature",
        )

    def _minimised(
        self, chosen: ArmResult, metric: str, mix: Mix | None
    ) -> NDArray[np.float64] | None:
        """What the answers minimise; None: the most probable labels are given."""
        found: AnswerWeights | NotAvailable = self.journal.stage(
            "answers",
            {"data": self.data, "arm": fingerprint((chosen, mix)), "metric": metric},
            lambda: find_weights(chosen, self.rows.labels, self.rows.codes, metric, mix),
            pointer="/answers",
        )
        if metric == "cost":
            return self.costs
        return minimised(found, several=self.separator is not None)

    def _outside(
        self,
        arms: Arms,
        chosen: ArmResult,
        model: FittedModel,
        encoder: Encoder | None,
        heat: TemperatureReport | NotAvailable,
        mix: Mix | None,
    ) -> OutsideChoice | NotAvailable:
        """How rows out of scope are told from others, by development rows alone."""
        label, required = self.brief.data.out_of_scope, self.brief.requirement
        values = [one.value for one in self.sources.outside]
        rows, split = self.rows, self.split

        def work() -> OutsideChoice | NotAvailable:
            if label is None:
                return NO_LABEL
            if model.approach == "majority":
                return NotAvailable("one answer for all looks at no row")
            if model.approach != "frozen" or encoder is None:
                none = np.zeros((0, 1))
                proba = trained_probabilities(model, encoder, values) if values else none
                return by_probability(chosen.out_of_fold, proba, required.false_alarms)
            keys = [one.key for one in self.sources.outside]
            inside = arms.features(model.arm)
            outside = encoder.encode(values, keys) if values else inside.matrix[:0]

            def scaled(head: LinearHead) -> LinearHead:
                found = scaled_head(head, heat)
                return found if mix is None else mix.head(found)

            found = model.settings
            towards = inside.label_weights if found.get("label_names") else None
            known = (rows.codes, outside, len(rows.labels), scaled, found.get("l2"), towards)
            whole = LinearHead(model.weights, model.bias)
            self.progress("looking for what is out of scope", 0, 1)
            seen = Seen(inside.matrix, *known)
            return choose_outside(seen, whole, split.folds, required.false_alarms, self.brief.seed)

        said = {
            "data": self.data,
            "model": fingerprint(model),
            "folds": fingerprint((split.folds, required.false_alarms)),
        }
        return self.journal.stage("outside", said, work, pointer="/outside")

    def evaluate(
        self, trained: Trained, bundle: Callable[[], BundlePredictor], eyes: Candidate
    ) -> EvaluationReport:
        """The model that ships on the hold-out, or the out-of-fold answers where there is none.
        eyes: the network by which its errors are seen."""
        split, rows, verdict, brief = self.split, self.rows, trained.verdict, self.brief
        todays = self._todays()
        said = {
            "data": self.data,
            "model": fingerprint(trained.model),
            "split": fingerprint((split.holdout, split.holdout_clean, split.folds)),
            # The level only judges what is measured: another one opens nothing again.
            "plan": fingerprint(
                (verdict.metric, replace(brief.requirement, level=None), brief.seed)
            ),
            "costs": fingerprint((self.costs, brief.review_cost, brief.automated_value)),
            "today": fingerprint((brief.data.order, brief.data.current, todays)),
        }

        use = self._in_use(trained)

        def crossed() -> EvaluationReport:
            arms = (
                replace(trained.chosen, out_of_fold=trained.chosen.out_of_fold[use]),
                trained.majority,
            )
            report_on = (
                partial(evaluate_cross_validated, today=[todays[i] for i in use])
                if self.separator is None
                else cross_validated_sets
            )
            return report_on(
                *arms,
                values=[rows.values[i] for i in use],
                codes=rows.codes[use],
                places=[rows.places[i] for i in use],
                labels=rows.labels,
                modality=rows.modality,
                folds=split.folds,
                metric=verdict.metric,
                margin=verdict.margin,
                by=trained.model.costs,
                brief=brief,
                use=use,
                shares=self._shares(trained),
            )

        opened_once = cache(bundle)  # every file is hashed when a bundle is opened

        def outputs(values: Sequence[str]) -> tuple[NDArray[np.floating], NDArray[np.floating]]:
            return self._outputs(trained, opened_once(), values)

        def sealed_outside() -> Outside | NotAvailable:
            score, strange = trained.model.outside, trained.strange
            if score is None:
                return strange if isinstance(strange, NotAvailable) else NO_LABEL
            held = self.sources.sealed_outside
            return Outside(score, outputs, SealedHoldout.of(source.modality, held))

        answered = itertools.count()

        def answered_by_the_bundle(values: Sequence[str]) -> NDArray[np.floating]:
            self.progress("hold-out rows, changed", next(answered), ways(source.modality))
            return self._own(opened_once().whole(values))

        def context(wrong: NDArray[np.bool_]) -> Context:
            lent = (brief, self.sources, split, rows)
            return context_of(*lent, eyes, wrong, trained.chosen.out_of_fold)

        def opened() -> EvaluationReport:
            sealed = SealedHoldout.seal(source, split.holdout, split.holdout_clean)
            openings = self.journal.store.openings(holdout) + 1
            heat = trained.heat
            if self.separator is not None:
                return opened_sets(sealed, openings)
            developed, codes = self.developed(trained)[use], rows.codes[use]
            wrong = self.developed(trained).given != rows.codes
            return evaluate(
                lambda values: outputs(values)[0],
                sealed,
                labels=rows.labels,
                majority=self._shares(trained),
                metric=verdict.metric,
                chosen=verdict.chosen,
                openings=openings,
                brief=brief,
                by=trained.model.costs,
                thresholds=thresholds_to_test(
                    developed, codes, sealed.n, brief.requirement, openings
                ),
                bundle=answered_by_the_bundle,
                reference=reference_scores(developed),
                context=context(wrong),
                outside=sealed_outside(),
                by_cost=thresholds_by_cost(developed, codes, brief),
                sets=set_rule(developed, codes, brief),
                unscaled=lambda proba: _before(proba, heat, trained.mix),
            )

        def opened_sets(sealed: SealedHoldout, openings: int) -> EvaluationReport:
            said, heat = self.developed_sets(trained), trained.heat
            developed, right = said.as_rows(rows.codes), np.zeros(len(rows.codes), dtype=np.int64)
            required, wrong = brief.requirement, developed.given != right
            return evaluate_sets(
                lambda values: outputs(values)[0],
                sealed,
                separator=self.separator or "",
                labels=rows.labels,
                majority=majority_shares(rows.codes, len(rows.labels)),
                metric=verdict.metric,
                chosen=verdict.chosen,
                openings=openings,
                brief=brief,
                by=trained.model.costs,
                thresholds=thresholds_to_test(developed, right, sealed.n, required, openings),
                bundle=answered_by_the_bundle,
                reference=set_reference_scores(said),
                context=context(wrong),
                by_cost=thresholds_by_cost(developed, right, brief),
                temperature=1.0 if isinstance(heat, NotAvailable) else heat.temperature,
            )

        shown = error_pictures if rows.modality == "image" else None
        if split.holdout_kind == "none":
            return self.journal.stage("evaluate", said, crossed, pointer="/evaluate", rows=shown)
        source = self.sources.holdout or self.sources.dataset
        held = [source.examples[int(i)] for i in split.holdout]
        holdout = fingerprint(tuple((example.key, example.label) for example in held))
        self.progress("opening the hold-out", 0, 1)
        return self.journal.stage(
            "evaluate", said, opened, pointer="/evaluate", rows=shown, opens=holdout
        )

    def _in_use(self, trained: Trained) -> NDArray[np.int64]:
        """The development rows that thresholds are chosen on: all, or drawn as cases come."""
        if trained.mix is None:
            return np.arange(len(self.rows.codes))
        return trained.mix.drawn(self.rows.codes, self.brief.seed)

    def _shares(self, trained: Trained) -> NDArray[np.float64]:
        """How common each label is (labels,)."""
        if trained.mix is None:
            return majority_shares(self.rows.codes, len(self.rows.labels))
        return trained.mix.in_use

    def _todays(self) -> tuple[str, ...]:
        """What today's process answers to the rows that are judged by."""
        source, rows = self.sources.dataset, self.split.development
        if len(self.split.holdout):
            source, rows = self.sources.holdout or source, self.split.holdout
        return tuple(source.examples[int(i)].current for i in rows)

    def _own(self, scored: Scored) -> NDArray[np.float32]:
        """Of what the bundle says, the probabilities of this column."""
        return scored.further.get(self.name, scored.probabilities)

    def _outputs(
        self, trained: Trained, bundle: BundlePredictor, values: Sequence[str]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Probabilities and strangeness from features that are kept; the bundle must say the same
        of a part."""
        proba, strange = trained_outputs(trained.model, trained.encoder, values)
        rows = spread(len(values), PARITY_ROWS)
        scored = bundle.score([values[i] for i in rows])
        check_parity(proba[rows], self._own(scored))
        if strange is None:
            return proba, np.zeros(len(values))
        assert scored.outside is not None
        check_outside_parity(strange[rows], scored.outside)
        return proba, strange

    def decide(
        self,
        trained: Trained,
        evaluation: EvaluationReport,
        package: PackageReport,
        cards: Sequence[Scorecard],
        checks: Sequence[CheckOutcome],
    ) -> Decision:
        """The recommendation about this column."""
        evidence = (self.split, trained.verdict, evaluation, package)
        said = (self.brief, *evidence, tuple(cards), trained.model)
        return self.journal.stage(
            "decide",
            {
                "data": self.data,
                "evidence": fingerprint(said),
                "checks": fingerprint(tuple(checks)),
            },
            lambda: decide(self.brief, *evidence, cards, trained.model, checks),
            pointer="/decide",
        )


def _before(
    proba: NDArray[np.floating], heat: TemperatureReport | NotAvailable, mix: Mix | None
) -> NDArray[np.floating] | None:
    """Probabilities as they would be had they not been scaled; None: they were not."""
    if mix is None:
        return unscaled(proba, heat)
    found = unscaled(mix.back(proba), heat)
    return None if found is None else mix.shifted(found)


def spread(n: int, wanted: int) -> list[int]:
    """Row numbers spread evenly over n rows."""
    return sorted(set(np.linspace(0, n - 1, min(n, wanted)).round().astype(int).tolist()))
