"""Measures of relatedness against direct computations, and under the null."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.linalg import sqrtm
from scipy.spatial.distance import cdist, pdist
from scipy.stats import kstest
from sklearn.covariance import LedoitWolf

from headstart.select.relatedness import (
    TokenStatistics,
    cka,
    frechet_distance,
    frechet_to_moments,
    mmd,
    proxy_a_distance,
    token_statistics,
)

Matrix = NDArray[np.float64]


def _normal(n: int, d: int, seed: int, mean: float = 0.0) -> Matrix:
    return np.random.default_rng(seed).normal(mean, 1, size=(n, d))


def _rotation(d: int) -> Matrix:
    return np.asarray(np.linalg.qr(np.random.default_rng(9).normal(size=(d, d)))[0])


# MMD


def test_mmd_is_its_formula() -> None:
    a, b = _normal(30, 4, 0), _normal(50, 4, 1, 0.5)
    found = mmd(a, b, permutations=20, seed=0)
    assert found.bandwidth == pytest.approx(float(np.median(pdist(np.concatenate([a, b])))))

    def kernel(x: Matrix, y: Matrix) -> Matrix:
        return np.asarray(np.exp(-cdist(x, y, "sqeuclidean") / (2 * found.bandwidth**2)))

    expected = (kernel(a, a).sum() - 30) / (30 * 29) + (kernel(b, b).sum() - 50) / (50 * 49)
    assert found.value == pytest.approx(expected - 2 * kernel(a, b).mean(), abs=1e-12)


def test_mmd_p_values_are_uniform_under_the_null() -> None:
    # 400 simulations; a uniform sample fails p > 0.001 of Kolmogorov–Smirnov once in a thousand,
    # and the share below 0.05 leaves 0.05 ± 0.035 less often still.
    random = np.random.default_rng(0)
    found = [
        mmd(random.normal(size=(18, 3)), random.normal(size=(25, 3)), permutations=99, seed=i)
        for i in range(400)
    ]
    p_values = np.array([one.p_value for one in found])
    smoothed = p_values - random.random(400) / 100
    assert kstest(smoothed, "uniform").pvalue > 0.001
    assert abs((p_values <= 0.05).mean() - 0.05) < 0.035
    values = np.array([one.value for one in found])
    assert abs(values.mean()) < 3 * values.std() / 20  # unbiased


def test_mmd_finds_a_shift_and_is_symmetric_under_translation_and_rotation() -> None:
    a, b = _normal(700, 6, 0), _normal(600, 6, 1, 0.5)
    found = mmd(a, b, seed=3)
    assert found.p_value == pytest.approx(1 / 501)
    assert found == mmd(a, b, seed=3)
    moved = mmd(a @ _rotation(6) + 5, b @ _rotation(6) + 5, seed=3)
    assert moved.value == pytest.approx(found.value, rel=1e-9)
    assert mmd(a * 1e6, b * 1e6, seed=3).value == pytest.approx(found.value, rel=1e-9)
    a, b = a[:100], b[:80]
    assert mmd(a, b, seed=0).value == pytest.approx(mmd(b, a, seed=0).value, abs=1e-12)


def test_mmd_of_rows_that_are_alike() -> None:
    same = np.ones((6, 3))
    found = mmd(same, same, seed=0)
    assert abs(found.value) < 1e-12
    assert (found.p_value, found.bandwidth) == (1.0, 1.0)
    mostly = np.concatenate([same, [[1.0, 1.0, 3.0]]])
    assert mmd(same, mostly, seed=0).bandwidth == 2.0
    assert mmd(same * 0.1, same * 0.2, seed=0).p_value < 0.01
    with pytest.raises(ValueError, match="permutation"):
        mmd(same, same, permutations=0, seed=0)


# Proxy A-distance


def test_proxy_a_distance_under_the_null_and_of_separated_sides() -> None:
    for seed in range(3):
        null = proxy_a_distance(_normal(300, 8, seed), _normal(300, 8, seed + 50), seed)
        assert null.low == 0.0
        assert null.value < 0.25
        assert null.high is not None
        assert null.high < 0.6
    apart = proxy_a_distance(_normal(200, 8, 0), _normal(300, 8, 1, 3.0), 0)
    assert apart.value > 1.95
    assert apart.low is not None
    assert apart.high is not None
    assert 1.8 < apart.low < apart.value <= apart.high <= 2
    assert (apart.n, apart.confidence) == (400, 0.95)
    assert apart == proxy_a_distance(_normal(200, 8, 0), _normal(300, 8, 1, 3.0), 0)


def test_proxy_a_distance_nears_that_of_the_best_classifier() -> None:
    # N(0, 1) against N(1, 1): the best error is Φ(−1/2) = 0.3085, the distance 0.766.
    found = proxy_a_distance(_normal(1500, 1, 0), _normal(1500, 1, 1, 1.0), 0)
    assert found.low is not None
    assert found.high is not None
    assert found.low < 0.766 < found.high


def test_proxy_a_distance_of_uneven_sides_is_not_that_of_the_larger() -> None:
    found = proxy_a_distance(_normal(40, 3, 0), _normal(1600, 3, 1), 0)
    assert found.n == 80
    assert found.low == 0.0
    constant = proxy_a_distance(np.ones((20, 2)), np.ones((20, 2)), 0)
    assert constant.value == 0.0
    with pytest.raises(ValueError, match="at least 5 rows"):
        proxy_a_distance(np.ones((4, 2)), np.ones((20, 2)), 0)


# Fréchet distance


@pytest.mark.parametrize(("n", "d"), [(300, 6), (20, 50)])
def test_frechet_distance_is_that_of_the_matrix_root(n: int, d: int) -> None:
    a = _normal(n, d, 0) * np.linspace(0.5, 2, d)
    b = _normal(n + 7, d, 1, 0.3) @ _rotation(d) * np.linspace(1, 3, d)
    first, second = LedoitWolf().fit(a).covariance_, LedoitWolf().fit(b).covariance_
    gap = np.square(a.mean(axis=0) - b.mean(axis=0)).sum()
    root = np.real(sqrtm(first @ second))
    expected = gap + np.trace(first + second - 2 * root)
    assert frechet_distance(a, b) == pytest.approx(expected, rel=1e-7)
    assert frechet_distance(b, a) == pytest.approx(expected, rel=1e-7)
    turned = _rotation(d)
    assert frechet_distance(a @ turned + 3, b @ turned + 3) == pytest.approx(expected, rel=1e-7)


def test_frechet_distance_of_alike_and_constant_features() -> None:
    a = _normal(50, 8, 0)
    assert frechet_distance(a, a) == pytest.approx(0, abs=1e-9)
    assert frechet_distance(a, a + 2.0) == pytest.approx(32)
    assert frechet_distance(np.zeros((4, 3)), np.ones((5, 3))) == pytest.approx(3)


def test_frechet_to_stored_moments() -> None:
    a = _normal(80, 5, 0) * [1, 2, 3, 4, 5]
    assert frechet_to_moments(a, a.mean(axis=0), a.var(axis=0)) == pytest.approx(0, abs=1e-12)
    shifted = frechet_to_moments(a, a.mean(axis=0) + 1, 4 * a.var(axis=0))
    assert shifted == pytest.approx(5 + a.var(axis=0).sum())
    assert frechet_to_moments(a[:1], a[0], np.zeros(5)) == 0
    for mean, variance in (
        (np.zeros(4), np.ones(4)),
        (np.zeros(5), -np.ones(5)),
        (np.full(5, np.nan), np.ones(5)),
        (np.zeros(5), np.ones(4)),
    ):
        with pytest.raises(ValueError, match=r"moments|variance|shape"):
            frechet_to_moments(a, mean, variance)


# CKA


def _hsic(K: Matrix, L: Matrix) -> float:
    n = len(K)
    K, L = K - np.diag(np.diag(K)), L - np.diag(np.diag(L))
    one = np.ones(n)
    middle = (one @ K @ one) * (one @ L @ one) / ((n - 1) * (n - 2))
    return float((np.trace(K @ L) + middle - 2 / (n - 2) * one @ K @ L @ one) / (n * (n - 3)))


@pytest.mark.parametrize(("n", "d1", "d2"), [(60, 5, 9), (25, 70, 40), (40, 3, 300), (4, 3, 2)])
def test_cka_is_that_of_hsic(n: int, d1: int, d2: int) -> None:
    a = _normal(n, d1, 0) + 2.0
    b = a @ _normal(d1, d2, 1) + 2 * _normal(n, d2, 2)
    K, L = a @ a.T, b @ b.T
    expected = _hsic(K, L) / np.sqrt(_hsic(K, K) * _hsic(L, L))
    assert cka(a, b) == pytest.approx(expected, rel=1e-8)
    assert cka(b, a) == pytest.approx(expected, rel=1e-8)
    order = np.random.default_rng(3).permutation(n)
    assert cka(a[order], 7 * b[order] @ _rotation(d2) - 4) == pytest.approx(expected, rel=1e-7)


@pytest.mark.parametrize(("n", "d"), [(100, 12), (30, 400)])
def test_cka_of_itself_is_one(n: int, d: int) -> None:
    a = _normal(n, d, 0)
    assert cka(a, 3 * a @ _rotation(d) + 1) == pytest.approx(1)


def test_cka_of_independent_features_is_near_zero_where_the_biased_is_not() -> None:
    ours, biased = [], []
    for seed in range(20):
        a, b = _normal(60, 500, seed), _normal(60, 500, seed + 100)
        ours.append(cka(a, b))
        x, y = a - a.mean(axis=0), b - b.mean(axis=0)
        across = np.square(x.T @ y).sum()
        biased.append(across / np.linalg.norm(x.T @ x) / np.linalg.norm(y.T @ y))
    assert abs(float(np.mean(ours))) < 0.02
    assert max(map(abs, ours)) < 0.1
    assert min(biased) > 0.8


def test_cka_of_features_that_do_not_vary_and_of_duplicates() -> None:
    a = _normal(20, 3, 0)
    assert cka(a, np.full((20, 2), 0.1)) == 0.0
    assert cka(np.zeros((20, 30)), a) == 0.0
    b = a + 2 * _normal(20, 3, 1)
    assert cka(np.tile(a, (3, 1)), np.tile(b, (3, 1))) > cka(a, b)
    with pytest.raises(ValueError, match="same rows"):
        cka(a, a[:10])
    with pytest.raises(ValueError, match="at least 4 rows"):
        cka(a[:3], a[:3])


# Tokens


def test_tokens_of_wordpiece() -> None:
    found = token_statistics(
        [
            ["[CLS]", "play", "##ing", "chess", ".", "[SEP]", "[PAD]"],
            ["[CLS]", "cafe", "[UNK]", "[SEP]"],
        ],
        ["Playing chess.", "Café 龘"],
    )
    assert found == TokenStatistics(6 / 5, 1 / 6, 3 / 5)


def test_tokens_of_sentencepiece_and_byte_level() -> None:
    pieces = token_statistics([["<s>", "▁play", "ing", "▁chess", "</s>"]], ["playing chess"])
    assert pieces == TokenStatistics(3 / 2, 0.0, 1 / 2)
    letters = token_statistics(
        [["<s>", "Play", "ing", "ĠSchach", "ĠÃ¼ber", "Ġ", "Ã", "¤", "</s>"]],
        ["Playing Schach über ä"],
    )
    assert letters == TokenStatistics(7 / 4, 0.0, 2 / 4)


def test_a_word_is_counted_whole_as_often_as_it_is() -> None:
    found = token_statistics([["play", "##s", "play"]], ["plays play play"])
    assert found.whole_word_share == pytest.approx(2 / 3)
    assert token_statistics([[]], ["word"]) == TokenStatistics(0.0, 0.0, 0.0)


def test_tokens_that_cannot_be_counted() -> None:
    with pytest.raises(ValueError, match="2 texts"):
        token_statistics([["a"]], ["a", "b"])
    with pytest.raises(ValueError, match="no text holds a word"):
        token_statistics([[], []], ["", "  "])


# What holds for all of them


@pytest.mark.parametrize(("n", "d"), [(40, 6), (12, 60)])
def test_the_arrays_stay_as_they_are_and_single_precision_will_do(n: int, d: int) -> None:
    a, b = (_normal(n, d, seed, seed / 5).astype(np.float32) for seed in (0, 1))
    kept = a.copy(), b.copy()
    for array in (a, b):
        array.setflags(write=False)
    values = [
        mmd(a, b, seed=0).value,
        proxy_a_distance(a, b, 0).value,
        frechet_distance(a, b),
        frechet_to_moments(a, b[0], np.square(b[0])),
        cka(a, b),
    ]
    assert np.isfinite(values).all()
    assert np.array_equal(a, kept[0])
    assert np.array_equal(b, kept[1])


@pytest.mark.parametrize(
    ("a", "b"),
    [
        (np.ones(8), np.ones((8, 2))),
        (np.ones((8, 2)), np.ones((1, 2))),
        (np.ones((8, 0)), np.ones((8, 0))),
        (np.full((8, 2), np.nan), np.ones((8, 2))),
        (np.ones((8, 2)), np.full((8, 2), np.inf)),
    ],
)
def test_bad_shapes_and_values_are_refused(a: NDArray[Any], b: NDArray[Any]) -> None:
    for compare in (
        lambda: mmd(a, b, seed=0),
        lambda: proxy_a_distance(a, b, 0),
        lambda: frechet_distance(a, b),
        lambda: cka(a, b),
    ):
        with pytest.raises(ValueError, match=r"\b[ab]\b"):
            compare()
    with pytest.raises(ValueError, match="wide"):
        mmd(np.ones((8, 2)), np.ones((8, 3)), seed=0)
