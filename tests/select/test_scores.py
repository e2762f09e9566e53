"""Every score against its oracle, the known errors of reference code, and what changes no score."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from math import log
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.stats import multivariate_normal
from sklearn.covariance import LedoitWolf
from sklearn.decomposition import PCA
from sklearn.neighbors import KNeighborsClassifier, NearestNeighbors

from headstart.select.scores import (
    gbc,
    h_score,
    knn_accuracy,
    leep,
    log_evidence,
    logme,
    nce,
    projected,
    transrate,
)

Matrix = NDArray[np.float64]
Codes = NDArray[np.int64]
Score = Callable[[NDArray[Any], NDArray[Any]], float]


def _logme(features: NDArray[Any], codes: NDArray[Any]) -> float:
    return logme(features, codes, int(codes.max()) + 1)


def _spherical(features: NDArray[Any], codes: NDArray[Any]) -> float:
    return gbc(features, codes, "spherical")


SCORES: dict[str, Score] = {
    "knn": knn_accuracy,
    "logme": _logme,
    "h_score": h_score,
    "transrate": transrate,
    "gbc": gbc,
    "gbc spherical": _spherical,
}
every_score = pytest.mark.parametrize("score", SCORES.values(), ids=SCORES.keys())


def _classes(n: int, d: int, n_classes: int, apart: float, seed: int = 0) -> tuple[Matrix, Codes]:
    random = np.random.default_rng(seed)
    codes = np.arange(n) % n_classes
    means = random.normal(size=(n_classes, d)) * apart
    return means[codes] + random.normal(size=(n, d)), codes


def _rotation(d: int) -> Matrix:
    return np.asarray(np.linalg.qr(np.random.default_rng(9).normal(size=(d, d)))[0])


# LogME


def _slogdet_evidence(F: Matrix, y: Matrix, alpha: float, beta: float) -> float:
    n, d = F.shape
    A = alpha * np.eye(d) + beta * F.T @ F
    m = beta * np.linalg.solve(A, F.T @ y)
    return float(
        n / 2 * log(beta)
        + d / 2 * log(alpha)
        - n / 2 * log(2 * np.pi)
        - beta / 2 * np.square(F @ m - y).sum()
        - alpha / 2 * m @ m
        - np.linalg.slogdet(A)[1] / 2
    )


@pytest.mark.parametrize(("n", "d"), [(200, 768), (60, 60), (200, 20), (5, 40), (30, 1)])
@pytest.mark.parametrize(("alpha", "beta"), [(1.0, 1.0), (30.0, 4.0), (0.01, 50.0)])
def test_evidence_is_that_of_the_determinant(n: int, d: int, alpha: float, beta: float) -> None:
    features, codes = _classes(n, d, 3, 0.3)
    target = (codes == 1).astype(np.float64)
    ours = log_evidence(features, target, alpha, beta)
    assert ours == pytest.approx(_slogdet_evidence(features, target, alpha, beta), rel=1e-9)
    covariance = np.eye(n) / beta + features @ features.T / alpha
    marginal = multivariate_normal.logpdf(target, np.zeros(n), covariance)
    assert ours == pytest.approx(float(marginal), rel=1e-7)


def test_the_part_of_the_determinant_outside_of_the_rows_counts() -> None:
    # Reference code sums log(alpha + beta σ²) over min(n, d) terms only: at d > n it is off by
    # (d − n)/2 · log alpha.
    features, codes = _classes(200, 768, 2, 0.3)
    target = (codes == 1).astype(np.float64)
    alpha, beta = 40.0, 6.0
    exact = _slogdet_evidence(features, target, alpha, beta)
    dropped = exact + (768 - 200) / 2 * log(alpha)
    ours = log_evidence(features, target, alpha, beta)
    assert ours == pytest.approx(exact, rel=1e-9)
    assert abs(dropped - exact) / 200 > 5


def _eleven_steps(F: Matrix, y: Matrix) -> tuple[float, float]:
    """(alpha, beta) after the published loop, from 1 and 1."""
    left, singular, _ = np.linalg.svd(F, full_matrices=False)
    along = left.T @ y
    alpha = beta = 1.0
    for _ in range(11):
        shrunk = beta * singular**2 / (alpha + beta * singular**2)
        weights, fitted = shrunk * along / singular, left @ (shrunk * along)
        alpha = float(shrunk.sum() / (weights @ weights))
        beta = float((len(y) - shrunk.sum()) / np.square(fitted - y).sum())
    return alpha, beta


def test_logme_of_random_features_wider_than_there_are_rows() -> None:
    # At 200 × 768, reference code's default path says about +10 a row where there is nothing to
    # find; the exact evidence is below 0.
    random = np.random.default_rng(0)
    features, codes = random.normal(size=(200, 768)), random.integers(0, 2, 200)
    exact, dropped = [], []
    for label in range(2):
        target = (codes == label).astype(np.float64)
        alpha, beta = _eleven_steps(features, target)
        exact.append(_slogdet_evidence(features, target, alpha, beta) / 200)
        dropped.append(exact[-1] + (768 - 200) / 2 * log(alpha) / 200)
    value = logme(features, codes, 2)
    assert float(np.mean(exact)) - 1e-9 <= value < float(np.mean(exact)) + 0.1
    assert value < 0 < 5 < min(dropped)


@pytest.mark.parametrize(("n", "d", "apart"), [(200, 20, 0.4), (60, 150, 0.2), (200, 768, 0.05)])
def test_logme_is_the_largest_evidence(n: int, d: int, apart: float) -> None:
    features, codes = _classes(n, d, 3, apart)
    values, vectors = np.linalg.eigh(features @ features.T)
    best = []
    for label in range(3):
        along = vectors.T @ (codes == label)

        def loss(x: Matrix, along: Matrix = along) -> float:
            # y is N(0, I/beta + F Fᵀ/alpha), diagonal in the basis of the vectors
            variance = np.exp(-x[1]) + np.maximum(values, 0) * np.exp(-x[0])
            return float(0.5 * (np.log(2 * np.pi * variance) + along**2 / variance).sum())

        starts = [np.array([np.log(d) + more, 1.5]) for more in (0, 4, 8)]
        best.append(max(-minimize(loss, start, method="Nelder-Mead").fun for start in starts))
    assert logme(features, codes, 3) == pytest.approx(float(np.mean(best)) / n, abs=2e-5)


def test_logme_grows_with_separation_and_ignores_unit_and_absent_classes() -> None:
    values = [_logme(*_classes(150, 30, 3, apart)) for apart in (0.0, 0.2, 0.5, 1.0)]
    assert values == sorted(values)
    features, codes = _classes(150, 30, 3, 0.3)
    value = logme(features, codes, 3)
    assert logme(features * 1e4, codes, 3) == pytest.approx(value, abs=1e-7)
    assert logme(features * 1e-90, codes, 3) == pytest.approx(value, abs=1e-7)
    assert logme(features, codes, 7) == value


def test_logme_of_an_exact_fit_is_finite() -> None:
    codes = np.arange(90) % 3
    exact = np.eye(3)[codes]
    assert np.isfinite(logme(exact, codes, 3))
    assert logme(exact, codes, 3) > _logme(*_classes(90, 3, 3, 3.0))


# H-score


@pytest.mark.parametrize(("n", "d"), [(200, 20), (60, 150), (40, 40), (12, 300)])
def test_h_score_is_the_matrix_identity(n: int, d: int) -> None:
    features, codes = _classes(n, d, 4, 0.5)
    features *= np.linspace(0.2, 3, d)
    fitted = LedoitWolf().fit(features)
    centred = features - features.mean(axis=0)
    conditional = np.stack([centred[codes == c].mean(axis=0) for c in codes])
    between = conditional.T @ conditional / n
    inverse = np.linalg.inv(fitted.covariance_)
    exact = (1 - fitted.shrinkage_) * float(np.trace(inverse @ between))
    ours = h_score(features, codes)
    assert ours == pytest.approx(exact, rel=1e-8)
    assert 0 <= ours <= 3
    elementwise = (1 - fitted.shrinkage_) * float(np.trace(inverse * between))
    assert abs(elementwise - exact) > 0.02 * exact  # what reference code computes


def test_h_score_of_two_rows_and_of_separated_classes() -> None:
    assert h_score(np.array([[0.0, 1.0, 2.0], [1.0, 0.0, 5.0]]), np.array([0, 1])) == pytest.approx(
        1.0
    )
    assert h_score(*_classes(3000, 6, 3, 300.0)) == pytest.approx(2.0, abs=0.05)


# LEEP and NCE


def test_leep_and_nce_of_a_perfect_and_an_ignorant_source() -> None:
    codes = np.arange(120) % 4
    assert leep(np.eye(4)[codes], codes, 4) == 0.0
    assert nce(codes, codes) == 0.0
    assert leep(np.eye(9)[codes * 2 + np.arange(120) // 4 % 2], codes, 4) == 0.0
    assert leep(np.full((120, 7), 1 / 7), codes, 4) == pytest.approx(log(1 / 4))
    assert nce(np.zeros(120, dtype=np.int64), codes) == pytest.approx(log(1 / 4))
    assert nce(np.arange(120) // 4 % 5, codes) == pytest.approx(log(1 / 4))


def test_leep_is_its_formula_and_that_of_one_hot_sources_is_nce() -> None:
    random = np.random.default_rng(4)
    theta = random.dirichlet(np.full(6, 0.5), size=80)
    codes = random.integers(0, 3, 80)
    expected = 0.0
    for i in range(80):
        inside = 0.0
        for z in range(6):
            joint = sum(theta[j, z] for j in range(80) if codes[j] == codes[i])
            inside += joint / theta[:, z].sum() * theta[i, z]
        expected += log(inside) / 80
    assert leep(theta, codes, 3) == pytest.approx(expected)
    source = theta.argmax(axis=1)
    value = nce(source, codes)
    assert leep(np.eye(6)[source], codes, 3) == pytest.approx(value)
    both = np.zeros((6, 3))
    np.add.at(both, (source, codes), 1 / 80)
    held = both[both > 0]
    marginal = both.sum(axis=1)
    entropy = -(held * np.log(held)).sum() + (marginal * np.log(np.maximum(marginal, 1e-9))).sum()
    assert value == pytest.approx(-entropy)


def test_leep_leaves_out_source_classes_without_probability() -> None:
    random = np.random.default_rng(5)
    theta = random.dirichlet(np.ones(4), size=50)
    codes = random.integers(0, 3, 50)
    wider = np.insert(theta, 2, 0.0, axis=1)
    assert leep(wider, codes, 3) == pytest.approx(leep(theta, codes, 3), rel=1e-12)
    assert leep(theta.astype(np.float32), codes, 8) == pytest.approx(
        leep(theta, codes, 3), rel=1e-6
    )


def test_leep_and_nce_ignore_order_names_and_duplicates() -> None:
    random = np.random.default_rng(6)
    theta = random.dirichlet(np.ones(4), size=50)
    codes, source = random.integers(0, 3, 50), random.integers(0, 4, 50)
    order, names = random.permutation(50), np.array([2, 0, 1])
    value = leep(theta, codes, 3)
    assert leep(theta[order], codes[order], 3) == pytest.approx(value, rel=1e-12)
    assert leep(theta[:, [3, 1, 0, 2]], names[codes], 3) == pytest.approx(value, rel=1e-12)
    assert leep(np.tile(theta, (2, 1)), np.tile(codes, 2), 3) == pytest.approx(value, rel=1e-12)
    value = nce(source, codes)
    assert nce(source[order], codes[order]) == pytest.approx(value, rel=1e-12)
    assert nce(source * 100 - 7, names[codes]) == pytest.approx(value, rel=1e-12)
    assert nce(np.tile(source, 2), np.tile(codes, 2)) == pytest.approx(value, rel=1e-12)


@pytest.mark.parametrize(
    "theta",
    [
        np.full((4, 2), 0.7),
        np.array([[1.5, -0.5]] * 4),
        np.full((4, 2), np.nan),
        np.ones(4),
        np.ones((3, 1)),
        np.ones((0, 2)),
    ],
)
def test_leep_refuses_what_is_not_probabilities(theta: Matrix) -> None:
    with pytest.raises(ValueError, match=r"source_probabilities|codes"):
        leep(theta, np.array([0, 1, 0, 1]), 2)


def test_nce_and_leep_refuse_codes_that_do_not_fit() -> None:
    with pytest.raises(ValueError, match="source_codes"):
        nce(np.array([0, 1]), np.array([0, 1, 1]))
    with pytest.raises(ValueError, match="integers"):
        nce(np.array([0.5, 1]), np.array([0, 1]))
    with pytest.raises(ValueError, match="at least one row"):
        nce(np.zeros(0, dtype=int), np.zeros(0, dtype=int))
    with pytest.raises(ValueError, match="between 0 and 1"):
        leep(np.full((2, 2), 0.5), np.array([0, 2]), 2)


# TransRate


@pytest.mark.parametrize(("n", "d"), [(120, 10), (30, 200), (41, 40)])
def test_transrate_is_the_determinant(n: int, d: int) -> None:
    features, codes = _classes(n, d, 3, 0.5)
    centred = features - features.mean(axis=0)

    def rate(Z: Matrix) -> float:
        return float(np.linalg.slogdet(np.eye(d) + Z.T @ Z / (len(Z) * 1e-4))[1] / 2)

    within = sum((codes == c).mean() * rate(centred[codes == c]) for c in range(3))
    assert transrate(features, codes) == pytest.approx(rate(centred) - within, rel=1e-9)


def test_transrate_of_unequal_classes_is_not_below_zero() -> None:
    random = np.random.default_rng(3)
    features = random.normal(size=(200, 4))
    codes = (np.arange(200) < 3).astype(np.int64)
    features[codes == 1] *= 30.0
    features[codes == 1] -= features[codes == 1].mean(axis=0)
    assert transrate(features, codes) >= 0
    values = [transrate(*_classes(300, 4, 5, apart), eps=0.1) for apart in (0.0, 1.0, 4.0)]
    assert values == sorted(values)
    assert values[0] < 0.2


def test_transrate_does_not_see_two_balanced_classes_of_one_spread() -> None:
    # As published: both are as far from the common mean, so that the rate within is that of all.
    noise = np.random.default_rng(0).normal(size=(200, 4))
    features, codes = np.concatenate([noise + 50.0, noise - 50.0]), np.repeat([0, 1], 200)
    assert transrate(features, codes) < 0.1


# GBC


def _bhattacharyya(features: Matrix, codes: Codes, *, spherical: bool) -> float:
    total = 0.0
    d = features.shape[1]
    for i in np.unique(codes):
        for j in np.unique(codes):
            if i == j:
                continue
            a, b = features[codes == i], features[codes == j]
            first, second = np.diag(a.var(axis=0)), np.diag(b.var(axis=0))
            if spherical:
                first, second = (np.trace(s) / d * np.eye(d) for s in (first, second))
            middle = (first + second) / 2
            gap = a.mean(axis=0) - b.mean(axis=0)
            logs = [np.linalg.slogdet(s)[1] for s in (middle, first, second)]
            distance = gap @ np.linalg.solve(middle, gap) / 8 + (logs[0] - sum(logs[1:]) / 2) / 2
            total -= np.exp(-distance)
    return float(total)


@pytest.mark.parametrize("spherical", [False, True])
@pytest.mark.parametrize(("n", "d"), [(90, 5), (30, 64)])
def test_gbc_is_its_formula(n: int, d: int, spherical: bool) -> None:
    features, codes = _classes(n, d, 3, 0.2)
    features *= np.where(codes == 1, 1.4, 1.0)[:, None]
    ours = gbc(features, codes, "spherical" if spherical else "diagonal")
    assert ours == pytest.approx(_bhattacharyya(features, codes, spherical=spherical), rel=1e-9)
    assert -6 <= ours <= 0


def test_spherical_gbc_keeps_the_number_of_columns() -> None:
    # Two classes of one mean, variances 1 and 4 in every column: −2 (σ²/(σ1σ2))^(−d/2). Reference
    # code has no d, and so gives the same for every width.
    for d in (1, 8, 32):
        corners = np.concatenate([np.eye(d), -np.eye(d)]) * np.sqrt(d)
        features = np.concatenate([corners, 2 * corners])
        codes = np.repeat([0, 1], 2 * d)
        assert _spherical(features, codes) == pytest.approx(-2 * 1.25 ** (-d / 2), rel=1e-9)


def test_gbc_bounds() -> None:
    same = np.random.default_rng(1).normal(size=(40, 6))
    tripled, codes = np.tile(same, (3, 1)), np.repeat([0, 1, 2], 40)
    for score in (gbc, _spherical):
        assert score(tripled, codes) == pytest.approx(-6)
        assert score(tripled + 1000.0 * codes[:, None], codes) == 0.0
    assert gbc(np.ones((9, 4)), np.arange(9) % 3) == -6


def test_gbc_of_a_class_of_one_row_uses_the_variance_of_the_others() -> None:
    features, codes = _classes(60, 5, 2, 0.3)
    alone = np.concatenate([features, features[codes == 0].mean(axis=0, keepdims=True)])
    value = gbc(alone, np.append(codes, 2)) - gbc(features, codes)
    assert value < -2  # in the middle of class 0, so not told apart from it
    with pytest.raises(ValueError, match="'diagonal' or 'spherical'"):
        gbc(features, codes, "full")  # type: ignore[arg-type]


# Nearest neighbours


@pytest.mark.parametrize(("d", "k"), [(8, 1), (8, 5), (300, 5), (8, 25)])
def test_knn_is_leave_one_out_of_scikit_learn(d: int, k: int) -> None:
    features, codes = _classes(90, d, 2, 0.3)
    right = 0
    for row in range(90):
        rest = np.arange(90) != row
        model = KNeighborsClassifier(k, metric="cosine").fit(features[rest], codes[rest])
        right += int(model.predict(features[[row]])[0] == codes[row])
    assert knn_accuracy(features, codes, k=k) == right / 90


def test_knn_with_many_classes_groups_and_blocks() -> None:
    features, codes = _classes(1100, 12, 7, 0.4)
    groups = np.random.default_rng(2).integers(0, 300, 1100)
    cosine, order = NearestNeighbors(n_neighbors=40, metric="cosine").fit(features).kneighbors()
    right = 0
    for row in range(1100):
        others = [i for i in range(40) if groups[order[row, i]] != groups[row]][:5]
        votes = np.zeros(7)
        for i in others:
            votes[codes[order[row, i]]] += 100 + (1 - cosine[row, i])
        right += int(votes.argmax() == codes[row])
    assert knn_accuracy(features, codes, groups) == right / 1100


def test_knn_copies_vouch_for_each_other_only_without_groups() -> None:
    random = np.random.default_rng(3)
    features, codes = random.normal(size=(150, 30)), random.integers(0, 3, 150)
    doubled, names = np.tile(features, (2, 1)), np.tile(codes, 2)
    assert knn_accuracy(doubled, names, k=1) == 1.0
    groups = np.tile(np.arange(150), 2)
    alone = knn_accuracy(features, codes, k=1)
    assert knn_accuracy(doubled, names, groups, k=1) == alone < 0.5
    assert knn_accuracy(doubled, names, groups, k=10) == knn_accuracy(features, codes, k=5)


def test_knn_with_fewer_rows_than_neighbours() -> None:
    features, codes = np.array([[1.0, 0.0], [1.0, 0.1], [0.0, 1.0]]), np.array([0, 0, 1])
    assert knn_accuracy(features, codes, k=50) == pytest.approx(2 / 3)  # the nearer wins a tie
    groups = np.array([0, 0, 1])
    assert knn_accuracy(features, codes, groups, k=50) == 0.0
    with pytest.raises(ValueError, match="two groups"):
        knn_accuracy(features, codes, np.zeros(3, dtype=int))
    with pytest.raises(ValueError, match="k must be"):
        knn_accuracy(features, codes, k=0)


def test_knn_memory_does_not_grow_with_the_square_of_the_rows() -> None:
    random = np.random.default_rng(0)
    features, codes = random.normal(size=(8000, 4)), random.integers(0, 2, 8000)
    tracemalloc.start()
    knn_accuracy(features, codes)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 100e6  # all cosines at once: 256 MB


# Projection


@pytest.mark.parametrize(("n", "d"), [(100, 20), (30, 90)])
def test_projection_is_that_of_scikit_learn(n: int, d: int) -> None:
    features, _ = _classes(n, d, 3, 1.0)
    ours = projected(features, 8, 0)
    theirs = PCA(8, svd_solver="full").fit_transform(features)
    assert ours.shape == (n, 8)
    assert np.abs(ours) == pytest.approx(np.abs(theirs), abs=1e-8)
    assert np.array_equal(ours, projected(features.copy(), 8, 1))
    assert projected(features + 100.0, 8, 0) == pytest.approx(ours, abs=1e-8)
    assert projected(-features, 8, 0) == pytest.approx(-ours, abs=1e-8)
    assert projected(features, 5, 0) == pytest.approx(ours[:, :5], abs=1e-12)


def test_projection_of_few_dimensions() -> None:
    assert projected(np.ones((6, 4)), 3, 0).tolist() == [[0.0]] * 6
    line = np.outer(np.arange(6.0), [1.0, 2.0, -1.0])
    assert projected(line, 3, 0).shape == (6, 1)
    assert projected(np.random.default_rng(0).normal(size=(5, 40)), 64, 0).shape == (5, 4)
    with pytest.raises(ValueError, match="width"):
        projected(line, 0, 0)


def test_projection_fits_on_drawn_rows_where_there_are_many(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("headstart.select.scores.projection.FITTED", 60)
    features, _ = _classes(200, 80, 3, 4.0)
    ours = projected(features, 2, 0)
    assert np.array_equal(ours, projected(features, 2, 0))
    assert not np.array_equal(ours, projected(features, 2, 1))
    for column, exact in zip(ours.T, PCA(2).fit_transform(features).T, strict=True):
        assert abs(np.corrcoef(column, exact)[0, 1]) > 0.9


# What holds for all of them


@every_score
def test_order_of_rows_names_and_gaps_of_labels_change_nothing(score: Score) -> None:
    features, codes = _classes(90, 12, 3, 0.4)
    value = score(features, codes)
    order = np.random.default_rng(1).permutation(90)
    assert score(features[order], codes[order]) == pytest.approx(value, rel=1e-7)
    assert score(features, np.array([2, 0, 1])[codes]) == pytest.approx(value, rel=1e-7)
    assert score(features, np.array([5, 0, 3])[codes]) == pytest.approx(value, rel=1e-7)
    assert score(features, codes.astype(np.int8)) == pytest.approx(value, rel=1e-12)


@every_score
@pytest.mark.parametrize(("n", "d"), [(90, 12), (30, 80)])
def test_rotation_changes_nothing_but_diagonal_gbc(score: Score, n: int, d: int) -> None:
    features, codes = _classes(n, d, 3, 0.4)
    features *= np.linspace(0.5, 3, d)
    value, turned = score(features, codes), score(features @ _rotation(d), codes)
    if score is SCORES["gbc"]:
        assert turned != pytest.approx(value, rel=1e-3)
    else:
        assert turned == pytest.approx(value, rel=1e-6)


@every_score
def test_duplicates_of_all_rows_as_documented(score: Score) -> None:
    features, codes = _classes(60, 10, 3, 0.3)
    value, doubled = score(features, codes), score(np.tile(features, (2, 1)), np.tile(codes, 2))
    if score in (SCORES["transrate"], SCORES["gbc"], SCORES["gbc spherical"]):
        assert doubled == pytest.approx(value, rel=1e-9)
    else:
        assert doubled > value


@every_score
def test_single_precision_is_as_good_and_the_arrays_stay_as_they_are(score: Score) -> None:
    features, codes = _classes(60, 90, 3, 0.4)
    single = features.astype(np.float32)
    for array in (single, features, np.asfortranarray(features)):
        kept, names = array.copy(), codes.copy()
        array.setflags(write=False)
        codes.setflags(write=False)
        score(array, codes)
        assert np.array_equal(array, kept)
        assert np.array_equal(codes, names)
    assert score(single, codes) == pytest.approx(score(features, codes), rel=1e-4)


@every_score
@pytest.mark.parametrize(
    ("name", "features", "codes"),
    [
        ("constant", np.full((12, 5), 0.1), np.arange(12) % 3),
        ("zeros", np.zeros((12, 5)), np.arange(12) % 3),
        ("two rows", np.array([[0.0, 1.0], [1.0, 0.0]]), np.array([0, 1])),
        ("a row a class", _classes(6, 20, 6, 1.0)[0], np.arange(6)),
        ("one row of one class", _classes(30, 4, 2, 1.0)[0], (np.arange(30) == 7).astype(int)),
        ("imbalance", _classes(300, 50, 2, 1.0)[0], (np.arange(300) < 4).astype(int)),
        ("one column", np.arange(20.0)[:, None], np.arange(20) % 2),
        ("a constant column", np.c_[np.ones(20), np.arange(20.0)], np.arange(20) % 2),
        ("large", np.random.default_rng(0).normal(size=(20, 30)) * 1e90, np.arange(20) % 2),
        ("small", np.random.default_rng(0).normal(size=(20, 30)) * 1e-90, np.arange(20) % 2),
        ("equal columns", np.repeat(np.arange(30.0)[:, None] % 7, 9, axis=1), np.arange(30) % 2),
        ("classes without spread", np.eye(3)[np.arange(12) % 3], np.arange(12) % 3),
    ],
)
def test_edge_cases_are_finite(
    score: Score, name: str, features: NDArray[Any], codes: NDArray[Any]
) -> None:
    assert np.isfinite(score(features, codes)), name


def test_constant_features_tell_nothing() -> None:
    features, codes = np.full((12, 5), 0.1), np.arange(12) % 3
    assert h_score(features, codes) == 0.0
    assert transrate(features, codes) == pytest.approx(0.0, abs=1e-9)
    assert gbc(features, codes) == _spherical(features, codes) == -6.0
    assert 0 <= knn_accuracy(features, codes) <= 1


@every_score
@pytest.mark.parametrize(
    ("features", "codes"),
    [
        (np.ones(4), np.array([0, 1, 0, 1])),
        (np.ones((4, 0)), np.array([0, 1, 0, 1])),
        (np.ones((1, 3)), np.array([0])),
        (np.ones((4, 3)), np.array([0, 1, 0])),
        (np.ones((4, 3)), np.array([[0], [1], [0], [1]])),
        (np.ones((4, 3)), np.array([0.0, 1.0, 0.0, 1.0])),
        (np.ones((4, 3)), np.array([1, 1, 1, 1])),
        (np.array([[1.0], [np.nan], [0.0], [1.0]]), np.array([0, 1, 0, 1])),
        (np.array([[1.0], [np.inf], [0.0], [1.0]]), np.array([0, 1, 0, 1])),
        (np.array([[1.0], [1e200], [0.0], [1.0]]), np.array([0, 1, 0, 1])),
    ],
)
def test_bad_shapes_and_values_are_refused(
    score: Score, features: NDArray[Any], codes: NDArray[Any]
) -> None:
    with pytest.raises(ValueError, match=r"features|codes|classes"):
        score(features, codes)


@pytest.mark.parametrize("eps", [0.0, -1.0, np.nan])
def test_transrate_refuses_a_distortion(eps: float) -> None:
    with pytest.raises(ValueError, match="eps"):
        transrate(*_classes(20, 3, 2, 1.0), eps=eps)


@pytest.mark.parametrize(("alpha", "beta"), [(0.0, 1.0), (1.0, -1.0), (np.inf, 1.0), (1.0, np.nan)])
def test_evidence_refuses_bad_precisions_and_targets(alpha: float, beta: float) -> None:
    features, codes = _classes(20, 3, 2, 1.0)
    with pytest.raises(ValueError, match="alpha and beta"):
        log_evidence(features, codes, alpha, beta)
    with pytest.raises(ValueError, match="target"):
        log_evidence(features, codes[:5], 1.0, 1.0)
    with pytest.raises(ValueError, match="between 0 and 0"):
        logme(features, codes, 1)
