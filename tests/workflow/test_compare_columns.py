"""Two runs with several label columns: a paired test for each column that both have."""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256

import numpy as np
import pytest
from statsmodels.stats.contingency_tables import mcnemar

from headstart.evaluate import SealedHoldout, evaluate
from headstart.types.brief import Brief, DataSource
from headstart.types.errors import InputError
from headstart.types.ledger import LedgerRow, LedgerView
from headstart.types.result import EvaluationReport
from headstart.workflow.compare import FinishedColumn, FinishedRun, compare_runs

BRIEF = Brief("pilot", DataSource("rows.csv"))


def answered(labels: tuple[str, ...], skill: float, seed: int) -> tuple[EvaluationReport, list]:
    """A report on 200 rows, the same for every seed, and which answers are right."""
    y = np.random.default_rng(0).integers(0, 2, 200)
    random = np.random.default_rng(seed)
    right = random.random(200) < skill
    given = np.where(right, y, 1 - y)
    values = [f"v{i}" for i in range(200)]
    keys = [sha256(value.encode()).hexdigest() for value in values]
    names = [labels[code] for code in y]
    sealed = SealedHoldout("text", values, names, values, keys, np.ones(200, dtype=bool))
    proba = 0.1 + 0.8 * np.eye(2)[given]
    return (
        evaluate(
            lambda asked: proba, sealed, labels=labels, majority=np.array([0.5, 0.5]),
            metric="accuracy", chosen="frozen", openings=1, brief=BRIEF,
        ),
        right.tolist(),
    )  # fmt: skip


def run(name: str, **reports: EvaluationReport) -> FinishedRun:
    view = LedgerView([LedgerRow(1, "/run/seed", 0, {}, "")])
    columns = {key: FinishedColumn(BRIEF, one, "accuracy") for key, one in reports.items()}
    return FinishedRun(name, view, columns)


def test_each_common_column_has_its_own_test() -> None:
    (urgency_a, right_a), (urgency_b, right_b) = (
        answered(("high", "low"), skill, seed) for skill, seed in ((0.9, 2), (0.75, 3))
    )
    a = run("a", topic=answered(("x", "y"), 0.9, 1)[0], urgency=urgency_a)
    b = run("b", urgency=urgency_b, topic=answered(("x", "y"), 0.6, 4)[0], more=urgency_b)
    found = compare_runs(a, b)
    assert found.columns == ("topic", "urgency")
    paired = found.paired.within("/outputs/urgency")
    both = list(zip(right_a, right_b, strict=True))
    table = [[both.count((i, j)) for j in (True, False)] for i in (True, False)]
    test = paired.entry("/compare/differences/accuracy").value
    assert test["p_value"] == pytest.approx(mcnemar(table, exact=True).pvalue)
    assert paired.entry("/compare/right/only_a").value == table[0][1]
    topic = found.paired.within("/outputs/topic").entry("/compare/differences/accuracy").value
    assert topic["difference"] > test["difference"] > 0
    ids = [row.id for row in found.paired.rows]
    assert len(ids) == len(set(ids))
    assert min(ids) > 2 * found.base


def test_a_column_that_cannot_be_compared_says_why_beside_the_others() -> None:
    report = answered(("x", "y"), 0.9, 1)[0]
    a = run("a", topic=report, urgency=report)
    b = run("b", topic=report, urgency=answered(("high", "low"), 0.9, 1)[0])
    found = compare_runs(a, b).paired
    why = found.within("/outputs/urgency").entry("/compare").value
    assert "different labels" in why["reason"]
    assert found.within("/outputs/topic").entry("/compare/better").value == "neither"
    with pytest.raises(InputError, match="different labels"):
        compare_runs(a, replace(b, columns={"urgency": b.columns["urgency"]}))


def test_single_columns_are_compared_whatever_they_are_called() -> None:
    report = answered(("x", "y"), 0.9, 1)[0]
    found = compare_runs(run("a", topic=report), run("b", label=report))
    assert found.columns == ()
    assert found.paired.entry("/compare/better").value == "neither"
    with pytest.raises(InputError, match="no label column is in both: topic, area and label"):
        compare_runs(run("a", topic=report, area=report), run("b", label=report))
