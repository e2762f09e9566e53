"""Rows out of scope beside the certificate: what the bundle flags it does not answer alone."""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256

import numpy as np
import pytest

from headstart.evaluate import Outside, SealedHoldout, answers, evaluate, thresholds_by_cost
from headstart.evaluate.automation import automation_report
from headstart.types.brief import Brief, DataSource, Requirement
from headstart.types.model import OutsideScore
from headstart.types.result import (
    AutomationReport,
    Estimate,
    EvaluationReport,
    NotAvailable,
    OutsideReport,
    SelectiveCertificate,
)

LABELS = ("a", "b")
BRIEF = Brief(
    "pilot", DataSource("rows.csv", out_of_scope="none"), requirement=Requirement(max_error=0.05)
)


def sealed(values: list[str], labels: list[str]) -> SealedHoldout:
    keys = [sha256(value.encode()).hexdigest() for value in values]
    return SealedHoldout("text", values, labels, values, keys, np.ones(len(values), dtype=bool))


def report(brief: Brief = BRIEF) -> EvaluationReport:
    """200 rows in scope, all answered 'a' at 0.9: the first 40 are flagged, ten of these wrong.
    Of 50 rows out of scope 20 are flagged, 10 others are answered at 0.6."""
    values = [f"in {i}" for i in range(200)]
    truth = ["b" if i < 10 else "a" for i in range(200)]
    strange = [f"out {i}" for i in range(50)]
    sure = dict.fromkeys(values, 0.9) | {
        value: 0.6 if 20 <= i < 30 else 0.9 for i, value in enumerate(strange)
    }
    score = dict.fromkeys(values[:40] + strange[:20], 2.0)

    def outputs(asked):
        first = np.array([sure[value] for value in asked])
        own = np.array([score.get(value, 0.0) for value in asked])
        return np.column_stack([first, 1.0 - first]), own

    return evaluate(
        lambda asked: outputs(asked)[0],
        sealed(values, truth),
        labels=LABELS,
        majority=np.array([0.5, 0.5]),
        metric="accuracy",
        chosen="frozen",
        openings=1,
        brief=brief,
        thresholds=np.array([0.8]),
        outside=Outside(
            OutsideScore("energy", threshold=1.0), outputs, sealed(strange, ["none"] * 50)
        ),
    )


def test_the_certificate_is_of_what_the_bundle_answers_alone() -> None:
    found = report().certificate
    assert isinstance(found, SelectiveCertificate)
    assert (found.answered, found.wrong, found.n) == (160, 0, 200)
    assert found.coverage == 0.8


def test_answers_to_rows_out_of_scope_are_counted_beside_it() -> None:
    """Of the 50, 20 are above the threshold and not flagged. With a share s of such cases,
    0.4·s / (0.4·s + 0.8·(1 − s)) of what is answered alone is wrong: 5% at 9.5%."""
    found = report().outside
    assert isinstance(found, OutsideReport)
    assert isinstance(found.alone, Estimate)
    assert (found.alone.value, found.alone.n) == (0.4, 50)
    assert found.bearable is not None
    s = found.bearable
    assert 0.4 * s / (0.4 * s + 0.8 * (1 - s)) == pytest.approx(0.05)
    uncertified = report(replace(BRIEF, requirement=Requirement(max_error=0.001))).outside
    assert isinstance(uncertified, OutsideReport)
    assert isinstance(uncertified.alone, NotAvailable)
    assert uncertified.bearable is None


def test_what_is_withheld_is_reviewed_at_every_threshold() -> None:
    brief = Brief("pilot", DataSource("rows.csv"), review_cost=0.2)
    y = np.array([0, 0, 0, 1])
    said = answers(np.tile([0.9, 0.1], (4, 1)))
    tried = thresholds_by_cost(said, y, brief)
    found = automation_report(
        y, replace(said, withheld=np.array([True, False, False, False])), tried, brief
    )
    assert isinstance(found, AutomationReport)
    assert found.points[-1].share == 0.75
    assert found.alone.value == pytest.approx((0.2 + 1.0) / 4)
