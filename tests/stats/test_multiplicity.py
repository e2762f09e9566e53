"""Holm's procedure against the closure of Bonferroni's, of which it is the shortcut."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from headstart.stats import holm


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
