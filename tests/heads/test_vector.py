"""Slopes and shifts against SciPy's minimiser and scikit-learn's logistic regression."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.special import log_softmax, softmax
from sklearn.linear_model import LogisticRegression

from headstart.heads import LinearHead, at_vector, before_vector, fit_vector, with_vector
from headstart.heads.vector import centred


def world(n: int, classes: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Labels whose logits are 0.5 to 1.5 times the stated ones, and shifted."""
    random = np.random.default_rng(seed)
    logits = random.normal(0.0, 2.0, (n, classes))
    slope, shift = np.linspace(0.5, 1.5, classes), random.normal(0.0, 0.7, classes)
    proba = softmax(centred(logits) * slope + shift, axis=1)
    y = (random.random((n, 1)) > proba.cumsum(axis=1)).sum(axis=1).clip(0, classes - 1)
    return y, logits


@pytest.mark.parametrize(("n", "classes", "heat"), [(60, 2, 1.0), (500, 3, 1.4), (900, 12, 0.8)])
def test_it_is_the_minimum_that_scipy_finds(n: int, classes: int, heat: float):
    y, logits = world(n, classes, classes)
    z = (logits - logits.mean(axis=1, keepdims=True)) / heat

    def value(at: np.ndarray) -> float:
        scaled = z * (1.0 + at[:classes]) + at[classes:]
        return float(-log_softmax(scaled, axis=1)[np.arange(n), y].sum() + 0.5 * at @ at)

    expected = minimize(value, np.zeros(2 * classes), method="L-BFGS-B", options={"ftol": 1e-14})
    found = fit_vector(y, logits, heat)
    assert found is not None
    at = np.concatenate([found[0] * heat - 1.0, found[1]])
    assert value(at) <= expected.fun + 1e-6
    np.testing.assert_allclose(at, expected.x, atol=5e-3)


def test_of_two_classes_it_is_a_logistic_regression_on_many_rows():
    y, logits = world(40_000, 2, 0)
    found = fit_vector(y, logits, 1.0)
    assert found is not None
    gap = logits[:, 1] - logits[:, 0]
    other = LogisticRegression(C=np.inf).fit(gap[:, None], y)
    np.testing.assert_allclose(
        at_vector(logits, found)[:, 1], other.predict_proba(gap[:, None])[:, 1], atol=2e-3
    )


def test_a_head_with_slopes_and_shifts_is_a_head_and_can_be_undone():
    random = np.random.default_rng(3)
    head = LinearHead(
        random.normal(size=(4, 6)).astype(np.float32), random.normal(size=4).astype(np.float32)
    )
    vector = np.array([0.5, 1.0, 1.5, 2.0]), np.array([0.3, -0.2, 0.0, 1.0])
    rows = random.normal(size=(50, 6)).astype(np.float32)
    logits = rows @ head.weights.T + head.bias
    scaled = with_vector(head, vector).predict_proba(rows)
    np.testing.assert_allclose(scaled, at_vector(logits, vector), atol=1e-5)
    np.testing.assert_allclose(at_vector(logits + 7.0, vector), scaled, atol=1e-5)
    np.testing.assert_allclose(before_vector(scaled, vector), head.predict_proba(rows), atol=1e-5)


def test_answers_that_are_all_right_leave_it_finite():
    found = fit_vector(np.array([0, 1]), np.array([[9.0, 0.0], [0.0, 9.0]]), 1.0)
    assert found is not None
    assert np.isfinite(np.concatenate(found)).all()


def test_a_class_whose_logit_says_the_opposite_gets_none():
    y, logits = world(2000, 3, 1)
    logits[:, 0] *= -1.0
    assert fit_vector(y, logits, 1.0) is None


def test_what_cannot_be_fitted_says_why():
    with pytest.raises(ValueError, match="do not belong"):
        fit_vector(np.zeros(0, np.int64), np.zeros((0, 2)), 1.0)
    with pytest.raises(ValueError, match="positive"):
        fit_vector(np.zeros(1, np.int64), np.zeros((1, 2)), 0.0)
