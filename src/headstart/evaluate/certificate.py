"""From which probability on the model may answer without a person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from headstart.evaluate.estimates import Answers
from headstart.stats import (
    candidate_thresholds,
    certify,
    certify_by_class,
    confidence_at_look,
)
from headstart.types.brief import Requirement
from headstart.types.result import ClassCertificate, NotAvailable, SelectiveCertificate

NO_LIMIT = NotAvailable("the brief names no largest share of wrong answers (max_error)")
NO_HOLDOUT = NotAvailable(
    "cannot be certified: there is no hold-out, and rows that chose the model cannot vouch for it"
)
NO_ROWS = NotAvailable("cannot be certified: the hold-out has no clean row")


def thresholds_to_test(
    out_of_fold: Answers, codes: NDArray[np.int64], n: int, required: Requirement, openings: int = 1
) -> NDArray[np.float64] | None:
    """Thresholds for n hold-out rows, chosen on the development rows; None: no limit is named.

    Rows that were not scored (NaN) are left out; without any, only answering everything is tested.

    Args:
        out_of_fold: what the chosen arm says of the development rows.
        codes: true labels of the same rows.
        openings: how often the hold-out has been opened, the coming time included.
    """
    if required.max_error is None or not n:
        return None
    scored = np.isfinite(out_of_fold.proba).all(axis=1)
    if not scored.any():
        return np.zeros(1)
    said, codes = out_of_fold[scored], codes[scored]
    return candidate_thresholds(
        said.certainty,
        n,
        limit=required.max_error,
        confidence=level(required, openings),
        wrong=said.given != codes,
    )


def reference_scores(out_of_fold: Answers) -> tuple[NDArray[np.floating], ...]:
    """How sure the development rows were that were answered with each class, one array a class."""
    said = out_of_fold[np.isfinite(out_of_fold.proba).all(axis=1)]
    classes = out_of_fold.proba.shape[1]
    return tuple(said.certainty[said.given == code] for code in range(classes))


def class_certificates(
    y: NDArray[np.int64],
    said: Answers,
    labels: tuple[str, ...],
    reference: Sequence[NDArray[np.floating]],
    required: Requirement,
    openings: int,
) -> tuple[ClassCertificate, ...]:
    """A certificate for the answers of each class that was trained on, Bonferroni over them.

    reference: one array a class (`reference_scores`); none: nothing was chosen on other rows.
    """
    if required.max_error is None or not reference or not len(y):
        return ()
    found = certify_by_class(
        said.certainty,
        said.given != y,
        said.given,
        reference,
        limit=required.max_error,
        confidence=level(required, openings),
    )
    return tuple(ClassCertificate(label, one) for label, one in zip(labels, found, strict=False))


def level(required: Requirement, openings: int) -> float:
    """Confidence of the tests: what may go wrong is divided by the number of looks."""
    return confidence_at_look(required.certainty, openings)


def certificate(
    y: NDArray[np.int64],
    said: Answers,
    thresholds: NDArray[np.float64] | None,
    required: Requirement,
    openings: int,
) -> SelectiveCertificate | NotAvailable:
    """The laxest of the thresholds that is certified on the hold-out's clean rows.

    A hold-out that was opened k times is tested at (1 − certainty) / k: Bonferroni over the looks.
    It pays for the k answers, not for a model that was changed after an earlier look.
    """
    if required.max_error is None:
        return NO_LIMIT
    if thresholds is None or not len(y):
        return NO_ROWS
    found = certify(
        said.certainty,
        said.given != y,
        thresholds,
        limit=required.max_error,
        confidence=level(required, openings),
    )
    if isinstance(found, NotAvailable) or openings < 2:
        return found
    method = f"{found.method}, δ divided by the {openings} openings of the hold-out"
    return replace(found, confidence=required.certainty, method=method)
