"""The chosen arm on the folds, where there are too few rows for a hold-out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from headstart.evaluate.automation import NO_HOLDOUT as NO_CURVE
from headstart.evaluate.automation import NO_REVIEW
from headstart.evaluate.calibration import calibration_report
from headstart.evaluate.certificate import NO_HOLDOUT, NO_LIMIT
from headstart.evaluate.estimates import answers
from headstart.evaluate.expected_cost import NEEDS_HOLDOUT, NO_COSTS
from headstart.evaluate.holdout import NOTHING_TO_COMPARE
from headstart.evaluate.ordinal import NEEDS_HOLDOUT as NO_STEPS
from headstart.evaluate.ordinal import NO_ORDER
from headstart.evaluate.outside import NO_HOLDOUT as NO_OUTSIDE
from headstart.evaluate.outside import NO_LABEL
from headstart.evaluate.prediction_sets import NO_HOLDOUT as NO_SETS
from headstart.evaluate.prediction_sets import NOT_ASKED
from headstart.evaluate.tables import class_rows, confident_errors, confusion_counts
from headstart.evaluate.today import NEEDS_HOLDOUT as NO_TODAY
from headstart.evaluate.today import NOT_NAMED
from headstart.metrics import HIGHER_IS_BETTER, RANGES, costs_named
from headstart.stats import compare, mean_over_folds
from headstart.types.brief import Brief, ModalityName
from headstart.types.data import Folds
from headstart.types.model import ArmResult
from headstart.types.result import Comparison, Estimate, EvaluationReport, NotAvailable


def evaluate_cross_validated(
    chosen: ArmResult,
    majority: ArmResult,
    *,
    values: Sequence[str],
    codes: NDArray[np.int64],
    places: Sequence[str],
    labels: tuple[str, ...],
    modality: ModalityName,
    folds: Folds,
    metric: str,
    margin: float,
    by: NDArray[np.float64] | None,
    brief: Brief,
) -> EvaluationReport:
    """The same report as `evaluate`, from the folds: every row was scored by models that had not
    seen it.

    Intervals of the metrics: Nadeau and Bengio (2003) over the folds, since they share training
    rows. The tables use each row's probabilities averaged over the repeats.
    """
    confidence = brief.requirement.confidence
    run = len(chosen.scores[metric])  # a thawed arm is run on fewer repeats
    folds = Folds(folds.assignment[: run // folds.k], folds.k)
    majority = replace(majority, scores={m: one[:run] for m, one in majority.scores.items()})
    said = answers(chosen.out_of_fold, by=by, costs=costs_named(brief, labels))
    metrics = arm_estimates(chosen, folds, confidence)
    against = against_majority(chosen, majority, folds, metric, margin, confidence)
    return EvaluationReport(
        basis="cross-validation",
        n=len(codes),
        n_all=len(codes),
        openings=0,
        metrics=metrics,
        metrics_all=metrics,
        majority=arm_estimates(majority, folds, confidence),
        against_majority=against,
        per_class=class_rows(codes, said.given, labels, confidence),
        confusion=confusion_counts(codes, said.given, len(labels)).tolist(),
        labels=labels,
        errors=confident_errors(codes, said, labels, values, places, modality),
        costs=NEEDS_HOLDOUT if brief.weighs_mistakes else NO_COSTS,
        certificate=NO_LIMIT if brief.requirement.max_error is None else NO_HOLDOUT,
        outside=NO_LABEL if brief.data.out_of_scope is None else NO_OUTSIDE,
        automation=NO_REVIEW if brief.review_cost is None else NO_CURVE,
        prediction_sets=NOT_ASKED if brief.requirement.sets is None else NO_SETS,
        ordinal=NO_STEPS if brief.data.order else NO_ORDER,
        today=NOT_NAMED if brief.data.current is None else NO_TODAY,
        calibration=calibration_report(codes, said, confidence=confidence, seed=brief.seed),
    )


def against_majority(
    chosen: ArmResult,
    majority: ArmResult,
    folds: Folds,
    metric: str,
    margin: float,
    confidence: float,
) -> Comparison | NotAvailable:
    """The chosen arm against the majority answer on the same folds."""
    if chosen.name == majority.name:
        return NOTHING_TO_COMPARE
    return compare(
        chosen.scores[metric],
        majority.scores[metric],
        a=chosen.name,
        b=majority.name,
        metric=metric,
        n=folds.n,
        k=folds.k,
        repeats=folds.repeats,
        confidence=confidence,
        margin=margin,
        higher_is_better=HIGHER_IS_BETTER[metric],
    )


def arm_estimates(
    arm: ArmResult, folds: Folds, confidence: float
) -> dict[str, Estimate | NotAvailable]:
    """Every metric over the folds, with Nadeau and Bengio's interval."""
    found: dict[str, Estimate | NotAvailable] = {}
    for name, scores in arm.scores.items():
        lower, upper = RANGES[name]
        found[name] = mean_over_folds(
            scores, folds.k, folds.repeats, confidence, n=folds.n, lower=lower, upper=upper
        )
    return found
