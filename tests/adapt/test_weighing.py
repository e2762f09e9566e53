"""How much it counts to miss each label: of the arm that ships, and of every arm in the folds."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import f1_score

from headstart.adapt import ArmInputs, find_weights, minimised, run_arm
from headstart.adapt.run import scored
from headstart.data import make_folds
from headstart.engines.local import LocalEngine
from headstart.heads import fit_linear
from headstart.metrics import given_answers, given_labels, macro_f1
from headstart.types.adapt import AnswerWeights, ArmSpec
from headstart.types.model import ArmResult
from headstart.types.result import NotAvailable

SHARES, SKILL = np.array([0.88, 0.12]), 1.2


def drawn(n: int, random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """(features (n, 8), codes): two clouds, one of them rare."""
    codes = random.choice(2, size=n, p=SHARES)
    rows = random.normal(size=(n, 8))
    rows[:, 0] += SKILL * codes
    return rows.astype(np.float32), codes


def arm(out_of_fold: np.ndarray) -> ArmResult:
    return ArmResult("frozen", "frozen", True, True, "", {}, out_of_fold.astype(np.float32))


def stated(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """(codes, true probabilities) of the same clouds."""
    rows, codes = drawn(n, np.random.default_rng(seed))
    odds = SHARES * np.exp(np.column_stack([np.zeros(n), SKILL * rows[:, 0] - SKILL**2 / 2]))
    return codes, odds / odds.sum(axis=1, keepdims=True)


def test_scores_with_and_without_the_weights_are_those_of_scikit_learn() -> None:
    codes, proba = stated(2000, 0)
    proba[:50] = np.nan  # not scored in any fold
    found = find_weights(arm(proba), ("fine", "rude"), codes, "macro_f1")
    assert isinstance(found, AnswerWeights)
    assert found.weights["fine"] == 1.0
    assert found.weights["rude"] > 1.5
    assert found.n == 1950
    y, sure = codes[50:], proba[50:].astype(np.float32)
    given = given_answers(sure, minimised(found, several=False))
    assert found.score == pytest.approx(f1_score(y, given, average="macro"))
    plain = f1_score(y, sure.argmax(axis=1), average="macro")
    assert found.score_of_most_probable == pytest.approx(plain)
    assert found.score > plain + 0.02


def test_of_rows_with_several_labels_each_has_a_threshold() -> None:
    random = np.random.default_rng(1)
    shares = np.array([0.4, 0.1])
    codes = (random.random((3000, 2)) < shares).astype(np.int64)
    x = random.normal(size=codes.shape) + codes
    odds = shares / (1 - shares) * np.exp(x - 0.5)
    proba = odds / (1 + odds)
    found = find_weights(arm(proba), ("a", "b"), codes, "macro_f1")
    assert isinstance(found, AnswerWeights)
    given = given_labels(proba.astype(np.float32), minimised(found, several=True))
    assert found.score == pytest.approx(f1_score(codes, given, average="macro"))
    assert found.score > found.score_of_most_probable + 0.05


def test_where_nothing_is_weighed_it_says_why() -> None:
    codes, proba = stated(100, 2)
    for metric, values, why in (
        ("accuracy", proba, "weighs no label"),
        ("macro_f1", np.full_like(proba, np.nan), "no row"),
        ("macro_f1", np.tile(SHARES, (100, 1)), "the most probable labels promise the best"),
    ):
        found = find_weights(arm(values), ("fine", "rude"), codes, metric)
        assert isinstance(found, NotAvailable)
        assert why in found.reason
        assert minimised(found, several=False) is None


def test_scores_of_folds_promise_no_more_than_new_rows_keep() -> None:
    """The weights are chosen by the very rows that are scored, but not by their labels: over 60
    worlds of 150 rows the mean macro-F1 of the folds is that of 4,000 new rows within a point and a
    half (three standard errors), and above that of the most probable answers."""
    random = np.random.default_rng(3)
    gaps, gains = [], []
    for world in range(60):
        rows, codes = drawn(150, random)
        new, truth = drawn(4000, random)
        folds = make_folds(codes, np.arange(150), 5, 1, world)
        heads = [fit_linear(rows[train], codes[train], 2, seed=world) for train, _ in folds]
        found = [
            head.predict_proba(rows[test]) for head, (_, test) in zip(heads, folds, strict=True)
        ]
        of = scored(found, codes, folds, None, "macro_f1")
        scores, out_of_fold = of.scores, of.out_of_fold
        plain = scored(found, codes, folds, None, "accuracy").scores
        by = minimised(
            find_weights(arm(out_of_fold), ("fine", "rude"), codes, "macro_f1"), several=False
        )
        kept = [macro_f1(truth, given_answers(head.predict_proba(new), by), 2) for head in heads]
        pooled = macro_f1(codes, given_answers(out_of_fold, by), 2)
        gaps.append(pooled - np.mean(kept))
        gains.append(scores["macro_f1"].mean() - plain["macro_f1"].mean())
        assert (scores["log_loss"] == plain["log_loss"]).all()
    error = np.std(gaps, ddof=1) / np.sqrt(60)
    assert abs(np.mean(gaps)) < max(0.015, 3 * error)
    assert np.mean(gains) > 0.03


@pytest.mark.parametrize("several", [False, True])
def test_the_largest_class_is_always_answered_whatever_the_folds_shares(several: bool) -> None:
    """Folds of 61 rows and 62 differ in their shares by a row: answers that follow that difference
    would mix both classes, and promise more F1 than the largest class alone."""
    codes = np.repeat([0, 1], [246, 62])
    folds = make_folds(codes, np.arange(308), k=5, repeats=2, seed=0)
    labels = np.column_stack([np.ones(308, np.int64), codes]) if several else codes
    inputs = ArmInputs(
        "text", ["x"] * 308, labels, ("fine", "rude"), np.arange(308),
        separator=";" if several else None,
    )  # fmt: skip
    spec = ArmSpec("majority", "majority", "")
    found = run_arm(spec, inputs, folds, 0, lambda *_: None, LocalEngine(), metric="macro_f1")
    assert isinstance(found, ArmResult)
    if several:
        assert found.scores["macro_f1"] == pytest.approx((1.0 + 2 * 0.2 / 1.2) / 2, abs=0.01)
    else:
        assert found.scores["accuracy"] == pytest.approx(0.8, abs=0.01)
        assert found.scores["macro_f1"] == pytest.approx(0.8 / 1.8, abs=0.01)
    weights = find_weights(found, ("fine", "rude"), labels, "macro_f1")
    assert isinstance(weights, AnswerWeights if several else NotAvailable)
