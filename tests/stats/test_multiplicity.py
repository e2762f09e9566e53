"""Holm's procedure against the closure of Bonferroni's, of which it is the shortcut."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from headstart.stats import confidence_at_look, holm, wilson


def closed(p: np.ndarray) -> np.ndarray:
    """A hypothesis is as significant as the least significant intersection that it is part of."""
    m = len(p)
    found = np.zeros(m)
    for size in range(1, m + 1):
        for some in combinations(range(m), size):
            joint = min(1.0, size * p[list(some)].min())
            for i in some:
                found[i] = max(found[i], joint)
    return found


@pytest.mark.parametrize("seed", range(20))
def test_it_is_the_closure_of_bonferroni(seed: int) -> None:
    random = np.random.default_rng(seed)
    p = random.random(int(random.integers(1, 7))) ** 3
    np.testing.assert_allclose(holm(p), closed(p), atol=1e-12)


def test_family_error_under_the_null() -> None:
    p = np.random.default_rng(0).random((4000, 8))
    rejected = np.mean([(holm(row) <= 0.05).any() for row in p])
    assert 0.04 <= rejected <= 0.06


@pytest.mark.parametrize("wrong", [[0.5, 1.2], [-0.1], [float("nan")], [[0.1]]])
def test_what_is_no_p_value(wrong: list[float]) -> None:
    with pytest.raises(ValueError, match="from 0 to 1"):
        holm(wrong)


def test_none() -> None:
    assert holm([]).tolist() == []


@pytest.mark.parametrize("looks", [2, 4])
def test_the_best_of_several_looks_is_covered(looks: int) -> None:
    """The model that looks best among several on the same rows; without the widening its interval
    misses what it is worth more often than stated."""
    random = np.random.default_rng(3)
    n, worth, worlds = 400, 0.8, 4000
    best = random.binomial(n, worth, (worlds, looks)).max(axis=1)

    def covered(confidence: float) -> float:
        found = {int(hits): wilson(int(hits), n, confidence) for hits in np.unique(best)}
        return float(np.mean([found[int(hits)].low <= worth for hits in best]))

    # Missing on one side only is half of what an interval may miss.
    assert covered(confidence_at_look(0.9, looks)) >= 0.95 - 0.007
    assert covered(0.9) < 0.95 - 0.015


def test_all_looks_hold_together() -> None:
    """Of models that share most of their errors or none of them."""
    random = np.random.default_rng(4)
    n, worth, looks, worlds = 300, 0.85, 3, 3000
    level = confidence_at_look(0.9, looks)
    found = [wilson(hits, n, level) for hits in range(n + 1)]
    for shared in (0.0, 0.8):
        held = 0
        for _ in range(worlds):
            common = random.random(n) < worth
            own = random.random((looks, n)) < worth
            right = np.where(random.random((looks, n)) < shared, common, own)
            held += all(found[k].low <= worth <= found[k].high for k in right.sum(axis=1))
        assert held / worlds >= 0.9 - 0.012


@pytest.mark.parametrize(("confidence", "looks"), [(0.95, 0), (1.0, 1), (0.0, 2)])
def test_what_is_no_look(confidence: float, looks: int) -> None:
    with pytest.raises(ValueError, match="looks"):
        confidence_at_look(confidence, looks)
