"""Rows that are mostly zeros: the same solution without principal axes."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from headstart.heads import fit_linear, linear
from headstart.heads.rotation import Rotation
from headstart.heads.sparse import SparseRows, worth_it


def counted(n: int, width: int, classes: int, seed: int = 0) -> tuple[NDArray[np.float32], ...]:
    """Rows of length 1 in which a few of many columns are filled, more of them the class's own."""
    random = np.random.default_rng(seed)
    y = np.concatenate([np.arange(classes), random.integers(classes, size=n - classes)])
    X = np.zeros((n, width), dtype=np.float32)
    for row, code in enumerate(y):
        common = random.integers(width, size=12)
        own = code * (width // classes) + random.integers(width // classes, size=6)
        X[row, common] = random.random(12)
        X[row, own] += random.random(6).astype(np.float32)
    return X / np.linalg.norm(X, axis=1, keepdims=True), y.astype(np.int64)


def both(monkeypatch: pytest.MonkeyPatch, fit: object) -> list[object]:
    """What it gives with sparse rows, and with turned ones."""
    found = []
    for sparse in (True, False):
        monkeypatch.setattr(linear, "worth_it", lambda X, classes, own=sparse: own)
        found.append(fit())  # type: ignore[operator]
    return found


@pytest.mark.parametrize("l2", [0.01, 0.5])
@pytest.mark.parametrize("classes", [2, 5])
def test_probabilities_are_scikit_learns(
    classes: int, l2: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    counts, y = counted(200, 500, classes)
    X = counts.astype(np.float64)  # scikit-learn would solve in single precision
    monkeypatch.setattr(linear, "worth_it", lambda X, classes: True)
    found = fit_linear(X, y, classes, l2_grid=[l2]).predict_proba(X)
    C = (2 if classes == 2 else 1) / l2
    wanted = LogisticRegression(C=C, tol=1e-10, max_iter=20_000).fit(X, y).predict_proba(X)
    np.testing.assert_allclose(found, wanted, atol=2e-5)


@pytest.mark.parametrize(("n", "width", "classes"), [(300, 400, 3), (150, 900, 6), (600, 200, 2)])
def test_penalty_and_weights_are_those_of_turned_rows(
    n: int, width: int, classes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    X, y = counted(n, width, classes, seed=n)
    sparse, turned = both(monkeypatch, lambda: fit_linear(X, y, classes))
    assert sparse.l2 == pytest.approx(turned.l2, rel=1e-4)
    np.testing.assert_allclose(sparse.weights, turned.weights, atol=1e-4)
    np.testing.assert_allclose(sparse.bias, turned.bias, atol=1e-4)


def test_several_labels_a_row_too(monkeypatch: pytest.MonkeyPatch) -> None:
    X, y = counted(240, 300, 4, seed=3)
    marks = np.eye(4, dtype=np.int64)[y]
    marks[::5, 0] = 1
    sparse, turned = both(monkeypatch, lambda: fit_linear(X, marks, 4))
    np.testing.assert_allclose(sparse.predict_proba(X), turned.predict_proba(X), atol=1e-4)


def test_a_class_without_a_row_and_one_row_for_all(monkeypatch: pytest.MonkeyPatch) -> None:
    X, y = counted(120, 300, 3, seed=4)
    sparse, turned = both(monkeypatch, lambda: fit_linear(X, np.where(y == 1, 0, y), 3))
    assert not sparse.weights[1].any()
    np.testing.assert_allclose(sparse.predict_proba(X), turned.predict_proba(X), atol=1e-4)
    same = np.repeat(X[:1], 120, axis=0)
    sparse, turned = both(monkeypatch, lambda: fit_linear(same, y, 3))
    np.testing.assert_allclose(sparse.predict_proba(X), turned.predict_proba(X), atol=1e-3)


def test_the_scale_is_that_of_centred_rows() -> None:
    X, _ = counted(100, 80, 4, seed=5)
    assert SparseRows.of(X).scale == pytest.approx(Rotation.of(X).scale, rel=1e-6)


def test_features_of_a_network_are_turned_and_empty_ones_too() -> None:
    random = np.random.default_rng(0)
    assert not worth_it(random.normal(size=(2000, 384)), 2)
    assert not worth_it(np.zeros((2000, 384)), 2)
    X, _ = counted(2000, 3000, 2)
    assert worth_it(X, 2)
    assert not worth_it(X[:60], 2)
