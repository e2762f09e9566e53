"""How much it counts to miss each label: of the arm that ships, and of every arm in the folds."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import f1_score

from headstart.adapt import find_weights, minimised
from headstart.adapt.run import scored
from headstart.data import make_folds
from headstart.heads import fit_linear
from headstart.metrics import given_answers, given_labels, macro_f1
from headstart.types.adapt import AnswerWeights
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
        scores, out_of_fold = scored(found, codes, folds, None, "macro_f1")
        plain, _ = scored(found, codes, folds, None, "accuracy")
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
