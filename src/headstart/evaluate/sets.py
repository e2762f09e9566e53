"""The hold-out, where a row may have several labels: each row's labels are one answer.

An answer is wrong where a label is missing or too many. Certificates, review and parts look at such
answers; per label there are precision, recall and a certificate.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from headstart.evaluate.automation import NO_HOLDOUT as NO_CURVE
from headstart.evaluate.automation import NO_REVIEW, Thresholds, automation_report
from headstart.evaluate.calibration import NOT_SCALED, SURE
from headstart.evaluate.certificate import (
    NO_HOLDOUT,
    NO_LIMIT,
    certificate,
    class_certificates,
)
from headstart.evaluate.context import Context
from headstart.evaluate.cross_validated import against_majority, arm_estimates
from headstart.evaluate.estimates import RESAMPLES, Answers, Proba
from headstart.evaluate.expected_cost import NO_COSTS
from headstart.evaluate.held_rows import HeldRows, HoldoutRows, rows_of_folds
from headstart.evaluate.holdout import MAJORITY, NOTHING_TO_COMPARE, REASON, kept_answers, widen
from headstart.evaluate.looks import asked_level, at_look, noted
from headstart.evaluate.outside import NO_LABEL
from headstart.evaluate.sealed import SealedHoldout
from headstart.evaluate.set_answers import (
    NO_ROWS,
    Marks,
    SetAnswers,
    compare_sets,
    set_answers,
    set_estimates,
)
from headstart.evaluate.set_tables import label_rows, set_gallery, surest_errors
from headstart.evaluate.slices import Known, slice_report
from headstart.evaluate.stress import Judged, stress_report
from headstart.heads import sigmoid
from headstart.metrics import (
    RANGES,
    SetStatistic,
    answer_costs,
    brier_decomposition,
    calibration_error_of,
    given_labels,
    reliability_of,
    set_costs_named,
)
from headstart.stats import stratified_bootstrap_bca, wilson
from headstart.types.brief import Brief, ModalityName
from headstart.types.data import Folds
from headstart.types.model import ArmResult
from headstart.types.result import (
    CalibrationReport,
    Comparison,
    CostReport,
    Estimate,
    EvaluationReport,
    GalleryReport,
    NotAvailable,
    SliceReport,
)

Floats = NDArray[np.float64]


def evaluate_sets(
    predict_proba: Callable[[Sequence[str]], Proba],
    sealed: SealedHoldout,
    *,
    separator: str,
    labels: tuple[str, ...],
    majority: Floats,
    metric: str,
    chosen: str,
    openings: int,
    brief: Brief,
    by: Floats | None = None,
    thresholds: Floats | None = None,
    reference: Sequence[NDArray[np.floating]] = (),
    temperature: float = 1.0,
    by_cost: Thresholds | None = None,
    context: Context | None = None,
    bundle: Callable[[Sequence[str]], Proba] | None = None,
) -> EvaluationReport:
    """Open the hold-out and score the model on it; the arguments are those of `evaluate`.

    separator: what stands between the labels of a row. majority: share of the development rows that
    have each label (labels,). A label that was never trained on is never given: a row that has it
    is wrong.

    Raises:
        HeadstartError: the hold-out was opened before.
    """
    opened, brief = sealed.open(REASON), at_look(brief, openings)
    sets = [[part for part in one.split(separator) if part] for one in opened.labels]
    unseen = tuple(sorted({label for own in sets for label in own} - set(labels)))
    every = labels + unseen
    y = _marks(sets, every)
    answered = np.asarray(predict_proba(opened.values)) if len(y) else np.zeros((0, len(labels)))
    base = np.tile(np.asarray(majority).astype(answered.dtype), (len(y), 1))
    confidence, seed = brief.requirement.confidence, brief.seed
    costs = set_costs_named(brief, every)

    by_constant = answer_costs(metric, majority, majority[None, :], costs, several=True)

    def answers(proba: Proba, rule: Floats | None = by) -> SetAnswers:
        return set_answers(widen(proba, len(every)), by=rule, costs=costs, known=len(labels))

    clean, whole = opened.clean, answers(answered)
    said, constant, truth = whole[clean], answers(base, by_constant)[clean], y[clean]
    kept = np.flatnonzero(clean)
    places = [opened.places[i] for i in kept]
    rows, right = said.as_rows(truth), np.zeros(len(truth), dtype=np.int64)
    decides = set_estimates(truth, said, confidence, seed)
    against: Comparison | NotAvailable = NOTHING_TO_COMPARE
    if chosen != MAJORITY:
        against = compare_sets(
            truth, said, constant, names=(chosen, MAJORITY), metric=metric,
            confidence=confidence, seed=seed,
        )  # fmt: skip
    plain = Known(opened.modality, [opened.values[i] for i in kept], ())
    slices: SliceReport | NotAvailable = NotAvailable("no parts were named")
    gallery: GalleryReport | NotAvailable = NotAvailable("nothing to group errors by")
    if context is not None:
        known, parts = context.known(opened, kept)
        slices = slice_report(parts, right, rows.given, known, confidence)
        gallery = set_gallery(
            truth, said, every, known, places, trained=len(labels), parts=parts, slices=slices
        )
    report = EvaluationReport(
        basis="hold-out",
        n=int(clean.sum()),
        n_all=len(y),
        openings=openings,
        metrics=decides,
        metrics_all=decides if clean.all() else set_estimates(y, whole, confidence, seed),
        majority=set_estimates(truth, constant, confidence, seed),
        against_majority=against,
        per_class=label_rows(truth, said.given, every, confidence),
        confusion=[],
        labels=every,
        errors=surest_errors(truth, said, every, plain, places),
        unseen_labels=unseen,
        costs=_cost_report(
            HoldoutRows(np.zeros(len(truth), dtype=np.int64), confidence, seed),
            truth,
            said,
            costs,
            majority,
        ),
        certificate=certificate(right, rows, thresholds, brief.requirement, openings),
        class_certificates=class_certificates(
            *_label_by_label(truth, said), labels, reference, brief.requirement, openings
        ),
        stress=NotAvailable("no bundle was given to ask")
        if bundle is None
        else stress_report(
            plain.values,
            opened.modality,
            bundle,
            lambda some, proba: _judged(truth[some], answers(proba)),
            confidence=confidence,
            seed=seed,
        ),
        slices=slices,
        gallery=gallery,
        outside=NO_LABEL,
        automation=automation_report(right, rows, by_cost, brief),
        calibration=_calibration(truth, said, len(labels), temperature, confidence, seed),
        level=asked_level(brief),
        answered=kept_answers(opened, y, whole.proba, whole.given.astype(np.int64)),
    )
    return noted(report, openings)


def set_reference_scores(out_of_fold: SetAnswers) -> tuple[NDArray[np.floating], ...]:
    """How likely the labels were that were given to development rows, one array a label."""
    said = out_of_fold[np.isfinite(out_of_fold.proba).all(axis=1)]
    return tuple(said.proba[said.given[:, code], code] for code in range(said.proba.shape[1]))


def cross_validated_sets(
    chosen: ArmResult,
    majority: ArmResult,
    *,
    values: Sequence[str],
    codes: Marks,
    places: Sequence[str],
    labels: tuple[str, ...],
    modality: ModalityName,
    folds: Folds,
    metric: str,
    margin: float,
    by: Floats | None,
    brief: Brief,
    use: NDArray[np.int64],
    shares: Floats,
) -> EvaluationReport:
    """The same report from the folds, as `evaluate_cross_validated` gives it."""
    confidence, costs = brief.requirement.confidence, set_costs_named(brief, labels)
    said = set_answers(chosen.out_of_fold, by=by, costs=costs)
    one = np.zeros(len(codes), dtype=np.int64)
    rows = rows_of_folds(one, folds, use, confidence)
    metrics = arm_estimates(chosen, folds, confidence)
    known = Known(modality, values, ())
    return EvaluationReport(
        basis="cross-validation",
        n=len(codes),
        n_all=len(codes),
        openings=0,
        metrics=metrics,
        metrics_all=metrics,
        majority=arm_estimates(majority, folds, confidence),
        against_majority=against_majority(chosen, majority, folds, metric, margin, confidence),
        per_class=label_rows(codes, said.given, labels, confidence),
        confusion=[],
        labels=labels,
        errors=surest_errors(codes, said, labels, known, places),
        costs=rows
        if isinstance(rows, NotAvailable)
        else _cost_report(rows, codes, said, costs, shares),
        certificate=NO_LIMIT if brief.requirement.max_error is None else NO_HOLDOUT,
        outside=NO_LABEL,
        automation=NO_REVIEW if brief.review_cost is None else NO_CURVE,
        calibration=_calibration(codes, said, len(labels), 1.0, confidence, brief.seed),
    )


def _marks(sets: Sequence[Sequence[str]], labels: Sequence[str]) -> Marks:
    index = {label: code for code, label in enumerate(labels)}
    found = np.zeros((len(sets), len(labels)), dtype=np.int64)
    for row, own in enumerate(sets):
        found[row, [index[label] for label in own]] = 1
    return found


def _judged(y: Marks, said: SetAnswers) -> Judged:
    loss = SetStatistic("log_loss", y.shape[1]).of(y, said.proba)
    return Judged(~said.wrong(y), said.certainty, loss)


def _label_by_label(y: Marks, said: SetAnswers) -> tuple[NDArray[np.int64], Answers]:
    """(truth, answers) of every label that was given: one answer each, to the question whether it
    applies. Wrong is the code after the last label."""
    row, label = np.nonzero(said.given)
    truth = np.where(y[row, label] == 1, label, y.shape[1]).astype(np.int64)
    proba = np.zeros((len(row), y.shape[1]), dtype=said.proba.dtype)
    proba[np.arange(len(row)), label] = said.proba[row, label]
    return truth, Answers(proba, label.astype(np.int64))


def _cost_report(
    rows: HeldRows, y: Marks, said: SetAnswers, costs: Floats | None, majority: Floats
) -> CostReport | NotAvailable:
    """Cost of a case with the labels more likely than not, with those that are cheaper to give, and
    with the same labels for every row."""
    if costs is None:
        return NO_COSTS
    if not len(y):
        return NO_ROWS
    known = len(majority)

    def with_labels(given: NDArray[np.bool_]) -> SetAnswers:
        wide = np.zeros(y.shape, dtype=np.bool_)
        wide[:, :known] = given
        return SetAnswers(said.proba, wide, costs)

    own, table = said.proba[:, :known], costs[:, :known]
    likely, cheap = with_labels(given_labels(own)), with_labels(given_labels(own, table))
    constant = with_labels(given_labels(np.tile(majority, (len(y), 1)), table))
    return CostReport(
        answers=rows.mean(likely.spent(y)),
        cheapest=rows.mean(cheap.spent(y)),
        difference=rows.mean(cheap.spent(y) - likely.spent(y)),
        constant=rows.mean(constant.spent(y)),
        accuracy_of_answers=rows.share(~likely.wrong(y)),
        accuracy_of_cheapest=rows.share(~cheap.wrong(y)),
    )


def _calibration(
    y: Marks, said: SetAnswers, known: int, temperature: float, confidence: float, seed: int
) -> CalibrationReport | NotAvailable:
    """Whether the stated probability that all labels of a row are right comes true."""
    if not len(y):
        return NO_ROWS
    stated, right = said.certainty, ~said.wrong(y)
    sure = stated >= SURE
    return CalibrationReport(
        error=calibration_error_of(stated, right, confidence=confidence),
        reliability=reliability_of(stated, right, confidence=confidence),
        brier=brier_decomposition(right.astype(np.int64), np.column_stack([1.0 - stated, stated])),
        log_loss_as_it_is=NOT_SCALED
        if temperature == 1.0
        else _log_loss_before(y, said.proba, known, temperature, confidence, seed),
        sure=wilson(int(sure.sum()), len(y), confidence),
        sure_wrong=wilson(int((sure & ~right).sum()), int(sure.sum()), confidence)
        if sure.any()
        else NotAvailable(f"no answer was given with a probability of {SURE:g} or more"),
        sure_from=SURE,
    )


def _log_loss_before(
    y: Marks, proba: Proba, known: int, temperature: float, confidence: float, seed: int
) -> Estimate:
    from headstart.heads import logits_of_labels

    before = proba.copy()
    before[:, :known] = sigmoid(logits_of_labels(proba[:, :known]) * temperature)
    found = stratified_bootstrap_bca(
        SetStatistic("log_loss", y.shape[1]),
        np.zeros(len(y), dtype=np.int64),
        np.hstack([y, before]),
        confidence=confidence,
        resamples=RESAMPLES,
        seed=seed,
        lower=RANGES["log_loss"][0],
        upper=RANGES["log_loss"][1],
    )
    return replace(found, n=len(y))
