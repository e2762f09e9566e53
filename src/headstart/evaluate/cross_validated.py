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
from headstart.evaluate.expected_cost import cost_report
from headstart.evaluate.held_rows import rows_of_folds
from headstart.evaluate.holdout import NOTHING_TO_COMPARE
from headstart.evaluate.ordinal import ordinal_report
from headstart.evaluate.outside import NO_HOLDOUT as NO_OUTSIDE
from headstart.evaluate.outside import NO_LABEL
from headstart.evaluate.prediction_sets import NO_HOLDOUT as NO_SETS
from headstart.evaluate.prediction_sets import NOT_ASKED
from headstart.evaluate.tables import class_rows, confident_errors, confusion_counts
from headstart.evaluate.today import today_report
from headstart.metrics import HIGHER_IS_BETTER, RANGES, costs_named
from headstart.stats import compare, mean_over_folds, rows_variance
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
    use: NDArray[np.int64],
    shares: NDArray[np.float64],
    today: Sequence[str],
) -> EvaluationReport:
    """The same report as `evaluate`, from the folds: every row was scored by models that had not
    seen it.

    Intervals of the metrics: Nadeau and Bengio (2003) over the folds, since they share training
    rows. Costs, steps and today's process are counted likewise, and the tables made, with each
    row's probabilities averaged over the repeats.

    Args:
        values, codes, places: of the rows that are counted; use: their numbers in the folds (n,).
        shares: how common each label is (labels,).
        today: what today's process answers to each row (n,), empty where nothing.
    """
    confidence = brief.requirement.confidence
    run = len(chosen.scores[metric])  # a thawed arm is run on fewer repeats
    folds = Folds(folds.assignment[: run // folds.k], folds.k)
    majority = replace(majority, scores={m: one[:run] for m, one in majority.scores.items()})
    costs = costs_named(brief, labels)
    said = answers(chosen.out_of_fold, by=by, costs=costs)
    rows = rows_of_folds(codes, folds, use, confidence)
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
        costs=rows
        if isinstance(rows, NotAvailable)
        else cost_report(rows, said.proba, costs, shares, brief),
        certificate=NO_LIMIT if brief.requirement.max_error is None else NO_HOLDOUT,
        outside=NO_LABEL if brief.data.out_of_scope is None else NO_OUTSIDE,
        automation=NO_REVIEW if brief.review_cost is None else NO_CURVE,
        prediction_sets=NOT_ASKED if brief.requirement.sets is None else NO_SETS,
        ordinal=rows
        if isinstance(rows, NotAvailable)
        else ordinal_report(rows, said.given, labels, brief),
        today=rows
        if isinstance(rows, NotAvailable)
        else today_report(
            rows, said, today, labels, chosen=chosen.name, metric=metric, brief=brief
        ),
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
        by_rows=rows_variance(chosen.by_row, majority.by_row),
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
