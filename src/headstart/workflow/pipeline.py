"""The stages in order: from a brief to a decision, resumed where it stopped."""

from __future__ import annotations

import os
import platform
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from headstart.adapt import (
    NO_LABEL,
    Seen,
    by_probability,
    choose_outside,
    find_temperature,
    judge,
    majority_shares,
    scale,
)
from headstart.audit import LabelRanking, audit, check_columns, find_near_duplicates, rank_labels
from headstart.backbones import find_card, scorecard
from headstart.backbones.isolated import encode_apart
from headstart.bundles import load as load_bundle
from headstart.bundles import verify
from headstart.decide import audit_html, decide, scorecard_html
from headstart.evaluate import (
    Answers,
    Context,
    Known,
    Neighbours,
    Outside,
    SealedHoldout,
    answers,
    evaluate,
    evaluate_cross_validated,
    find_parts,
    reference_scores,
    thresholds_by_cost,
    thresholds_to_test,
)
from headstart.heads import LinearHead
from headstart.package import (
    build,
    check_outside_parity,
    check_parity,
    publish,
    review_rule,
    trained_outputs,
    trained_probabilities,
    value_key,
)
from headstart.ports import Encoder, Engine, Progress, RunStore
from headstart.types.adapt import AdaptReport, OutsideChoice, TemperatureReport
from headstart.types.artifact import PackageReport
from headstart.types.brief import Brief
from headstart.types.data import AuditReport, CheckOutcome, Dataset, Finding
from headstart.types.errors import BundleError, DataError, HeadstartError, InterruptedRunError
from headstart.types.ledger import LedgerView
from headstart.types.model import ArmResult, BackboneCard, FittedModel, Scorecard
from headstart.types.result import Decision, EvaluationReport, HoldoutAnswers, NotAvailable
from headstart.types.select import SelectionReport
from headstart.types.version import VERSION
from headstart.workflow.arms import Arms, Rows
from headstart.workflow.candidates import Candidate, candidates
from headstart.workflow.checks import look, pictures, witness
from headstart.workflow.contenders import CLASSICAL, Unknown, selection_cards
from headstart.workflow.costs import costs_between
from headstart.workflow.documents import write_documents
from headstart.workflow.extras import require
from headstart.workflow.journal import Journal, fingerprint
from headstart.workflow.model_card import model_card
from headstart.workflow.pilot import AUDIT_HTML, SCORECARD_HTML, Pilot
from headstart.workflow.relatedness import Reference
from headstart.workflow.selection import select
from headstart.workflow.sources import Sources, read_reference, read_sources
from headstart.workflow.tables import holdout_csv, predictions_csv, set_aside_csv
from headstart.workflow.thumbnails import thumbnail

PARITY_ROWS = 64
WITNESSES = ("classical", "frozen")
"""Arms whose out-of-fold answers are enough to look at the data."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What the outside lends to a run."""

    store: RunStore
    engine: Engine
    progress: Progress


@dataclass(frozen=True, slots=True)
class Prepared:
    """The data, read, and the candidate backbones, found: what a run cannot begin without. For a
    selection also the cards, those that lead nowhere among them, and the sample to compare with."""

    sources: Sources
    backbones: list[Candidate]
    cards: tuple[BackboneCard | Unknown, ...] = ()
    reference: Reference | None = None


def prepare(brief: Brief, progress: Progress, *, sets: bool = False) -> Prepared:
    """Read the data and find the backbones; nothing is written. With `sets`, a row may have several
    labels.

    Raises:
        DataError: the data cannot be used, or rows have several labels where one is needed.
        BackboneError: a reference is unknown, or of another modality.
        MissingExtraError: a package that this modality needs is not installed.
    """
    sources = _read(brief, progress, sets)
    return Prepared(sources, candidates(brief, sources.dataset.modality, progress))


def prepare_selection(brief: Brief, progress: Progress) -> Prepared:
    """The same for a selection, where a backbone that cannot be had is one that is out.

    Raises:
        DataError: the data or the reference cannot be used.
        BackboneError: no backbone can be found.
        MissingExtraError: a package that this modality needs is not installed.
    """
    sources = _read(brief, progress, sets=False)
    cards = selection_cards(brief, sources.dataset.modality)
    backbones = [
        Candidate(card, brief.seed, progress) for card in cards if isinstance(card, BackboneCard)
    ]
    return Prepared(sources, backbones, tuple(cards), read_reference(brief, sources, progress))


def _read(brief: Brief, progress: Progress, sets: bool) -> Sources:
    if brief.data.separator is not None and not sets:
        raise DataError(
            "rows with several labels can be audited, but not yet decided about",
            place=f"{brief.data.path}, separator '{brief.data.separator}'",
            tip="look at them with 'headstart audit', or name a column with one label a row",
        )
    sources = read_sources(brief, progress)
    check_columns(sources.dataset, sources.holdout, brief.data)
    costs_between(brief, sources)  # a label that there is not is found before any work
    require(f"a run on {sources.dataset.modality}s", sources.dataset.modality)
    return sources


def run_audit(brief: Brief, prepared: Prepared, pilot: Pilot, parts: Parts) -> LedgerView:
    """The stages that look at the data, and audit.html; `run_pipeline` goes on from there."""
    return _Run(brief, prepared, pilot, parts).audit()


def run_ranking(
    brief: Brief, prepared: Prepared, pilot: Pilot, parts: Parts
) -> tuple[list[int], LabelRanking]:
    """(rows of the data set, how suspicious the label of each is)."""
    return _Run(brief, prepared, pilot, parts).ranking()


def run_selection(brief: Brief, prepared: Prepared, pilot: Pilot, parts: Parts) -> LedgerView:
    """The stages as far as the split, the race of the candidates, and scorecard.html."""
    return _Run(brief, prepared, pilot, parts).select()


def run_pipeline(brief: Brief, prepared: Prepared, pilot: Pilot, parts: Parts) -> Decision:
    """Run every stage that has no answer yet; leaves memo, decision and bundle in the folder."""
    pilot.clear_staging()
    return _Run(brief, prepared, pilot, parts).run()


class _Run:
    """One pass over the stages, each answered from the journal where it was finished."""

    def __init__(self, brief: Brief, prepared: Prepared, pilot: Pilot, parts: Parts) -> None:
        self.brief, self.pilot = brief, pilot
        self.store, self.progress, self.engine = parts.store, parts.progress, parts.engine
        self.journal = Journal(parts.store)
        self.sources, self.backbones = prepared.sources, prepared.backbones
        self.prepared = prepared
        self.data = fingerprint(self.sources.report())
        self.costs = costs_between(brief, prepared.sources)

    def run(self) -> Decision:
        """Every stage in order."""
        # It needs torch, which a missing extra is told about before (in `prepare`).
        from headstart.workflow.ladder import Ladder

        self._begin()
        split = self._audit(self.backbones[0])
        rows = Rows.of(self.sources.dataset, split)
        self._follow_selection(rows, split)
        cards = [self._select(backbone, rows) for backbone in self.backbones]
        arms = self._arms(rows, split)
        results, unavailable = arms.run()
        ladder = Ladder(arms)
        climbed, adopted = ladder.climb(results)
        checks = self._check(split, results)
        results += adopted
        said = (self.brief.requirement, split, results, unavailable, climbed)
        verdict = self.journal.stage(
            "adapt",
            {"data": self.data, "arms": fingerprint(said)},
            lambda: judge(results, unavailable, self.brief, split, climbed),
            pointer="/adapt",
        )
        base = next((one for one in results if one.name == climbed.base), None)
        if adopted and base is not None and verdict.chosen == adopted[0].name:
            model = ladder.refit(adopted[0], base)
        else:
            model = arms.refit(verdict)
        encoder = ladder.encoder(model)
        chosen = next(result for result in results if result.name == verdict.chosen)
        heat = self._temperature(chosen, rows, split)
        model, chosen = scale(model, chosen, heat)
        if verdict.metric == "cost":
            model = replace(model, costs=self.costs)
        strange = self._outside(arms, rows, split, chosen, model, encoder)
        if not isinstance(strange, NotAvailable):
            model = replace(model, outside=strange.score)
        package = self._package(model, encoder, rows.values)
        majority = next(result for result in results if result.family == "majority")
        evaluation = self._evaluate(
            split, rows, majority, chosen, verdict, model, encoder, heat, strange
        )
        decision = self._decide(split, verdict, evaluation, package, cards, model, checks)
        developed = answers(chosen.out_of_fold, self.costs, verdict.metric)
        self._end(rows, developed, model, evaluation)
        return decision

    def audit(self) -> LedgerView:
        """As far as the checks of the data."""
        self._begin()
        split = self._audit(self.backbones[0])
        rows = Rows.of(self.sources.dataset, split)
        sets = self.sources.dataset.separator is not None
        self._check(split, [] if sets else self._arms(rows, split).run(WITNESSES)[0])
        view = self.journal.view()
        self.pilot.write(AUDIT_HTML, audit_html(view))
        return view

    def select(self) -> LedgerView:
        """Every candidate on a scorecard. The hold-out stays sealed."""
        self._begin()
        split = self._audit(self._eyes())
        rows = Rows.of(self.sources.dataset, split)
        self._selection(rows, split)
        view = self.journal.view()
        self.pilot.write(SCORECARD_HTML, scorecard_html(view))
        return view

    def _selection(
        self, rows: Rows, split: AuditReport, *, only_finished: bool = False
    ) -> SelectionReport | None:
        """The race and the scorecard; None where it is to be read, but was not run."""
        brief, prepared = self.brief, self.prepared
        cards = prepared.cards or tuple(selection_cards(brief, rows.modality))
        reference = prepared.reference or read_reference(brief, self.sources, self.progress)
        said = (cards, brief.budget, brief.requirement, brief.use, brief.carry_over, brief.seed)
        inputs = {
            "data": fingerprint((rows.keys, rows.codes, rows.groups, rows.labels)),
            "plan": fingerprint((said, split.metric)),
            "reference": fingerprint(reference.keys if reference else ()),
        }
        if only_finished and not self.journal.finished("selection", inputs):
            return None
        return self.journal.stage(
            "selection",
            inputs,
            lambda: select(brief, rows, cards, split.metric, reference, self.progress),
            pointer="/selection",
        )

    def _follow_selection(self, rows: Rows, split: AuditReport) -> None:
        """Where the brief names no backbone and `headstart select` picked one, try that one."""
        if self.brief.backbones:
            return
        report = self._selection(rows, split, only_finished=True)
        if report is not None and report.pick not in CLASSICAL.values():
            card = find_card(report.pick)
            self.backbones = [Candidate(card, self.brief.seed, self.progress)]

    def _eyes(self) -> Candidate | None:
        """The first network that runs, by which near-duplicates are seen. It is tried in a process
        of its own: one that crashes is out of the race, and takes nothing with it."""
        every = {one.card.ref: one for one in self.backbones}
        data = [one for one in (self.sources.dataset, self.sources.holdout) if one is not None]
        values = [value for one in data for value in one.values]
        keys = [key for one in data for key in one.keys]

        def work() -> str:
            for ref, candidate in every.items():
                try:
                    encode_apart(candidate.card, values, keys, progress=self.progress)
                except InterruptedRunError:
                    raise
                except HeadstartError:
                    continue
                return ref
            return ""

        plan = fingerprint((tuple(one.card for one in self.backbones), self.brief.seed))
        return every.get(self.journal.stage("eyes", {"data": self.data, "plan": plan}, work))

    def ranking(self) -> tuple[list[int], LabelRanking]:
        """The development rows, ranked by how likely their label is wrong."""
        self._begin()
        split = self._audit(self.backbones[0])
        rows = Rows.of(self.sources.dataset, split)
        found = witness(self._arms(rows, split).run(WITNESSES)[0])
        first = self.backbones[0]
        seen = first.features(first.encoder, rows.values, rows.keys, []).matrix
        ranking = rank_labels(rows.codes, found.out_of_fold, seen, groups=rows.groups)
        return [int(i) for i in split.development], ranking

    def _arms(self, rows: Rows, split: AuditReport) -> Arms:
        lent = (self.backbones, self.journal, self.progress, self.engine, self.costs)
        return Arms(self.brief, rows, split, *lent)

    def _begin(self) -> None:
        said = {"data": self.data, "brief": fingerprint(self.brief)}
        self.journal.stage("brief", said, lambda: self.brief, pointer="/brief")
        self.journal.stage(
            "run",
            said,
            lambda: {
                "created_at": datetime.now(UTC).isoformat(timespec="seconds"),
                "version": VERSION,
                "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, "
                f"Python {platform.python_version()}",
                "seed": self.brief.seed,
            },
            pointer="/run",
        )
        self.journal.stage("data", {"data": self.data}, self.sources.report, pointer="/data")

    def _audit(self, eyes: Candidate | None) -> AuditReport:
        """The split, by groups of near-duplicates. Of the hold-out only the inputs are compared."""
        brief, sources = self.brief, self.sources
        columns = (brief.data.group_column, brief.data.time_column)
        plan = (
            *(brief.requirement, brief.folds, brief.repeats, brief.seed, brief.budget, columns),
            *(self.costs, brief.defaulted),
        )

        def work() -> AuditReport:
            self.progress("looking for near-duplicates", 0, 1)
            near = find_near_duplicates(
                sources.dataset,
                sources.holdout,
                features=_embedded(sources.dataset, eyes),
                holdout_features=_embedded(sources.holdout, eyes),
                seed=brief.seed,
                progress=self.progress,
            )
            return audit(sources.dataset, sources.holdout, brief, near, self.costs)

        return self.journal.stage(
            "audit",
            {
                "data": self.data,
                "plan": fingerprint(plan),
                "backbone": eyes.fingerprint if eyes else "none",
            },
            work,
            pointer="/audit",
            rows=lambda report: self._shown(report.findings),
        )

    def _check(self, split: AuditReport, results: Sequence[ArmResult]) -> tuple[CheckOutcome, ...]:
        backbone = self.backbones[0]
        said = {
            "data": self.data,
            "split": fingerprint((split.development, split.groups)),
            "arm": fingerprint(witness(results) if results else None),
            "also": fingerprint(self.brief.data.also),
            "backbone": backbone.fingerprint,
        }
        return self.journal.stage(
            "checks",
            said,
            lambda: look(self.sources, split, results, backbone, self.brief, self.progress),
            pointer="/checks",
            rows=lambda found: self._shown([one for check in found for one in check.findings]),
        )

    def _shown(self, findings: Sequence[Finding]) -> list[tuple[str, Any]]:
        """Thumbnails of what the findings show."""
        return pictures(findings) if self.sources.dataset.modality == "image" else []

    def _select(self, backbone: Candidate, rows: Rows) -> Scorecard:
        ref = backbone.card.ref
        return self.journal.stage(
            f"select/{ref}",
            {"data": fingerprint(rows.keys), "backbone": backbone.fingerprint},
            lambda: scorecard(backbone.encoder, rows.values, rows.keys),
            pointer=f"/select/{ref.replace('~', '~0').replace('/', '~1')}",
        )

    def _temperature(
        self, chosen: ArmResult, rows: Rows, split: AuditReport
    ) -> TemperatureReport | NotAvailable:
        return self.journal.stage(
            "temperature",
            {"data": self.data, "arm": fingerprint(chosen), "folds": fingerprint(split.folds)},
            lambda: find_temperature(chosen, rows.codes, split.folds),
            pointer="/temperature",
        )

    def _outside(
        self,
        arms: Arms,
        rows: Rows,
        split: AuditReport,
        chosen: ArmResult,
        model: FittedModel,
        encoder: Encoder | None,
    ) -> OutsideChoice | NotAvailable:
        """How rows out of scope are told from others, by development rows alone."""
        label, required = self.brief.data.out_of_scope, self.brief.requirement
        values = [one.value for one in self.sources.outside]

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
            inside = arms.matrix(model.arm)
            outside = encoder.encode(values, keys) if values else inside[:0]
            heat = float(model.settings.get("temperature", 1.0))
            known = (rows.codes, outside, len(rows.labels), heat, model.settings.get("l2"))
            whole = LinearHead(model.weights, model.bias)
            self.progress("looking for what is out of scope", 0, 1)
            return choose_outside(
                Seen(inside, *known), whole, split.folds, required.false_alarms, self.brief.seed
            )

        said = {
            "data": self.data,
            "model": fingerprint(model),
            "folds": fingerprint((split.folds, required.false_alarms)),
        }
        return self.journal.stage("outside", said, work, pointer="/outside")

    def _package(
        self, model: FittedModel, encoder: Encoder | None, values: Sequence[str]
    ) -> PackageReport:
        def work() -> PackageReport:
            shutil.rmtree(self.pilot.staging, ignore_errors=True)
            self.progress("packaging", 0, 1)
            rows = _spread(len(values), PARITY_ROWS)
            return build(
                model,
                encoder,
                [values[i] for i in rows],
                self.pilot.staging,
                name=self.brief.name,
                provenance={"data": self.data, "model": fingerprint(model)},
                price_per_core_hour=self.brief.budget.price_per_core_hour,
                input_column=self.sources.dataset.input_column,
            )

        said = {"model": fingerprint(model), "data": self.data, "brief": self.brief.name}
        report = self.journal.stage("package", said, work, pointer="/package")
        if self._published(model) is None and not self.pilot.staging.is_dir():
            work()
        return report

    def _published(self, model: FittedModel) -> Path | None:
        """The bundle in place, where it is sound and holds this model."""
        try:
            manifest = verify(self.pilot.bundle)
        except BundleError:
            return None
        same = manifest.provenance.get("model") == fingerprint(model)
        return self.pilot.bundle if same else None

    def _evaluate(
        self,
        split: AuditReport,
        rows: Rows,
        majority: ArmResult,
        chosen: ArmResult,
        verdict: AdaptReport,
        model: FittedModel,
        encoder: Encoder | None,
        heat: TemperatureReport | NotAvailable,
        strange: OutsideChoice | NotAvailable,
    ) -> EvaluationReport:
        """The model that ships on the hold-out, or the out-of-fold answers where there is none."""
        said = {
            "data": self.data,
            "model": fingerprint(model),
            "split": fingerprint((split.holdout, split.holdout_clean, split.folds)),
            "plan": fingerprint((verdict.metric, self.brief.requirement, self.brief.seed)),
            "costs": fingerprint((self.costs, self.brief.review_cost, self.brief.automated_value)),
        }

        def crossed() -> EvaluationReport:
            return evaluate_cross_validated(
                chosen,
                majority,
                values=rows.values,
                codes=rows.codes,
                places=rows.places,
                labels=rows.labels,
                modality=rows.modality,
                folds=split.folds,
                metric=verdict.metric,
                margin=verdict.margin,
                brief=self.brief,
            )

        def outputs(
            values: Sequence[str],
        ) -> tuple[NDArray[np.floating], NDArray[np.floating]]:
            return self._outputs(model, encoder, values)

        def sealed_outside() -> Outside | NotAvailable:
            if model.outside is None:
                return strange if isinstance(strange, NotAvailable) else NO_LABEL
            held = self.sources.sealed_outside
            return Outside(model.outside, outputs, SealedHoldout.of(source.modality, held))

        def opened() -> EvaluationReport:
            sealed = SealedHoldout.seal(source, split.holdout, split.holdout_clean)
            openings, required = self.store.openings(holdout) + 1, self.brief.requirement
            said = answers(chosen.out_of_fold, self.costs, verdict.metric)
            return evaluate(
                lambda values: self._answers(model, encoder, values),
                sealed,
                labels=rows.labels,
                majority=majority_shares(rows.codes, len(rows.labels)),
                metric=verdict.metric,
                chosen=verdict.chosen,
                openings=openings,
                brief=self.brief,
                thresholds=thresholds_to_test(said, rows.codes, sealed.n, required, openings),
                reference=reference_scores(said),
                context=self._context(rows, split, said.given != rows.codes),
                bundle=lambda values: load_bundle(
                    self._published(model) or self.pilot.staging
                ).predict_proba(values),
                outside=sealed_outside(),
                by_cost=thresholds_by_cost(said, rows.codes, self.brief),
                temperature=1.0 if isinstance(heat, NotAvailable) else heat.temperature,
            )

        if split.holdout_kind == "none":
            return self.journal.stage(
                "evaluate", said, crossed, pointer="/evaluate", rows=self._pictures
            )
        source = self.sources.holdout or self.sources.dataset
        held = [source.examples[int(i)] for i in split.holdout]
        holdout = fingerprint(tuple((example.key, example.label) for example in held))
        self.progress("opening the hold-out", 0, 1)
        return self.journal.stage(
            "evaluate", said, opened, pointer="/evaluate", rows=self._pictures, opens=holdout
        )

    def _context(self, rows: Rows, split: AuditReport, wrong: NDArray[np.bool_]) -> Context:
        """By what the errors of the hold-out are looked at: all of it from development rows."""
        first, data = self.backbones[0], self.sources.dataset
        examples = [data.examples[int(i)] for i in split.development]
        seen = first.features(first.encoder, rows.values, rows.keys, []).matrix

        def features(values: Sequence[str]) -> NDArray[np.floating]:
            keys = [value_key(rows.modality, value) for value in values]
            return first.features(first.encoder, values, keys, []).matrix

        known = Known(
            rows.modality, rows.values, [dict(example.metadata) for example in examples], seen
        )
        parts = find_parts(known, wrong, rows.labels, rows.codes, self.brief.seed)
        return Context(parts, Neighbours(seen, rows.codes), features)

    def _answers(
        self, model: FittedModel, encoder: Encoder | None, values: Sequence[str]
    ) -> NDArray[np.float64]:
        return self._outputs(model, encoder, values)[0]

    def _outputs(
        self, model: FittedModel, encoder: Encoder | None, values: Sequence[str]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Probabilities and strangeness from features that are kept; the bundle must say the same
        of a part."""
        proba, strange = trained_outputs(model, encoder, values)
        bundle = load_bundle(self._published(model) or self.pilot.staging)
        rows = _spread(len(values), PARITY_ROWS)
        said = bundle.score([values[i] for i in rows])
        check_parity(proba[rows], said.probabilities)
        if strange is None:
            return proba, np.zeros(len(values))
        assert said.outside is not None
        check_outside_parity(strange[rows], said.outside)
        return proba, strange

    def _pictures(self, evaluation: EvaluationReport) -> list[tuple[str, Any]]:
        """Thumbnails of the errors that the memo shows."""
        if self.sources.dataset.modality != "image":
            return []
        return [
            (f"/thumbnails/{index}", thumbnail(error.value))
            for index, error in enumerate(evaluation.errors)
        ]

    def _decide(
        self,
        split: AuditReport,
        verdict: AdaptReport,
        evaluation: EvaluationReport,
        package: PackageReport,
        cards: Sequence[Scorecard],
        model: FittedModel,
        checks: Sequence[CheckOutcome],
    ) -> Decision:
        said = (self.brief, split, verdict, evaluation, package, tuple(cards), model)
        found = fingerprint(tuple(checks))
        return self.journal.stage(
            "decide",
            {"data": self.data, "evidence": fingerprint(said), "checks": found},
            lambda: decide(self.brief, split, verdict, evaluation, package, cards, model, checks),
            pointer="/decide",
        )

    def _end(
        self, rows: Rows, said: Answers, model: FittedModel, evaluation: EvaluationReport
    ) -> None:
        """The bundle in place, the documents written, and the run marked as finished."""
        view = self.journal.view()
        review = review_rule(self.brief.requirement, evaluation.certificate, evaluation.automation)
        known = self._published(model)
        if known is None or verify(known).review != review:
            publish(known or self.pilot.staging, self.pilot.bundle, model_card(view), review)
        self.pilot.clear_staging()
        if self.sources.dataset.set_aside:
            self.pilot.write(
                "artifacts/set_aside.csv", set_aside_csv(self.sources.dataset.set_aside)
            )
        self.pilot.write("artifacts/out_of_fold.csv", predictions_csv(rows, said))
        if isinstance(evaluation.answered, HoldoutAnswers):
            answered = holdout_csv(evaluation.answered, evaluation.labels)
            self.pilot.write("artifacts/holdout.csv", answered)
        write_documents(self.pilot, view)
        visited = tuple(self.journal.visited)
        self.journal.stage("finished", {"stages": fingerprint(visited)}, lambda: visited)


def _embedded(dataset: Dataset | None, eyes: Candidate | None) -> NDArray[np.float32] | None:
    """Frozen features of the rows that there are, where there is a network to see them by."""
    if dataset is None or eyes is None:
        return None
    return eyes.features(eyes.encoder, dataset.values, dataset.keys, []).matrix


def _spread(n: int, wanted: int) -> list[int]:
    """Row numbers spread evenly over n rows."""
    return sorted(set(np.linspace(0, n - 1, min(n, wanted)).round().astype(int).tolist()))
