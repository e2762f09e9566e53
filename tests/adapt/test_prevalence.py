"""How common labels are in use: probabilities, scores and rows against what they come from."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, f1_score, log_loss

from headstart.adapt import Mix, find_weights, in_use, mix_of
from headstart.adapt.gate import FoldAnswers, Rule
from headstart.adapt.run import scored
from headstart.data import make_folds
from headstart.heads import LinearHead
from headstart.metrics import answer_costs, given_answers
from headstart.types.adapt import AnswerWeights
from headstart.types.model import ArmResult, FittedModel, NoFeatures

USE = np.array([0.8, 0.15, 0.05])
ROWS = np.array([1 / 3, 1 / 3, 1 / 3])
SKILL = 1.5


def world(n: int, shares: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(codes drawn by `shares`, true probabilities among equally common labels, and in use)."""
    random = np.random.default_rng(seed)
    codes = random.choice(3, size=n, p=shares)
    x = random.normal(size=(n, 3)) + SKILL * np.eye(3)[codes]
    density = np.exp(SKILL * x - SKILL**2 / 2)
    equal, used = density * ROWS, density * USE
    return codes, equal / equal.sum(1, keepdims=True), used / used.sum(1, keepdims=True)


MIX = Mix(USE, ROWS)


def test_the_design_effect_is_that_of_the_spread() -> None:
    """Of a share among weighted rows against the same share among rows that come as in use."""
    random, n = np.random.default_rng(3), 300
    weighted, plain = [], []
    for _ in range(3_000):
        codes = random.choice(3, size=n, p=ROWS)
        weights = MIX.weights(codes)
        right = random.random(n) < 0.7
        weighted.append((weights * right).sum() / weights.sum())
        plain.append(right.mean())
    assert np.var(weighted) / np.var(plain) == pytest.approx(MIX.design_effect, rel=0.1)
    assert Mix(ROWS, ROWS).design_effect == pytest.approx(1.0)


def test_shifted_probabilities_are_those_of_use() -> None:
    _, equal, used = world(500, ROWS, 0)
    assert MIX.shifted(equal) == pytest.approx(used)
    assert MIX.back(used) == pytest.approx(equal)
    wide = np.hstack([equal, np.zeros((500, 1))]).astype(np.float32)
    assert MIX.shifted(wide)[:, :3] == pytest.approx(used, abs=1e-6)
    assert (MIX.shifted(wide)[:, 3] == 0.0).all()
    none = np.full((2, 3), np.nan)
    assert np.isnan(MIX.shifted(none)).all()


def test_a_head_and_a_model_give_the_same() -> None:
    random = np.random.default_rng(1)
    head = LinearHead(random.normal(size=(3, 4)).astype(np.float32), np.zeros(3, np.float32))
    rows = random.normal(size=(50, 4)).astype(np.float32)
    wanted = MIX.shifted(head.predict_proba(rows))
    assert MIX.head(head).predict_proba(rows) == pytest.approx(wanted, abs=1e-6)
    model = FittedModel(
        "frozen", "frozen", "text", ("a", "b", "c"), NoFeatures(), head.weights, head.bias, "linear"
    )
    arm = ArmResult("frozen", "frozen", True, True, "", {}, head.predict_proba(rows))
    shifted, answers = in_use(model, arm, MIX)
    found = LinearHead(shifted.weights, shifted.bias).predict_proba(rows)
    assert found == pytest.approx(wanted, abs=1e-6)
    assert answers.out_of_fold == pytest.approx(wanted, abs=1e-6)
    assert shifted.settings["prevalence"] == USE.tolist()
    assert in_use(model, arm, None) == (model, arm)


def test_the_generic_model_saw_no_row() -> None:
    uneven = Mix(USE, np.array([0.5, 0.3, 0.2]))
    assert uneven.of("frozen") is uneven
    assert uneven.of("zero-shot").ratio == pytest.approx(3 * USE)


def test_scores_of_rows_of_each_class_are_those_of_cases_in_use() -> None:
    """Weighted folds of 30,000 rows, as many of each class, against 200,000 cases drawn as they
    come: every metric within a point and a half."""
    codes, equal, _ = world(30_000, ROWS, 2)
    folds = make_folds(codes, np.arange(len(codes)), 5, 1, 0)
    mix = mix_of({"a": 0.8, "b": 0.15, "c": 0.05}, ("a", "b", "c"), codes)
    assert mix is not None
    assert mix.in_use == pytest.approx(USE)
    found = [equal[test] for _, test in folds]
    truth, _, used = world(200_000, USE, 3)
    for metric in ("accuracy", "macro_f1", "balanced_accuracy"):
        of = scored(found, codes, folds, None, metric, mix)
        scores = of.scores
        assert [len(one) for one in of.by_row] == [len(one) for one in found]
        assert of.out_of_fold == pytest.approx(equal, abs=1e-6)
        by = answer_costs(metric, USE, used)
        given = given_answers(used, by)
        assert scores["accuracy"].mean() == pytest.approx(accuracy_score(truth, given), abs=0.015)
        wanted = f1_score(truth, given, average="macro")
        assert scores["macro_f1"].mean() == pytest.approx(wanted, abs=0.015)
        assert scores["log_loss"].mean() == pytest.approx(log_loss(truth, used), abs=0.015)


def test_what_the_answers_minimise_is_that_of_use() -> None:
    codes, equal, _ = world(20_000, ROWS, 4)
    truth, _, used = world(20_000, USE, 5)
    arm = ArmResult("frozen", "frozen", True, True, "", {}, equal.astype(np.float32))
    found = find_weights(arm, ("a", "b", "c"), codes, "macro_f1", MIX)
    assert isinstance(found, AnswerWeights)
    fresh = ArmResult("frozen", "frozen", True, True, "", {}, used.astype(np.float32))
    direct = find_weights(fresh, ("a", "b", "c"), truth, "macro_f1")
    assert isinstance(direct, AnswerWeights)
    assert found.weights == pytest.approx(direct.weights, rel=0.35)
    assert found.score == pytest.approx(direct.score, abs=0.015)
    assert found.score_of_most_probable == pytest.approx(direct.score_of_most_probable, abs=0.02)


def test_rows_are_drawn_as_cases_come() -> None:
    codes = np.repeat([0, 1, 2], 200)
    rows = MIX.drawn(codes, 0)
    assert (np.diff(rows) > 0).all()
    assert np.bincount(codes[rows]).tolist() == [200, 38, 12]
    assert (MIX.drawn(codes, 0) == rows).all()
    assert not (MIX.drawn(codes, 1) == rows).all()


def test_a_rung_is_judged_by_cases_in_use() -> None:
    codes, equal, _ = world(3000, ROWS, 6)
    rule = Rule("accuracy", 0.01, 0.95, 3000, 5)
    one = FoldAnswers(codes, equal, equal[:, ::-1], None, MIX)
    given = MIX.shifted(equal).argmax(axis=1)
    right = np.concatenate([given[codes == code] == code for code in range(3)])
    assert (np.concatenate([one.recalled(code) for code in range(3)]) == right).all()
    weights = MIX.weights(codes)
    wanted = accuracy_score(codes, given, sample_weight=weights)
    assert one.score("accuracy", rule) == pytest.approx(wanted)
    loss = log_loss(codes, MIX.shifted(equal), sample_weight=weights)
    assert one.score("log_loss", rule) == pytest.approx(loss)
    moved = MIX.shifted(equal[:, ::-1]).argmax(axis=1)
    wanted = accuracy_score(codes, moved, sample_weight=weights)
    assert one.score("accuracy", rule, shifted=True) == pytest.approx(wanted)


def test_nothing_is_shifted_where_the_brief_is_silent() -> None:
    assert mix_of({}, ("a", "b"), np.array([0, 1])) is None
