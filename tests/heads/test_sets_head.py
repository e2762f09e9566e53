"""A head for rows that may have several labels."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from headstart.heads import LinearHead, fit_linear, fit_temperature, logits_of_labels, sigmoid


def rows(seed: int, n: int = 120, width: int = 8, labels: int = 3) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    X = random.normal(size=(n, width)).astype(np.float32)
    truth = random.normal(size=(labels, width))
    y = (random.random((n, labels)) < sigmoid(X @ truth.T - 0.5)).astype(np.int64)
    return X, y


def test_each_label_is_a_logistic_regression_of_its_own() -> None:
    """With one vector of weights a label, the penalty of two softmax vectors is half as strong."""
    X, y = rows(0)
    head = fit_linear(X, y, 3, l2_grid=[4.0])
    assert head.several
    assert head.l2 == pytest.approx(4.0)
    proba = head.predict_proba(X)
    double = X.astype(np.float64)  # in single precision scikit-learn ends a little early
    for label in range(3):
        peer = LogisticRegression(C=2.0 / 4.0, tol=1e-10, max_iter=5000).fit(double, y[:, label])
        assert proba[:, label] == pytest.approx(peer.predict_proba(double)[:, 1], abs=2e-5)


def test_a_label_of_no_row_or_of_every_row_has_the_odds_of_half_a_row() -> None:
    X, y = rows(1)
    y[:, 0], y[:, 2] = 0, 1
    proba = fit_linear(X, y, 3).predict_proba(X)
    assert proba[:, 0] == pytest.approx(0.5 / 121, rel=1e-4)
    assert proba[:, 2] == pytest.approx(120.5 / 121)
    assert np.ptp(proba[:, 1]) > 0.1


def test_shapes_that_do_not_fit() -> None:
    X, y = rows(2)
    with pytest.raises(ValueError, match="do not belong"):
        fit_linear(X, y, 4)


def test_probabilities_of_labels_are_of_each_by_itself() -> None:
    head = LinearHead(np.zeros((2, 1), np.float32), np.array([0.0, 3.0], np.float32), several=True)
    assert head.predict_proba(np.zeros((1, 1)))[0] == pytest.approx([0.5, 1 / (1 + np.exp(-3))])
    assert sigmoid(logits_of_labels(np.array([[0.2, 0.9]])))[0] == pytest.approx([0.2, 0.9])


def test_the_temperature_of_pairs_is_that_of_the_logistic_function() -> None:
    """Labels drawn with the probability of half the logit: the temperature is 2."""
    random = np.random.default_rng(3)
    logits = random.normal(scale=3.0, size=20_000)
    y = (random.random(20_000) < sigmoid(logits / 2.0)).astype(np.int64)
    pairs = np.column_stack([np.zeros(20_000), logits])
    assert fit_temperature(y, pairs) == pytest.approx(2.0, abs=0.08)
