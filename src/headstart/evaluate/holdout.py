"""The model that ships, scored on the hold-out through its own predictor."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from headstart.evaluate.automation import Thresholds, automation_report
from headstart.evaluate.calibration import calibration_report
from headstart.evaluate.certificate import certificate, class_certificates
from headstart.evaluate.context import Context
from headstart.evaluate.estimates import Answers, Proba, answers, metric_estimates
from headstart.evaluate.expected_cost import cost_report
from headstart.evaluate.held_rows import HoldoutRows
from headstart.evaluate.looks import asked_level, at_look, noted
from headstart.evaluate.ordinal import ordinal_report
from headstart.evaluate.outside import NO_LABEL, Outside, offered, outside_report, strangeness
from headstart.evaluate.paired import compare_on_rows
from headstart.evaluate.prediction_sets import NOT_ASKED, SetRule, prediction_set_report
from headstart.evaluate.sealed import OpenedHoldout, SealedHoldout
from headstart.evaluate.stress import judge_labels, stress_report
from headstart.evaluate.tables import class_rows, confident_errors, confusion_counts
from headstart.evaluate.today import today_report
from headstart.metrics import answer_costs, costs_named
from headstart.types.brief import Brief
from headstart.types.result import (
    Comparison,
    EvaluationReport,
    GalleryReport,
    HoldoutAnswers,
    NotAvailable,
    SliceReport,
)

MAJORITY = "majority"
NOTHING_TO_COMPARE = NotAvailable(
    "the majority answer was chosen; there is nothing to compare it with"
)
Unscaled = Callable[[Proba], Proba | None]
"""Probabilities as they were before they were scaled; None: they were not."""
REASON = "the decision: the chosen model, trained on all development rows"


def not_scaled(_: Proba) -> None:
    """Of a model whose probabilities are as its head gives them."""


def evaluate(
    predict_proba: Callable[[Sequence[str]], Proba],
    sealed: SealedHoldout,
    *,
    labels: tuple[str, ...],
    majority: NDArray[np.float64],
    metric: str,
    chosen: str,
    openings: int,
    brief: Brief,
    by: NDArray[np.float64] | None = None,
    thresholds: NDArray[np.float64] | None = None,
    reference: Sequence[NDArray[np.floating]] = (),
    unscaled: Unscaled = not_scaled,
    by_cost: Thresholds | None = None,
    outside: Outside | NotAvailable = NO_LABEL,
    sets: SetRule | NotAvailable = NOT_ASKED,
    context: Context | None = None,
    bundle: Callable[[Sequence[str]], Proba] | None = None,
) -> EvaluationReport:
    """Open the hold-out and score the model on it.

    Args:
        predict_proba: raw values to probabilities (n, classes), columns in the order of `labels`.
        majority: the majority answer's probabilities (classes,).
        openings: how often the hold-out has been opened, this time included. Every interval and
            test is then at `confidence_at_look` of the brief's confidence, and says so.
        by: what the model's answers minimise (`FittedModel.costs`); None: the most probable ones.
        thresholds: probabilities from which to answer without a person, chosen on other rows
            (`thresholds_to_test`); one of them is certified where the brief names a limit.
        reference: how sure the answers of each class were on other rows (`reference_scores`).
        unscaled: the same probabilities before they were scaled, None where they were not.
        by_cost: thresholds of the automation curve, chosen on other rows (`thresholds_by_cost`).
        outside: the score of strangeness, and the sealed rows that are none of the classes.
        sets: from which probability on a label is in a set, chosen on other rows (`set_rule`).
        context: parts and neighbours, found on other rows; None: errors are not looked at by parts.
        bundle: raw values to probabilities, by what ships itself: it is asked about changed rows.

    A label that was never trained on becomes a class of its own with probability zero: each of its
    rows is an error under every metric (its log loss is that of the smallest step of the
    probabilities' precision, as scikit-learn clips it). The clean rows decide; all rows are
    reported beside them.

    Raises:
        HeadstartError: the hold-out was opened before.
    """
    opened, brief = sealed.open(REASON), at_look(brief, openings)
    unseen = tuple(sorted(set(opened.labels) - set(labels)))
    every = labels + unseen
    index = {label: code for code, label in enumerate(every)}
    y = np.array([index[label] for label in opened.labels], dtype=np.int64)
    answered = np.asarray(predict_proba(opened.values)) if len(y) else np.zeros((0, len(labels)))
    proba = widen(answered, len(every))
    base = widen(np.tile(majority.astype(answered.dtype), (len(y), 1)), len(every))
    clean = opened.clean
    confidence, seed = brief.requirement.confidence, brief.seed
    decisive = HoldoutRows(y[clean], confidence, seed)
    costs = costs_named(brief, every)

    def answered_by(some: Proba, rule: NDArray[np.float64] | None) -> Answers:
        return answers(some, by=rule, costs=costs, known=len(labels))

    by_constant = answer_costs(metric, majority, majority[None, :], costs)
    whole = answered_by(proba, by)
    said, constant = whole[clean], answered_by(base, by_constant)[clean]
    decides = metric_estimates(y[clean], said, confidence, seed)
    kept = np.flatnonzero(clean)
    against: Comparison | NotAvailable = NOTHING_TO_COMPARE
    if chosen != MAJORITY:
        against = compare_on_rows(
            y[clean],
            said,
            constant,
            names=(chosen, MAJORITY),
            metric=metric,
            confidence=confidence,
            seed=seed,
        )
    own = strangeness(outside, [opened.values[i] for i in kept])
    alone = offered(said, own, outside)
    certified = certificate(y[clean], alone, thresholds, brief.requirement, openings)
    slices: SliceReport | NotAvailable = NotAvailable("no parts were named")
    gallery: GalleryReport | NotAvailable = NotAvailable("nothing to group errors by")
    if context is not None:
        slices, gallery = context.look(y[clean], said, every, opened, kept, len(labels), confidence)
    report = EvaluationReport(
        basis="hold-out",
        n=int(clean.sum()),
        n_all=len(y),
        openings=openings,
        metrics=decides,
        metrics_all=decides if clean.all() else metric_estimates(y, whole, confidence, seed),
        majority=metric_estimates(y[clean], constant, confidence, seed),
        against_majority=against,
        per_class=class_rows(y[clean], said.given, every, confidence),
        confusion=confusion_counts(y[clean], said.given, len(every)).tolist(),
        labels=every,
        errors=confident_errors(
            y[clean],
            said,
            every,
            [opened.values[i] for i in kept],
            [opened.places[i] for i in kept],
            opened.modality,
        ),
        unseen_labels=unseen,
        costs=cost_report(decisive, proba[clean], costs, majority, brief),
        certificate=certified,
        class_certificates=class_certificates(
            y[clean], alone, labels, reference, brief.requirement, openings
        ),
        stress=NotAvailable("no bundle was given to ask")
        if bundle is None
        else stress_report(
            [opened.values[i] for i in kept],
            opened.modality,
            lambda values: widen(bundle(values), len(every)),
            judge_labels(y[clean], lambda some: answered_by(some, by).given),
            confidence=confidence,
            seed=seed,
        ),
        slices=slices,
        gallery=gallery,
        outside=outside_report(
            outside,
            y[clean],
            said,
            own,
            lambda some: answered_by(widen(some, len(every)), by),
            certified,
            confidence,
        ),
        automation=automation_report(y[clean], alone, by_cost, brief),
        prediction_sets=prediction_set_report(y[clean], said, len(labels), sets, brief),
        ordinal=ordinal_report(decisive, said.given, every, brief),
        today=today_report(
            decisive,
            said,
            [opened.current[i] for i in kept],
            every,
            chosen=chosen,
            metric=metric,
            brief=brief,
        ),
        calibration=calibration_report(
            y[clean], said, before=unscaled(proba[clean]), confidence=confidence, seed=seed
        ),
        level=asked_level(brief),
        answered=kept_answers(opened, y, whole.proba, whole.given),
    )
    return noted(report, openings)


def kept_answers(
    opened: OpenedHoldout, y: NDArray[np.int64], proba: Proba, given: NDArray[np.int64]
) -> HoldoutAnswers:
    """What was said of every row that was opened."""
    digests = b"".join(bytes.fromhex(key) for key in opened.keys)
    return HoldoutAnswers(
        keys=np.frombuffer(digests, dtype=np.uint8).reshape(len(y), 32),
        codes=y,
        proba=proba,
        given=given,
        clean=opened.clean,
        places=np.array(opened.places, dtype=np.str_),
    )


def widen(proba: Proba, classes: int) -> Proba:
    """Zero probability for the classes that the model does not know; the precision is kept, since
    the log loss of probability zero depends on it.
    """
    wide = np.zeros((len(proba), classes), dtype=proba.dtype)
    wide[:, : proba.shape[1]] = proba
    return wide
