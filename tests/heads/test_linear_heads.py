"""Linear heads against scikit-learn, and what must not change them."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from headstart.heads import PRIOR_VARIANCES, fit_linear, fit_majority, fit_prototypes
from headstart.heads.inner_folds import inner_folds
from headstart.heads.linear import INNER_FOLDS
from headstart.heads.rotation import Rotation

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]


def blobs(
    n: int, width: int, classes: int, seed: int = 0, apart: float = 1.0
) -> tuple[Floats, Codes]:
    random = np.random.default_rng(seed)
    centres = apart * random.normal(size=(classes, width))
    codes = np.concatenate([np.arange(classes), random.integers(classes, size=n - classes)])
    return centres[codes] + random.normal(size=(n, width)), codes


def reference(X: Floats, y: Codes, l2: float) -> LogisticRegression:
    """scikit-learn's, with the penalty of the docstring."""
    classes = len(np.unique(y))
    C = (2 if classes == 2 else 1) / l2
    return LogisticRegression(C=C, tol=1e-10, max_iter=20_000).fit(X, y)


@pytest.mark.parametrize(
    ("n", "width", "classes"), [(200, 5, 2), (200, 8, 4), (60, 150, 3), (40, 300, 2), (300, 3, 12)]
)
@pytest.mark.parametrize("l2", [0.1, 10.0])
def test_probabilities_are_scikit_learns(n: int, width: int, classes: int, l2: float) -> None:
    X, y = blobs(n, width, classes)
    head = fit_linear(X, y, classes, l2_grid=[l2])
    assert head.l2 == pytest.approx(l2)
    wanted = reference(X, y, l2).predict_proba(X)
    np.testing.assert_allclose(head.predict_proba(X), wanted, atol=2e-5)


def test_the_gradient_is_zero_at_the_solution() -> None:
    X, y = blobs(150, 10, 5, seed=1)
    head = fit_linear(X, y, 5, l2_grid=[0.5])
    W, b = head.weights.astype(np.float64), head.bias.astype(np.float64)
    logits = X @ W.T + b
    proba = np.exp(logits - logits.max(axis=1, keepdims=True))
    residual = proba / proba.sum(axis=1, keepdims=True) - np.eye(5)[y]
    assert np.abs(residual.T @ X + 0.5 * W).max() < 1e-3
    assert np.abs(residual.sum(axis=0)).max() < 1e-3


def test_an_inexact_head_gives_nearly_the_same_answers() -> None:
    X, y = blobs(200, 20, 4, seed=2)
    exact = fit_linear(X, y, 4, seed=3).predict_proba(X)
    quick = fit_linear(X, y, 4, seed=3, exact=False).predict_proba(X)
    assert np.abs(exact - quick).max() < 0.02
    assert (exact.argmax(axis=1) == quick.argmax(axis=1)).mean() > 0.99


def test_the_penalty_is_the_one_that_a_search_with_scikit_learn_finds() -> None:
    X, y = blobs(240, 30, 3, seed=4, apart=0.4)
    X -= X.mean(axis=0)
    folds = inner_folds(y, None, INNER_FOLDS, seed=5)
    spread = float(np.square(X).sum(axis=1).mean())
    losses = {}
    for variance in PRIOR_VARIANCES:
        loss = 0.0
        for fold in range(INNER_FOLDS):
            train, test = folds != fold, folds == fold
            model = reference(X[train], y[train], spread / variance)
            loss -= np.log(model.predict_proba(X[test])[np.arange(test.sum()), y[test]]).sum()
        losses[spread / variance] = loss
    assert fit_linear(X, y, 3, seed=5).l2 == pytest.approx(min(losses, key=losses.__getitem__))


@pytest.mark.parametrize("factor", [1e-3, 1e3])
def test_a_change_of_unit_or_origin_changes_nothing(factor: float) -> None:
    X, y = blobs(120, 12, 3, seed=6)
    plain = fit_linear(X, y, 3).predict_proba(X)
    moved = factor * X + 7 * factor
    np.testing.assert_allclose(fit_linear(moved, y, 3).predict_proba(moved), plain, atol=2e-3)


def test_columns_that_say_nothing_new_change_nothing() -> None:
    X, y = blobs(120, 6, 3, seed=7)
    plain = fit_linear(X, y, 3, l2_grid=[1.0]).predict_proba(X)
    constant = np.hstack([X, np.full((120, 2), 3.0)])
    np.testing.assert_allclose(
        fit_linear(constant, y, 3, l2_grid=[1.0]).predict_proba(constant), plain, atol=1e-5
    )


@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_equal_arguments_give_equal_bits(kind: type) -> None:
    X, y = blobs(100, 40, 4, seed=8)
    one, two = (fit_linear(X.astype(kind), y, 4, seed=1) for _ in range(2))
    assert one.weights.tobytes() == two.weights.tobytes()
    assert one.weights.dtype == np.float32


def test_a_class_without_rows_gets_the_odds_of_half_a_row() -> None:
    X, y = blobs(90, 4, 3, seed=9)
    head = fit_linear(X, np.array([0, 2, 4])[y], 6)
    proba = head.predict_proba(X)
    assert not head.weights[[1, 3, 5]].any()
    assert (proba[:, [1, 3, 5]] < 0.1).all()
    assert (proba > 0).all()


def test_one_class_is_all_it_says() -> None:
    head = fit_linear(np.random.default_rng(0).normal(size=(10, 3)), np.full(10, 1), 3)
    assert (head.predict_proba(np.zeros((4, 3))).argmax(axis=1) == 1).all()


def test_rows_that_are_all_alike_give_the_class_shares() -> None:
    y = np.array([0] * 30 + [1] * 10)
    proba = fit_linear(np.ones((40, 5)), y, 2).predict_proba(np.ones((1, 5)))
    np.testing.assert_allclose(proba, [[0.75, 0.25]], atol=1e-6)


@pytest.mark.parametrize(
    ("X", "y", "said"),
    [
        (np.full((4, 2), np.nan), np.array([0, 1, 0, 1]), "not finite"),
        (np.zeros((4, 2)), np.array([0, 1]), "do not fit"),
        (np.zeros((0, 2)), np.zeros(0, dtype=int), "do not fit"),
        (np.zeros((2, 2)), np.array([0, 5]), "codes from 0 to 1"),
        (np.zeros((2, 2)), np.array([0, -1]), "codes from 0 to 1"),
    ],
)
def test_what_cannot_be_fitted_is_refused(X: Floats, y: Codes, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        fit_linear(X, y, 2)


def test_majority_and_prototypes() -> None:
    majority = fit_majority(np.array([0, 0, 0, 1]), 3, width=2)
    np.testing.assert_allclose(
        majority.predict_proba(np.ones((1, 2))), [[4 / 7, 2 / 7, 1 / 7]], rtol=1e-6
    )
    vectors = np.array([[2.0, 0.0], [0.0, 5.0], [0.0, 0.0]])
    nearest = fit_prototypes(vectors, 20.0)
    row = np.array([[0.8, 0.6]])
    cosines = np.array([0.8, 0.6, 0.0])
    wanted = np.exp(20 * cosines) / np.exp(20 * cosines).sum()
    np.testing.assert_allclose(nearest.predict_proba(row)[0], wanted, rtol=1e-4)


@given(st.integers(0, 10_000), st.integers(2, 5), st.integers(6, 60))
@settings(max_examples=60, deadline=None)
def test_inner_folds_keep_groups_whole_and_classes_even(seed: int, folds: int, n: int) -> None:
    random = np.random.default_rng(seed)
    y = random.integers(3, size=n)
    alone = inner_folds(y, None, folds, seed)
    for code in np.unique(y):
        counts = np.bincount(alone[y == code], minlength=folds)
        assert np.ptp(counts) <= 1
    groups = random.integers(max(2, n // 2), size=n)
    together = inner_folds(y, groups, folds, seed)
    assert all(len(set(together[groups == group])) == 1 for group in np.unique(groups))
    assert (together == inner_folds(y, groups, folds, seed)).all()
    assert together.min() >= 0
    assert together.max() < folds


@pytest.mark.parametrize("shape", [(30, 8), (8, 30)])
def test_a_rotation_keeps_every_distance(shape: tuple[int, int]) -> None:
    X = np.random.default_rng(1).normal(size=shape) + 5
    turned = Rotation.of(X)
    np.testing.assert_allclose(
        turned.rows @ turned.rows.T * turned.scale**2,
        (X - X.mean(axis=0)) @ (X - X.mean(axis=0)).T,
        atol=1e-9,
    )
    weights, bias = np.random.default_rng(2).normal(size=(3, turned.rows.shape[1])), np.ones(3)
    own, shift = turned.back(X, weights, bias)
    np.testing.assert_allclose(X @ own.T + shift, turned.rows @ weights.T + bias, atol=1e-9)


def names_and_rows(n: int, seed: int, informed: bool) -> tuple[Floats, Codes, Floats]:
    """Rows whose class follows from the given weights, or has nothing to do with them."""
    random = np.random.default_rng([seed, n])
    known = 3.0 * random.normal(size=(4, 40)) / np.sqrt(40)
    truth = known if informed else 3.0 * random.normal(size=(4, 40)) / np.sqrt(40)
    X = 1.5 * random.normal(size=(n, 40))
    logits = X @ truth.T
    y = (logits + random.gumbel(size=logits.shape)).argmax(axis=1)
    return X, y, known


def test_the_gradient_is_zero_where_the_penalty_pulls_to_given_weights() -> None:
    X, y, known = names_and_rows(60, 0, informed=True)
    head = fit_linear(X, y, 4, l2_grid=[30.0], towards=known)
    assert head.towards == 0.5
    W, b = head.weights.astype(np.float64), head.bias.astype(np.float64)
    logits = X @ W.T + b
    proba = np.exp(logits - logits.max(axis=1, keepdims=True))
    residual = proba / proba.sum(axis=1, keepdims=True) - np.eye(4)[y]
    assert np.abs(residual.T @ X + 30.0 * (W - 0.5 * known)).max() < 1e-3
    assert np.abs(residual.sum(axis=0)).max() < 1e-3


def test_given_weights_are_used_where_they_say_something_and_not_where_they_do_not() -> None:
    """20 draws of 24 rows each, judged on 2,000 others."""
    shares = {True: [], False: []}  # type: dict[bool, list[float]]
    gains = {True: [], False: []}  # type: dict[bool, list[float]]
    for informed, seed in product((True, False), range(20)):
        X, y, known = names_and_rows(2024, seed, informed)
        few = slice(0, 24)
        with_names = fit_linear(X[few], y[few], 4, towards=known)
        without = fit_linear(X[few], y[few], 4)
        right = [(one.predict_proba(X[24:]).argmax(axis=1) == y[24:]).mean()
                 for one in (with_names, without)]  # fmt: skip
        shares[informed].append(with_names.towards)
        gains[informed].append(right[0] - right[1])
        if with_names.towards == 0.0:
            np.testing.assert_array_equal(with_names.weights, without.weights)
    assert np.mean(np.array(shares[True]) > 0) >= 0.9
    assert np.mean(gains[True]) > 0.1
    assert np.mean(np.array(shares[False]) > 0) <= 0.3
    assert np.mean(gains[False]) > -0.02


def test_with_many_rows_given_weights_change_little() -> None:
    X, y, known = names_and_rows(4000, 1, informed=False)
    a, b = fit_linear(X, y, 4, towards=known), fit_linear(X, y, 4)
    np.testing.assert_allclose(a.predict_proba(X), b.predict_proba(X), atol=0.04)


@pytest.mark.parametrize("shape", [(3, 40), (4, 39)])
def test_given_weights_must_fit(shape: tuple[int, int]) -> None:
    X, y, _ = names_and_rows(30, 0, informed=True)
    with pytest.raises(ValueError, match="to pull towards do not fit"):
        fit_linear(X, y, 4, towards=np.zeros(shape))


def test_a_class_without_rows_gets_no_weights_from_its_name() -> None:
    X, y, known = names_and_rows(60, 2, informed=True)
    kept = y != 3
    head = fit_linear(X[kept], y[kept], 4, towards=known)
    assert head.towards == 0.5
    assert not head.weights[3].any()
    assert np.isfinite(head.bias).all()
