"""The certificate of the hold-out: thresholds from other rows, tested once."""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256

import numpy as np
import pytest
from scipy.stats import binom

from headstart.evaluate import (
    SealedHoldout,
    answers,
    evaluate,
    reference_scores,
    thresholds_to_test,
)
from headstart.evaluate.certificate import class_certificates
from headstart.types.brief import Brief, DataSource, Requirement
from headstart.types.result import NotAvailable, SelectiveCertificate

LABELS = ("a", "b")
REQUIRED = Requirement(max_error=0.1, certainty=0.95)


def world(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Two classes; the stated probability is the true one."""
    random = np.random.default_rng(seed)
    stated = random.beta(4.0, 0.8, n)
    y = (random.random(n) > stated).astype(np.int64)
    return y, np.column_stack([stated, 1.0 - stated])


def said(proba):
    return answers(proba)


def report(y, proba, *, required=REQUIRED, openings=1, clean=None, labels=None, tested=True):
    values = [f"v{i}" for i in range(len(y))]
    names = labels or [LABELS[code] for code in y]
    marks = np.ones(len(y), dtype=bool) if clean is None else clean
    keys = [sha256(value.encode()).hexdigest() for value in values]
    sealed = SealedHoldout("text", values, names, values, keys, marks)
    codes, fold_proba = world(500, 99)
    thresholds = thresholds_to_test(said(fold_proba), codes, sealed.n, required, openings)
    return evaluate(
        lambda asked: proba,
        sealed,
        labels=LABELS,
        majority=np.array([0.8, 0.2]),
        metric="accuracy",
        chosen="frozen",
        openings=openings,
        brief=Brief("pilot", DataSource("rows.csv"), requirement=required),
        thresholds=thresholds if tested else None,
    ).certificate


def test_the_certificate_counts_what_it_says():
    y, proba = world(600, 0)
    found = report(y, proba)
    assert isinstance(found, SelectiveCertificate)
    kept = proba.max(axis=1) >= found.threshold
    wrong = int((proba.argmax(axis=1) != y)[kept].sum())
    assert (found.answered, found.wrong, found.n) == (kept.sum(), wrong, 600)
    assert found.reviewed == pytest.approx(1.0 - kept.mean())
    assert found.error == pytest.approx(wrong / kept.sum())
    assert found.tested <= found.answered
    assert binom.cdf(found.tested_wrong, found.tested, 0.1) <= 0.05
    assert found.upper <= found.limit == 0.1
    assert found.delta == pytest.approx(0.05)


def test_only_clean_rows_are_tested():
    y, proba = world(600, 0)
    clean = np.arange(600) % 3 > 0
    found = report(y, proba, clean=clean)
    assert isinstance(found, SelectiveCertificate)
    assert found.n == 400
    assert found.answered == (proba.max(axis=1)[clean] >= found.threshold).sum()


def test_a_label_that_was_never_trained_on_is_an_error():
    y, proba = world(600, 0)
    sure = np.argsort(-proba.max(axis=1))[:150]
    labels = [LABELS[code] for code in y]
    for row in sure:
        labels[row] = "new"
    assert isinstance(report(y, proba, labels=labels), NotAvailable)


def test_each_look_is_paid_for():
    y, proba = world(600, 0)
    first, third = report(y, proba), report(y, proba, openings=3)
    assert isinstance(first, SelectiveCertificate)
    assert isinstance(third, SelectiveCertificate)
    assert binom.cdf(third.tested_wrong, third.tested, 0.1) <= 0.05 / 3
    assert third.confidence == 0.95
    assert "3 openings" in third.method
    assert third.coverage <= first.coverage


def test_why_there_is_none():
    y, proba = world(600, 0)
    for found, said in (
        (report(y, proba, required=Requirement()), "max_error"),
        (report(y, proba, required=replace(REQUIRED, max_error=0.001)), "cannot be certified"),
        (report(y[:20], proba[:20]), "more labelled cases"),
        (report(y, proba, clean=np.zeros(600, dtype=bool)), "no clean row"),
    ):
        assert isinstance(found, NotAvailable)
        assert said in found.reason


def test_no_thresholds_are_chosen_without_a_limit_or_rows():
    y, proba = world(50, 1)
    assert thresholds_to_test(said(proba), y, 10, Requirement()) is None
    assert thresholds_to_test(said(proba), y, 0, REQUIRED) is None


def test_rows_that_were_not_scored_are_left_out():
    y, proba = world(300, 2)
    holes = np.vstack([proba, np.full((7, 2), np.nan)])
    codes = np.append(y, np.zeros(7, dtype=np.int64))
    expected = thresholds_to_test(said(proba), y, 400, REQUIRED)
    np.testing.assert_array_equal(thresholds_to_test(said(holes), codes, 400, REQUIRED), expected)
    empty = thresholds_to_test(said(holes[300:]), codes[300:], 400, REQUIRED)
    np.testing.assert_array_equal(empty, np.zeros(1))


def test_each_class_is_certified_on_its_own_answers():
    y, proba = world(2000, 8)
    _, other = world(1000, 9)
    found = class_certificates(
        y, said(proba), LABELS, reference_scores(said(other)), Requirement(max_error=0.3), 1
    )
    assert [one.label for one in found] == list(LABELS)
    first = found[0].certificate
    assert isinstance(first, SelectiveCertificate)
    assert first.confidence == pytest.approx(0.975)
    rows = (proba.argmax(axis=1) == 0) & (proba.max(axis=1) >= first.threshold)
    assert (first.answered, first.wrong) == (rows.sum(), (y != 0)[rows].sum())
    assert class_certificates(y, said(proba), LABELS, (), Requirement(max_error=0.3), 1) == ()
    reference = reference_scores(said(np.vstack([other, [[np.nan, np.nan]]])))
    assert sum(map(len, reference)) == 1000
