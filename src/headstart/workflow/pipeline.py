"""The stages in order: from a brief to a decision, resumed where it stopped."""

from __future__ import annotations

import os
import platform
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from headstart.audit import LabelRanking, audit, check_columns, find_near_duplicates, rank_labels
from headstart.backbones import find_card, scorecard
from headstart.backbones.isolated import encode_apart
from headstart.bundles import outputs_of, verify
from headstart.decide import audit_html, decide_together, scorecard_html
from headstart.package import build, measure_eight_bits, publish, review_rule, sets_rule
from headstart.ports import Engine, Progress, RunStore
from headstart.types.artifact import EightBits, PackageReport
from headstart.types.brief import Brief
from headstart.types.data import AuditReport, CheckOutcome, Dataset, Finding
from headstart.types.errors import DataError, HeadstartError, InterruptedRunError
from headstart.types.ledger import LedgerView
from headstart.types.model import ArmResult, BackboneCard, Scorecard
from headstart.types.result import Decision, EvaluationReport, HoldoutAnswers, NotAvailable
from headstart.types.select import SelectionReport
from headstart.types.version import VERSION
from headstart.workflow.arms import Arms, Rows
from headstart.workflow.bundled import Bundled, plain_name
from headstart.workflow.candidates import Candidate, candidates
from headstart.workflow.checks import look, pictures, witness
from headstart.workflow.contenders import CLASSICAL, Unknown, selection_cards
from headstart.workflow.costs import check_further_costs, costs_between
from headstart.workflow.documents import write_documents
from headstart.workflow.extras import require
from headstart.workflow.journal import Journal, fingerprint
from headstart.workflow.model_card import model_card
from headstart.workflow.output import PARITY_ROWS, Output, spread
from headstart.workflow.pilot import AUDIT_HTML, SCORECARD_HTML, Pilot
from headstart.workflow.prevalence import check_prevalence
from headstart.workflow.relatedness import Reference
from headstart.workflow.selection import select
from headstart.workflow.sources import Sources, read_reference, read_sources
from headstart.workflow.tables import (
    holdout_csv,
    predictions_csv,
    set_aside_csv,
    set_predictions_csv,
)

SHIFT = "shift"
"""The check that compares the hold-out's inputs with those that are trained on."""
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


def prepare(brief: Brief, progress: Progress, *, to_decide: bool = True) -> Prepared:
    """Read the data and find the backbones; nothing is written.

    Raises:
        DataError: the data cannot be used, or is to be decided about in a way that needs one label
            a row.
        InputError: a rung that is to be tried is unknown.
        BackboneError: a reference is unknown, or of another modality.
        MissingExtraError: a package that this modality needs is not installed.
    """
    for what, said in (("--also", brief.data.also), ("--out-of-scope", brief.data.out_of_scope)):
        if to_decide and said:
            _needs_one_label(brief, f"{what} is for", f"leave out {what} or --separator")
    sources = _read(brief, progress)
    if to_decide and brief.rungs:
        # It needs torch, which a missing extra is told about before.
        from headstart.adapt.plans import check_rungs

        check_rungs(brief.rungs)
    return Prepared(sources, candidates(brief, sources.dataset.modality, progress))


def prepare_selection(brief: Brief, progress: Progress) -> Prepared:
    """The same for a selection, where a backbone that cannot be had is one that is out.

    Raises:
        DataError: the data or the reference cannot be used.
        BackboneError: no backbone can be found.
        MissingExtraError: a package that this modality needs is not installed.
    """
    tip = "name the backbone with --backbone and run 'headstart run'"
    _needs_one_label(brief, "candidates are raced on", tip)
    sources = _read(brief, progress)
    cards = selection_cards(brief, sources.dataset.modality)
    backbones = [
        Candidate(card, brief.seed, progress) for card in cards if isinstance(card, BackboneCard)
    ]
    return Prepared(sources, backbones, tuple(cards), read_reference(brief, sources, progress))


def _needs_one_label(brief: Brief, what: str, tip: str) -> None:
    if brief.data.separator is not None:
        raise DataError(
            f"{what} rows with one label each, and here a row may have several",
            place=f"{brief.data.path}, separator '{brief.data.separator}'",
            tip=tip,
        )


def _read(brief: Brief, progress: Progress) -> Sources:
    sources = read_sources(brief, progress)
    check_columns(sources.dataset, sources.holdout, brief.data)
    # A label that there is not is found before any work.
    costs_between(brief, sources)
    check_further_costs(brief, sources)
    check_prevalence(brief, sources)
    require(f"a run on {sources.dataset.modality}s", sources.dataset.modality)
    return sources


def run_audit(brief: Brief, prepared: Prepared, pilot: Pilot, parts: Parts) -> LedgerView:
    """The stages that look at the data, and audit.html; `run_pipeline` goes on from there."""
    return _Run(brief, prepared, pilot, parts).audit()


def run_ranking(
    brief: Brief, prepared: Prepared, pilot: Pilot, parts: Parts
) -> tuple[list[int], LabelRanking]:
    """(rows of the data set, how suspicious the label of each is).

    Raises:
        DataError: a row may have several labels.
    """
    tip = "headstart audit lists the labels that look wrong"
    _needs_one_label(brief, "labels are ranked by suspicion on", tip)
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
        from headstart.adapt.device import training_device

        if self.brief.max_stage != "frozen" or self.brief.rungs:
            training_device()  # a device that is not here is told now, not after the arms
        self._begin()
        split = self._audit(self.backbones[0])
        rows = Rows.of(self.sources.dataset, split)
        self._follow_selection(rows, split)
        cards = [self._select(backbone, rows) for backbone in self.backbones]
        first = Output(
            self.brief, self.sources, split, rows, self.costs, self.journal, self.progress
        )
        outputs = [first, *(first.further(name) for name in self.brief.data.also)]
        several = len(outputs) > 1
        shifted = "" if several or rows.separator else self._shifted(split)
        trained = [one.train(self.backbones, self.engine, several, shifted) for one in outputs]
        checks = self._check(split, [] if rows.separator else trained[0].results)
        bundled = Bundled(outputs, trained, self.pilot)
        package = self._package(bundled, rows.values)
        self._eight_bits(bundled, rows.values)
        evaluations = [
            one.evaluate(found, bundled.open, self.backbones[0])
            for one, found in zip(outputs, trained, strict=True)
        ]
        decisions: dict[str, Decision] = {}
        for one, found, evaluation in zip(outputs, trained, evaluations, strict=True):
            own = replace(one, journal=self.journal.within(one.name)) if several else one
            decisions[one.name] = own.decide(found, evaluation, package, cards, checks)
        decision = decisions[first.name]
        if several:
            metrics = {
                one.name: found.verdict.metric for one, found in zip(outputs, trained, strict=True)
            }
            decision = self._together(decisions, metrics)
        self._end(bundled, evaluations)
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
            *(self.costs, brief.defaulted, brief.data.prevalence),
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
            "also": fingerprint((self.brief.data.also, self.brief.data.current)),
            "backbone": backbone.fingerprint,
        }
        return self.journal.stage(
            "checks",
            said,
            lambda: look(self.sources, split, results, backbone, self.brief, self.progress),
            pointer="/checks",
            rows=lambda found: self._shown([one for check in found for one in check.findings]),
        )

    def _shifted(self, split: AuditReport) -> str:
        """How the inputs of the hold-out differ from the development rows; empty: not credibly, or
        there is no hold-out of its own."""
        if self.sources.holdout is None:
            return ""
        backbone = self.backbones[0]
        said = {
            "data": self.data,
            "split": fingerprint((split.development, split.groups)),
            "backbone": backbone.fingerprint,
            "seed": str(self.brief.seed),
        }

        def work() -> tuple[CheckOutcome, ...]:
            return look(self.sources, split, [], backbone, self.brief, self.progress, (SHIFT,))

        found = [one for check in self.journal.stage("shift", said, work) for one in check.findings]
        return found[0].title if found else ""

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

    def _package(self, bundled: Bundled, values: Sequence[str]) -> PackageReport:
        (model, encoder), *_ = every = bundled.answering

        def work() -> PackageReport:
            shutil.rmtree(self.pilot.staging, ignore_errors=True)
            self.progress("packaging", 0, 1)
            rows = spread(len(values), PARITY_ROWS)
            return build(
                model,
                encoder,
                [values[i] for i in rows],
                self.pilot.staging,
                name=self.brief.name,
                provenance={"data": self.data, "model": bundled.stamp},
                price_per_core_hour=self.brief.budget.price_per_core_hour,
                at_once=self.brief.budget.concurrency,
                input_column=self.sources.dataset.input_column,
                column=bundled.outputs[0].name if len(every) > 1 else "",
                further=dict(zip(self.brief.data.also, every[1:], strict=True)),
            )

        said = {
            "model": bundled.stamp,
            "data": self.data,
            "brief": f"{self.brief.name} {self.brief.budget.concurrency}",
        }
        report = self.journal.stage("package", said, work, pointer="/package")
        if bundled.published() is None and not self.pilot.staging.is_dir():
            work()
        return report

    def _eight_bits(self, bundled: Bundled, values: Sequence[str]) -> None:
        """What eight bits would bring, where the brief has a limit on latency."""
        budget = self.brief.budget
        if budget.latency_ms is None or len(bundled.answering) > 1:
            return
        (model, encoder), *_ = bundled.answering

        def work() -> EightBits | NotAvailable:
            self.progress("the bundle in eight bits", 0, 1)
            rows = [values[i] for i in spread(len(values), PARITY_ROWS)]
            return measure_eight_bits(
                model, encoder, bundled.open(), rows,
                price_per_core_hour=budget.price_per_core_hour, at_once=budget.concurrency,
            )  # fmt: skip

        said = {"model": bundled.stamp, "data": self.data, "clients": str(budget.concurrency)}
        self.journal.stage("eight-bits", said, work, pointer="/eight_bits")

    def _together(self, decisions: dict[str, Decision], metrics: dict[str, str]) -> Decision:
        said = fingerprint((decisions, metrics))
        return self.journal.stage(
            "decide",
            {"data": self.data, "evidence": said},
            lambda: decide_together(decisions, metrics),
            pointer="/decide",
        )

    def _end(self, bundled: Bundled, evaluations: Sequence[EvaluationReport]) -> None:
        """The bundle in place, the documents written, and the run marked as finished."""
        view = self.journal.view()
        rules = [
            review_rule(one.brief.requirement, found.certificate, found.automation)
            for one, found in zip(bundled.outputs, evaluations, strict=True)
        ]
        sets = [sets_rule(found.prediction_sets) for found in evaluations]
        known = bundled.published()
        source = known or self.pilot.staging
        said = outputs_of(verify(source))
        if known is None or [(one.review, one.sets) for one in said] != list(
            zip(rules, sets, strict=True)
        ):
            columns = [one.column for one in said]
            further = dict(zip(columns[1:], rules[1:], strict=True))
            own = dict(zip(columns, sets, strict=True))
            publish(source, self.pilot.bundle, model_card(view), rules[0], further, own)
        self.pilot.clear_staging()
        if self.sources.dataset.set_aside:
            self.pilot.write(
                "artifacts/set_aside.csv", set_aside_csv(self.sources.dataset.set_aside)
            )
        for number, (one, found, evaluation) in enumerate(
            zip(bundled.outputs, bundled.trained, evaluations, strict=True), start=1
        ):
            mark = f"_{number}_{plain_name(one.name)}" if number > 1 else ""
            if one.separator is None:
                table = predictions_csv(one.rows, one.developed(found))
            else:
                table = set_predictions_csv(one.rows, one.developed_sets(found))
            self.pilot.write(f"artifacts/out_of_fold{mark}.csv", table)
            if isinstance(evaluation.answered, HoldoutAnswers):
                known_labels = evaluation.labels
                answered = holdout_csv(evaluation.answered, known_labels, one.separator)
                self.pilot.write(f"artifacts/holdout{mark}.csv", answered)
        write_documents(self.pilot, view)
        self.journal.finish()


def _embedded(dataset: Dataset | None, eyes: Candidate | None) -> NDArray[np.float32] | None:
    """Frozen features of the rows that there are, where there is a network to see them by."""
    if dataset is None or eyes is None:
        return None
    return eyes.features(eyes.encoder, dataset.values, dataset.keys, []).matrix
