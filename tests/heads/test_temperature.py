"""Temperature scaling against SciPy's scalar minimiser."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax

from headstart.heads import at_temperature, fit_temperature, logits_of, with_temperature
from headstart.types.model import EncoderFeatures, FittedModel


def world(n: int, classes: int, stretch: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Labels drawn from softmax(logits), and the logits stretched."""
    random = np.random.default_rng(seed)
    logits = random.normal(0.0, 2.0, (n, classes))
    proba = np.exp(log_softmax(logits, axis=1))
    y = (random.random((n, 1)) > proba.cumsum(axis=1)).sum(axis=1).clip(0, classes - 1)
    return y, logits * stretch


def loss(y: np.ndarray, logits: np.ndarray) -> float:
    return float(-log_softmax(logits, axis=1)[np.arange(len(y)), y].sum())


@pytest.mark.parametrize(("classes", "stretch"), [(2, 0.4), (3, 1.0), (10, 3.0), (40, 6.0)])
def test_it_is_the_minimum_that_scipy_finds(classes: int, stretch: float):
    y, logits = world(800, classes, stretch, seed=classes)

    def value(u: float) -> float:
        return loss(y, logits * np.exp(-u)) + 0.5 * u * u

    expected = minimize_scalar(value, bounds=(-3.0, 3.0), method="bounded", options={"xatol": 1e-9})
    found = fit_temperature(y, logits)
    assert np.log(found) == pytest.approx(expected.x, abs=1e-4)
    assert value(float(np.log(found))) <= expected.fun + 1e-8


def test_it_finds_how_far_the_logits_were_stretched():
    y, logits = world(20_000, 5, 2.5, seed=7)
    assert fit_temperature(y, logits) == pytest.approx(2.5, rel=0.05)


@pytest.mark.parametrize("seed", range(20))
def test_it_is_never_worse_than_raw_on_the_rows_it_was_fitted_on(seed: int):
    random = np.random.default_rng(seed)
    y, logits = world(int(random.integers(5, 200)), 3, float(random.uniform(0.2, 5.0)), seed)
    found = fit_temperature(y, logits)
    assert loss(y, logits / found) <= loss(y, logits) + 1e-9


def test_where_every_answer_is_right_it_stays_finite():
    found = fit_temperature(np.array([0, 1]), np.array([[9.0, 0.0], [0.0, 9.0]]))
    assert 0.04 < found <= 1.0


def test_the_model_answers_as_before_with_other_probabilities():
    random = np.random.default_rng(0)
    features = random.normal(size=(50, 4)).astype(np.float32)
    model = FittedModel(
        approach="frozen",
        arm="frozen x",
        modality="text",
        labels=("a", "b", "c"),
        featurizer=EncoderFeatures("onnx:x", "0" * 64, 4),
        weights=random.normal(size=(3, 4)).astype(np.float32),
        bias=random.normal(size=3).astype(np.float32),
        head="logistic regression",
    )
    cooled = with_temperature(model, 2.0)
    before, after = (features @ one.weights.T + one.bias for one in (model, cooled))
    np.testing.assert_allclose(at_temperature(before, 2.0), at_temperature(after, 1.0), atol=1e-6)
    assert (before.argmax(axis=1) == after.argmax(axis=1)).all()
    assert cooled.settings["temperature"] == 2.0
    with pytest.raises(ValueError, match="positive"):
        with_temperature(model, 0.0)


def test_logits_of_probabilities_give_them_back():
    proba = np.random.default_rng(1).dirichlet(np.ones(4), 30)
    proba[0] = [1.0, 0.0, 0.0, 0.0]
    np.testing.assert_allclose(at_temperature(logits_of(proba), 1.0), proba, atol=1e-12)


@pytest.mark.parametrize(
    ("y", "logits", "said"),
    [
        (np.zeros(0, int), np.zeros((0, 2)), "do not belong"),
        (np.zeros(2, int), np.zeros((3, 2)), "do not belong"),
        (np.zeros(1, int), np.array([[np.inf, 0.0]]), "not finite"),
    ],
)
def test_what_cannot_be_fitted_is_refused(y, logits, said):
    with pytest.raises(ValueError, match=said):
        fit_temperature(y, logits)
