"""Exact cosine search against the full matrix, and what keeps it bounded."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from numpy.typing import NDArray

from headstart.audit.near_duplicates import cosine
from headstart.audit.near_duplicates.cosine import cosine_pairs
from headstart.audit.near_duplicates.pairs import KIND


def _embeddings(n: int, width: int, seed: int) -> NDArray[np.float32]:
    """Clustered rows whose variance falls along the axes, as real embeddings have it."""
    rng = np.random.default_rng(seed)
    centres = rng.normal(size=(12, width))
    spread = 2 * np.arange(1, width + 1) ** -0.5
    rows = centres[rng.integers(12, size=n)] + rng.normal(size=(n, width)) * spread
    rows[: n // 10] = rows[n // 10 : 2 * (n // 10)] + 0.1 * rng.normal(size=(n // 10, width))
    return rows.astype(np.float32)


def _by_brute_force(features: NDArray[np.float32], threshold: float) -> set[tuple[int, int]]:
    unit = features.astype(np.float64)
    unit /= np.linalg.norm(unit, axis=1, keepdims=True)
    hits = np.argwhere(np.triu(unit @ unit.T, k=1) >= threshold)
    return {(int(i), int(j)) for i, j in hits}


@pytest.mark.parametrize("width", [8, 96, 384])
@pytest.mark.parametrize("threshold", [0.7, 0.95])
def test_same_pairs_as_the_full_matrix(width: int, threshold: float) -> None:
    features = _embeddings(700, width, seed=width)
    found = cosine_pairs(features, threshold)
    truth = _by_brute_force(features, threshold)
    assert truth, "the case must hold pairs"
    assert set(zip(found.first.tolist(), found.second.tolist(), strict=True)) == truth
    assert (found.first < found.second).all()
    assert (found.kind == KIND["embedding"]).all()
    unit = features / np.linalg.norm(features, axis=1, keepdims=True)
    exact = np.einsum("ij,ij->i", unit[found.first], unit[found.second])
    np.testing.assert_allclose(found.similarity, np.minimum(exact, 1), atol=2e-5)


def test_same_pairs_over_several_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cosine, "BLOCK", 64)
    monkeypatch.setattr(cosine, "SPAN", 2)
    features = _embeddings(700, 48, seed=1)
    found = cosine_pairs(features, 0.9, threads=3)
    got = set(zip(found.first.tolist(), found.second.tolist(), strict=True))
    assert got == _by_brute_force(features, 0.9)


def test_rows_of_zeros_match_nothing() -> None:
    features = np.zeros((6, 4), dtype=np.float32)
    features[[1, 4]] = 1.0
    found = cosine_pairs(features, 0.5)
    assert list(zip(found.first, found.second, strict=True)) == [(1, 4)]
    assert len(cosine_pairs(np.zeros((3, 4), dtype=np.float32), 0.5)) == 0


def test_more_pairs_than_the_limit_keep_the_groups(monkeypatch: pytest.MonkeyPatch) -> None:
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    monkeypatch.setattr(cosine, "BLOCK", 64)
    features = _embeddings(600, 24, seed=2)
    every = cosine_pairs(features, 0.8)
    few = cosine_pairs(features, 0.8, limit=500)
    assert every.complete
    assert not few.complete
    assert len(few) < len(every)

    def components(first: NDArray[np.int64], second: NDArray[np.int64]) -> NDArray[np.int64]:
        graph = coo_array((np.ones(len(first)), (first, second)), shape=(600, 600))
        return np.asarray(connected_components(graph, directed=False)[1])

    a, b = components(every.first, every.second), components(few.first, few.second)
    assert len(set(zip(a.tolist(), b.tolist(), strict=True))) == a.max() + 1 == b.max() + 1


def test_two_hundred_thousand_copies_stay_small() -> None:
    rows = np.ones((200_000, 16), dtype=np.float32)
    rows += np.random.default_rng(0).normal(scale=1e-4, size=rows.shape).astype(np.float32)
    tracemalloc.start()
    found = cosine_pairs(rows, 0.95)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(found) == 199_999
    assert not found.complete
    assert peak < 400e6


def test_bad_values_are_named() -> None:
    rows = np.ones((4, 3), dtype=np.float32)
    rows[2, 1] = np.nan
    with pytest.raises(ValueError, match="row 2"):
        cosine_pairs(rows, 0.9)
    with pytest.raises(ValueError, match="threshold"):
        cosine_pairs(np.ones((4, 3), dtype=np.float32), 1.5)
    with pytest.raises(ValueError, match="two dimensions"):
        cosine_pairs(np.ones(4, dtype=np.float32), 0.5)
