"""Scores of strangeness against scikit-learn, SciPy and worlds where the answer is known."""

from __future__ import annotations

import numpy as np
import onnx
import onnxruntime
import pytest
from scipy.special import logsumexp, softmax
from sklearn.covariance import ledoit_wolf
from sklearn.metrics import roc_auc_score
from sklearn.neighbors import NearestNeighbors

from headstart.adapt import Seen, by_probability, choose_outside
from headstart.adapt.outside import quantile
from headstart.heads import NAMES, LinearHead, fit_linear, fit_outside, outside_scores
from headstart.metrics import auroc
from headstart.package.graph import model_graph
from headstart.types.adapt import OutsideChoice
from headstart.types.data import Folds
from headstart.types.model import ClassicalFeatures, FittedModel
from headstart.types.result import NotAvailable


def world(n: int, seed: int, strange: int = 0, width: int = 24, classes: int = 4):
    """Classes around means in the first half of the dimensions; strange rows lie in the second."""
    random = np.random.default_rng(seed)
    means = np.zeros((classes, width))
    means[:, : width // 2] = np.random.default_rng(7).normal(size=(classes, width // 2)) * 2.0
    y = random.integers(0, classes, n)
    inside = (
        means[y]
        + random.normal(size=(n, width))
        * np.r_[np.ones(width // 2), np.full(width - width // 2, 0.3)]
    )
    outside = random.normal(size=(strange, width)) * 0.3
    outside[:, width // 2 :] += 1.5
    return inside.astype(np.float32), y, outside.astype(np.float32)


def head_of(features, y) -> LinearHead:
    return fit_linear(features, y, int(y.max()) + 1, l2_grid=(1.0,))


def logits(head: LinearHead, rows):
    return rows.astype(np.float64) @ head.weights.T.astype(np.float64) + head.bias


def fitted(name, n=300):
    rows, y, _ = world(n, 0)
    head = head_of(rows, y)
    return fit_outside(name, rows, y, head.weights, head.bias), head, rows, y


def test_probability_and_energy_are_those_of_scipy():
    new, _, _ = world(50, 1)
    for name, expected in (
        ("probability", lambda z: 1.0 - softmax(z, axis=1).max(axis=1)),
        ("energy", lambda z: -logsumexp(z, axis=1)),
    ):
        score, head, _, _ = fitted(name)
        z = logits(head, new)
        np.testing.assert_allclose(outside_scores(score, new, z), expected(z), atol=1e-9)


def test_neighbours_are_those_of_scikit_learn():
    score, head, rows, _ = fitted("neighbours")
    new, _, strange = world(40, 2, strange=10)
    found = NearestNeighbors(n_neighbors=5, metric="cosine", algorithm="brute").fit(rows)
    for part in (new, strange):
        far = found.kneighbors(part)[0][:, -1]
        got = outside_scores(score, part, logits(head, part))
        np.testing.assert_allclose(got, far - 1.0, atol=1e-5)


def test_mahalanobis_is_by_the_covariance_of_ledoit_and_wolf():
    score, head, rows, y = fitted("mahalanobis")
    means = np.stack([rows[y == code].mean(axis=0) for code in range(4)]).astype(np.float64)
    covariance = ledoit_wolf(rows - means[y], assume_centered=True)[0]
    inverse = np.linalg.inv(covariance)
    new, _, _ = world(40, 3)
    gaps = new[:, None, :] - means[None]
    expected = np.einsum("nci,ij,ncj->nc", gaps, inverse, gaps).min(axis=1)
    got = outside_scores(score, new, logits(head, new))
    np.testing.assert_allclose(got, expected, rtol=1e-3)


def test_vim_is_energy_plus_what_the_principal_subspace_leaves():
    score, head, rows, _ = fitted("vim")
    new, _, strange = world(40, 4, strange=40)
    origin = -np.linalg.pinv(head.weights.astype(np.float64)) @ head.bias
    np.testing.assert_allclose(head.weights @ origin + head.bias, 0.0, atol=0.2)
    moved = rows - origin
    vectors = np.linalg.svd(moved, full_matrices=True)[2]
    rest = vectors[12:]
    lengths = np.linalg.norm(moved @ rest.T, axis=1)
    factor = logits(head, rows).max(axis=1).mean() / lengths.mean()
    assert score.factor == pytest.approx(factor, rel=1e-3)
    expected = factor * np.linalg.norm((new - origin) @ rest.T, axis=1)
    expected -= logsumexp(logits(head, new), axis=1)
    np.testing.assert_allclose(outside_scores(score, new, logits(head, new)), expected, rtol=1e-3)
    strange_scores = outside_scores(score, strange, logits(head, strange))
    assert auroc(expected, strange_scores) > 0.95


def test_the_area_is_that_of_scikit_learn_ties_and_all():
    random = np.random.default_rng(0)
    low, high = random.integers(0, 9, 70), random.integers(3, 12, 50)
    truth = np.r_[np.zeros(70), np.ones(50)]
    assert auroc(low, high) == pytest.approx(roc_auc_score(truth, np.r_[low, high]))
    with pytest.raises(ValueError, match="cannot be told apart"):
        auroc([], [1.0])


@pytest.mark.parametrize("name", NAMES)
def test_the_graph_says_what_numpy_says(name):
    score, head, _, _ = fitted(name)
    model = FittedModel(
        "classical", "classical", "text", ("a", "b", "c", "d"),
        ClassicalFeatures("text", {}, {}, 24), head.weights, head.bias, "linear", outside=score,
    )  # fmt: skip
    content = model_graph([model], None)
    onnx.checker.check_model(onnx.load_from_string(content))
    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    new, _, strange = world(60, 5, strange=20)
    for part in (new, strange, new[:1]):
        proba, said = session.run(["probabilities", "outside"], {"features": part})
        assert proba.shape == (len(part), 4)
        expected = outside_scores(score, part, logits(head, part))
        np.testing.assert_allclose(said, expected, rtol=2e-3, atol=2e-4)


def folds(n: int, seed: int) -> Folds:
    return Folds(np.random.default_rng(seed).permutation(np.arange(n) % 5)[None, :], 5)


@pytest.mark.parametrize("given", [0, 30])
def test_strange_rows_that_logits_miss_are_found_by_features(given):
    """With rows out of scope to choose by, and with classes left out alone."""
    inside, y, _ = world(400, 6)
    _, _, some = world(1, 8, strange=given)
    seen = Seen(inside, y, some, 4, l2=1.0)
    whole = head_of(inside, y)
    found = choose_outside(seen, whole, folds(400, 0), 0.05, 0)
    assert isinstance(found, OutsideChoice)
    assert set(found.auroc) == set(NAMES)
    assert found.against == ("out-of-scope rows" if given else "classes that were left out")
    new, _, strange = world(4000, 9, strange=500)
    score = found.score
    alarms = (outside_scores(score, new, logits(whole, new)) > score.threshold).mean()
    assert 0.02 <= alarms <= 0.08
    if given:
        assert score.name not in ("probability", "energy")
        caught = outside_scores(score, strange, logits(whole, strange)) > score.threshold
        assert caught.mean() > 0.9


@pytest.mark.parametrize("pulled", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_false_alarms_keep_to_their_share_on_average(pulled):
    """60 worlds of 200 rows: the mean share of new rows above the threshold is at most 5%, but for
    three standard errors and the fold's smaller models; also where the head of all rows is pulled
    towards given weights, as those of the folds then are."""
    shares = []
    for seed in range(60):
        inside, y, _ = world(200, 100 + seed)
        centres = np.stack([inside[y == code].mean(axis=0) for code in range(4)])
        known = 2 * centres if pulled else None
        whole = fit_linear(inside, y, 4, l2_grid=[1.0], towards=known)
        seen = Seen(inside, y, inside[:0], 4, l2=1.0, towards=known)
        found = choose_outside(seen, whole, folds(200, seed), 0.05, 0)
        new, _, _ = world(2000, 1000 + seed)
        said = outside_scores(found.score, new, logits(whole, new))
        shares.append((said > found.score.threshold).mean())
    error = np.std(shares, ddof=1) / len(shares) ** 0.5
    assert 0.01 < np.mean(shares) <= 0.05 + 3 * error


def test_the_quantile_is_the_conformal_one():
    assert quantile(np.arange(1.0, 100.0), 0.05) == 95.0
    assert quantile(np.arange(1.0, 19.0), 0.05) == float("inf")
    hit = 0
    random = np.random.default_rng(0)
    for _ in range(4000):
        draw = random.normal(size=60)
        hit += draw[0] > quantile(draw[1:], 0.1)
    assert hit / 4000 == pytest.approx(0.1, abs=0.015)


def test_a_model_without_frozen_features_goes_by_probability():
    random = np.random.default_rng(0)
    inside = random.dirichlet(np.full(3, 0.2), 100)
    inside[:5] = np.nan
    found = by_probability(inside, random.dirichlet(np.ones(3), 50), 0.1)
    assert isinstance(found, OutsideChoice)
    assert (found.score.name, found.n, found.n_outside) == ("probability", 95, 50)
    assert 0.05 <= (1.0 - np.nanmax(inside[5:], axis=1) > found.score.threshold).mean() <= 0.1
    nothing = np.full((3, 2), np.nan)
    assert isinstance(by_probability(nothing, inside[:0], 0.1), NotAvailable)
