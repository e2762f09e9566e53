"""What the rules look at: every report of a run, and a few questions asked of them."""

from __future__ import annotations

from dataclasses import dataclass

from headstart.decide.words import baseline
from headstart.metrics.words import LOWER_IS_BETTER
from headstart.types.adapt import AdaptReport
from headstart.types.artifact import PackageReport
from headstart.types.brief import Brief
from headstart.types.data import AuditReport, CheckOutcome
from headstart.types.ledger import escape
from headstart.types.model import ArmSummary, FittedModel, Scorecard
from headstart.types.result import (
    Comparison,
    Estimate,
    EvaluationReport,
    NotAvailable,
    SelectiveCertificate,
    TodayReport,
)

HIGH_FAILURE_COST = "high"
FEWEST_ALIKE = 8
"""Rows of each class from which on equal counts are no coincidence."""
MOST_REVIEWED = 0.5
"""Where more than this share of the cases goes to a person, the model does not answer alone."""


@dataclass(frozen=True, slots=True)
class Case:
    """The evidence for one decision."""

    brief: Brief
    audit: AuditReport
    adapt: AdaptReport
    evaluation: EvaluationReport
    package: PackageReport
    scorecards: tuple[Scorecard, ...]
    model: FittedModel | None = None
    checks: tuple[CheckOutcome, ...] = ()

    @property
    def steps(self) -> bool:
        """Whether costs are the steps of the labels' order."""
        return self.brief.counts_steps

    @property
    def metric(self) -> str:
        return self.adapt.metric

    @property
    def baseline(self) -> str:
        """What the least is that a model must beat."""
        return baseline(self.metric, several=self.brief.data.separator is not None)

    @property
    def level(self) -> float | None:
        return self.brief.requirement.level

    @property
    def each_class(self) -> int | None:
        """Rows that every class has, where as many of each seem to have been labelled and the brief
        does not say how common they are in use; else None."""
        counts = self.audit.class_counts.values()
        named = self.brief.data.prevalence or self.brief.data.separator is not None
        if named or max(counts) - min(counts) > 1 or min(counts) < FEWEST_ALIKE:
            return None
        return max(counts)

    @property
    def on_holdout(self) -> bool:
        return self.evaluation.basis == "hold-out"

    @property
    def estimate(self) -> Estimate | NotAvailable:
        """The primary metric of the chosen model on the rows that decide."""
        missing = NotAvailable(f"{self.metric} was not measured")
        return self.evaluation.metrics.get(self.metric, missing)

    @property
    def widened(self) -> float | None:
        """Confidence of the intervals at this look at the hold-out, where it is above the brief's
        because earlier looks are paid for; else None."""
        found = self.estimate
        if isinstance(found, NotAvailable) or not self.on_holdout:
            return None
        wider = found.confidence > self.brief.requirement.confidence
        return found.confidence if wider else None

    @property
    def estimate_pointer(self) -> str:
        return f"/evaluate/metrics/{escape(self.metric)}"

    @property
    def bounds(self) -> tuple[float, float] | None:
        """(pessimistic, optimistic) bound of the primary metric; None where there is none."""
        found = self.estimate
        if isinstance(found, NotAvailable) or found.low is None or found.high is None:
            return None
        if self.metric in LOWER_IS_BETTER:
            return found.high, found.low
        return found.low, found.high

    def reaches(self, value: float) -> bool:
        """Whether `value` of the primary metric meets the required level.

        Raises:
            ValueError: the brief names no level.
        """
        if self.level is None:
            raise ValueError("the brief names no required level")
        return value <= self.level if self.metric in LOWER_IS_BETTER else value >= self.level

    @property
    def beats_majority(self) -> bool:
        """Credibly better than always answering the largest class."""
        against = self.evaluation.against_majority
        return isinstance(against, Comparison) and against.verdict == "helps"

    @property
    def level_changed(self) -> bool:
        """Whether another level was required when the hold-out was opened."""
        before = self.evaluation.level
        if before is None or not self.on_holdout:
            return False
        return self.level != (None if isinstance(before, NotAvailable) else before)

    @property
    def todays(self) -> TodayReport | None:
        """Today's process against the model, where it was measured."""
        found = self.evaluation.today
        return found if isinstance(found, TodayReport) else None

    @property
    def against_today(self) -> Comparison | NotAvailable | None:
        """The model less today's process; None: the brief names no column of today's answers."""
        if self.brief.data.current is None:
            return None
        found = self.evaluation.today
        return found if isinstance(found, NotAvailable) else found.difference

    @property
    def worse_than_today(self) -> bool:
        found = self.against_today
        return isinstance(found, Comparison) and found.verdict == "harms"

    @property
    def better_than_today(self) -> bool:
        """Credibly better than today's process, or nothing is said about that."""
        found = self.against_today
        return found is None or (isinstance(found, Comparison) and found.verdict == "helps")

    @property
    def level_missed(self) -> bool:
        return (
            self.level is not None and self.bounds is not None and not self.reaches(self.bounds[1])
        )

    @property
    def level_met(self) -> bool:
        bounds = self.bounds
        return self.level is not None and bounds is not None and self.reaches(bounds[0])

    @property
    def latency(self) -> Estimate | NotAvailable:
        return self.package.latency_ms.get("p95", NotAvailable("latency was not measured"))

    @property
    def latency_kept(self) -> bool | None:
        """Whether the latency budget is kept; None: there is no budget."""
        budget = self.brief.budget.latency_ms
        if budget is None:
            return None
        return isinstance(self.latency, Estimate) and self.latency.value <= budget

    @property
    def needs_holdout(self) -> bool:
        return self.brief.failure_cost == HIGH_FAILURE_COST and not self.on_holdout

    @property
    def certificate(self) -> SelectiveCertificate | None:
        """From which probability on the model may answer without a person, if that is certified."""
        found = self.evaluation.certificate
        return found if isinstance(found, SelectiveCertificate) else None

    @property
    def limit_named(self) -> bool:
        return self.brief.requirement.max_error is not None

    @property
    def needs_certificate(self) -> bool:
        """Costly failures, and nothing that bounds the wrong answers."""
        return self.brief.failure_cost == HIGH_FAILURE_COST and self.certificate is None

    @property
    def mostly_reviewed(self) -> bool:
        return self.certificate is not None and self.certificate.reviewed > MOST_REVIEWED

    def arm(self, name: str | None) -> tuple[int, ArmSummary] | None:
        """(index, summary) of an arm by name."""
        found = [(i, arm) for i, arm in enumerate(self.adapt.arms) if arm.name == name]
        return found[0] if found else None

    @property
    def chosen(self) -> ArmSummary | None:
        found = self.arm(self.adapt.chosen)
        return found[1] if found else None

    @property
    def scorecard(self) -> Scorecard | None:
        """The scorecard of the chosen arm's backbone."""
        ref = self.chosen.backbone if self.chosen else None
        return next((card for card in self.scorecards if card.card.ref == ref), None)
