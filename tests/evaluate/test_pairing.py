"""Two runs on the hold-out rows that they share, against tests counted by other means."""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256
from typing import Any

import numpy as np
import pytest
from sklearn import metrics as oracle
from statsmodels.stats.contingency_tables import mcnemar

from headstart.evaluate import SealedHoldout, evaluate, pair_runs
from headstart.types.brief import Brief, DataSource
from headstart.types.codec import decode, encode
from headstart.types.comparison import PairedRuns
from headstart.types.errors import InputError
from headstart.types.result import Comparison, EvaluationReport, HoldoutAnswers, NotAvailable

LABELS = ("a", "b", "c")
BRIEF = Brief("pilot", DataSource("rows.csv"), seed=3)
MAJORITY = np.array([0.5, 0.3, 0.2])


def truth(n: int = 400) -> np.ndarray:
    return np.random.default_rng(9).choice(3, n, p=MAJORITY)


def answers(y: np.ndarray, skill: float, seed: int) -> np.ndarray:
    random = np.random.default_rng(seed)
    said = np.where(random.random(len(y)) < skill, y, (y + 1) % 3)
    proba = random.dirichlet(np.ones(3), len(y)) + 2 * np.eye(3)[said]
    return proba / proba.sum(axis=1, keepdims=True)


def run(
    values: list[str],
    names: list[str],
    proba: np.ndarray,
    *,
    clean: np.ndarray | None = None,
    labels: tuple[str, ...] = LABELS,
    brief: Brief = BRIEF,
) -> EvaluationReport:
    keys = [sha256(value.encode()).hexdigest() for value in values]
    marks = np.ones(len(values), dtype=bool) if clean is None else clean
    sealed = SealedHoldout("text", values, names, [f"row {v}" for v in values], keys, marks)
    return evaluate(
        lambda asked: proba,
        sealed,
        labels=labels,
        majority=MAJORITY,
        metric="accuracy",
        chosen="frozen",
        openings=1,
        brief=brief,
    )


def paired(a: EvaluationReport, b: EvaluationReport, **said: Any) -> PairedRuns:
    known = {"names": ("left", "right"), "metrics": ("accuracy",) * 2, "briefs": (BRIEF,) * 2}
    found = pair_runs(a, b, **(known | said))
    assert isinstance(found, PairedRuns)
    return found


@pytest.fixture(scope="module")
def world() -> tuple[np.ndarray, np.ndarray, np.ndarray, EvaluationReport, EvaluationReport]:
    """The same 400 rows in two orders, and two models."""
    y = truth()
    good, poor = answers(y, 0.9, 1), answers(y, 0.8, 2)
    values, names = [f"v{i}" for i in range(len(y))], [LABELS[code] for code in y]
    order = np.random.default_rng(5).permutation(len(y))
    other = run([values[i] for i in order], [names[i] for i in order], poor[order])
    return y, good, poor, run(values, names, good), other


def test_rows_in_another_order_are_found_and_tested_as_statsmodels_does(world: Any) -> None:
    y, good, poor, a, b = world
    found = paired(a, b)
    hits = (good.argmax(1) == y), (poor.argmax(1) == y)
    table = np.array([[sum(hits[0] & hits[1]), sum(hits[0] & ~hits[1])],
                      [sum(~hits[0] & hits[1]), sum(~hits[0] & ~hits[1])]])  # fmt: skip
    difference = found.differences["accuracy"]
    assert isinstance(difference, Comparison)
    assert difference.p_value == pytest.approx(mcnemar(table, exact=True).pvalue)
    assert difference.difference == pytest.approx(hits[0].mean() - hits[1].mean())
    right = found.right
    assert [[right.both, right.only_a], [right.only_b, right.neither]] == table.tolist()
    assert (found.rows.common, found.rows.deciding, found.rows.same) == (400, 400, True)
    assert found.better == "a"
    for metric, score in (("macro_f1", oracle.f1_score), ("accuracy", oracle.accuracy_score)):
        said = {"average": "macro"} if metric == "macro_f1" else {}
        assert found.of_a[metric].value == pytest.approx(score(y, good.argmax(1), **said))
        assert found.of_b[metric].value == pytest.approx(score(y, poor.argmax(1), **said))
    loss = oracle.log_loss(y, good) - oracle.log_loss(y, poor)
    assert found.differences["log_loss"].difference == pytest.approx(loss)
    assert found.differences["log_loss"].verdict == "helps"


def test_swapping_the_runs_turns_every_sign(world: Any) -> None:
    *_, a, b = world
    there, back = paired(a, b), paired(b, a)
    assert (there.better, back.better) == ("a", "b")
    for metric, found in there.differences.items():
        assert found.difference == pytest.approx(-back.differences[metric].difference), metric
    for metric, score in there.of_a.items():
        assert score.value == pytest.approx(back.of_b[metric].value), metric


def test_the_report_that_was_stored_gives_the_same_answer(world: Any) -> None:
    *_, a, b = world
    stored = decode(encode(a)), decode(encode(b))
    assert encode(paired(*stored)) == encode(paired(a, b))


def test_only_rows_that_both_have_and_that_leak_into_neither_decide() -> None:
    y = truth(60)
    values, names = [f"v{i}" for i in range(60)], [LABELS[code] for code in y]
    good = answers(y, 0.9, 1)
    clean = np.arange(60) != 20
    a = run(values[:40], names[:40], good[:40], clean=clean[:40])
    b = run(values[10:], names[10:], good[10:], clean=np.arange(10, 60) != 30)
    found = paired(a, b).rows
    assert (found.of_a, found.of_b, found.common, found.deciding) == (40, 50, 30, 28)
    assert (found.only_a, found.only_b, found.same) == (10, 20, False)


def test_a_row_with_another_label_is_another_row_and_copies_are_matched_one_to_one() -> None:
    values, names = ["x", "x", "x", "y"], ["a", "a", "b", "c"]
    a = run(values, names, np.eye(3)[[0, 0, 1, 2]])
    b = run(["y", "x", "z"], ["b", "a", "c"], np.eye(3)[[1, 1, 2]])
    found = paired(a, b)
    assert (found.rows.common, found.right.only_a, found.right.only_b) == (1, 1, 0)


def test_a_label_that_only_one_hold_out_has_keeps_its_column() -> None:
    y = truth(50)
    values, names = [f"v{i}" for i in range(50)], [LABELS[code] for code in y]
    a = run(values, names, answers(y, 0.9, 1))
    b = run([*values, "new"], [*names, "zebra"], answers(np.append(y, 0), 0.8, 2))
    assert b.unseen_labels == ("zebra",)
    found = paired(a, b)
    assert (found.rows.common, found.rows.only_b) == (50, 1)
    assert np.isfinite(found.differences["log_loss"].difference)


def test_equal_models_are_not_told_apart(world: Any) -> None:
    *_, a, _ = world
    found = paired(a, a)
    assert found.better == "neither"
    assert found.differences["accuracy"].p_value == 1.0


def test_other_labels_and_no_common_rows_are_refused() -> None:
    y = truth(30)
    names = [LABELS[code] for code in y]
    a = run([f"v{i}" for i in range(30)], names, answers(y, 0.9, 1))
    b = run([f"w{i}" for i in range(30)], names, answers(y, 0.9, 1))
    with pytest.raises(InputError, match="no row is in both"):
        paired(a, b)
    leaked = run([f"v{i}" for i in range(30)], names, answers(y, 0.9, 1), clean=y < 0)
    with pytest.raises(InputError, match="every common row repeats a training row"):
        paired(a, leaked)
    other = ("a", "b", "q")
    c = run(["u"], ["q"], np.array([[0.2, 0.2, 0.6]]), labels=other)
    with pytest.raises(InputError, match="only left knows 'c'; only right knows 'q'"):
        paired(a, c)


def test_without_hold_out_or_kept_answers_it_says_why(world: Any) -> None:
    *_, a, b = world
    said: dict[str, Any] = {
        "names": ("left", "right"), "metrics": ("accuracy",) * 2, "briefs": (BRIEF,) * 2,
    }  # fmt: skip
    crossed = pair_runs(replace(a, basis="cross-validation"), b, **said)
    assert crossed == NotAvailable("left has no hold-out: it was judged by cross-validation")
    old = pair_runs(a, replace(b, answered=NotAvailable("not kept")), **said)
    assert isinstance(old, NotAvailable)
    assert "right: not kept" in old.reason


def test_metrics_and_costs_must_be_the_same_to_decide(world: Any) -> None:
    *_, a, b = world
    mixed = paired(a, b, metrics=("accuracy", "macro_f1"))
    assert (mixed.metric, mixed.metric_reason) == (
        "accuracy", "the two runs were decided by different metrics",
    )  # fmt: skip
    priced = replace(BRIEF, mistake_costs={"c": 5.0})
    found = paired(a, b, briefs=(priced, priced), metrics=("cost", "cost"))
    y = truth()
    weights = np.where(y == 2, 5.0, 1.0)
    spent = [
        (weights * (one.answered.given != one.answered.codes)).mean()
        for one in (a,)
        if isinstance(one.answered, HoldoutAnswers)
    ]
    assert (found.metric, found.of_a["cost"].value) == ("cost", pytest.approx(spent[0]))
    apart = paired(a, b, briefs=(priced, BRIEF), metrics=("cost", "cost"))
    assert apart.metric == "accuracy"
    assert isinstance(apart.differences["cost"], NotAvailable)
