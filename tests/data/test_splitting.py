"""Folds and hold-outs: groups whole, classes even, the same each time."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headstart.data import carve_holdout, make_folds


@given(st.integers(0, 10_000), st.integers(10, 120), st.integers(2, 6), st.integers(1, 3))
@settings(max_examples=80, deadline=None)
def test_every_row_is_tested_once_a_repeat_and_classes_are_even(
    seed: int, n: int, k: int, repeats: int
) -> None:
    codes = np.random.default_rng(seed).integers(4, size=n)
    folds = make_folds(codes, np.arange(n), k, repeats, seed)
    assert folds.assignment.shape == (repeats, n)
    seen = np.zeros(n, dtype=int)
    for train, test in folds:
        assert not set(train) & set(test)
        assert len(train) + len(test) == n
        seen[test] += 1
    assert (seen == repeats).all()
    for repeat in folds.assignment:
        assert np.ptp(np.bincount(repeat, minlength=k)) <= 1
        for code in np.unique(codes):
            assert np.ptp(np.bincount(repeat[codes == code], minlength=k)) <= 1
    assert (folds.assignment == make_folds(codes, np.arange(n), k, repeats, seed).assignment).all()


@given(st.integers(0, 10_000), st.integers(12, 120), st.integers(2, 5))
@settings(max_examples=80, deadline=None)
def test_groups_are_never_divided_and_no_fold_is_empty(seed: int, n: int, k: int) -> None:
    random = np.random.default_rng(seed)
    groups = np.concatenate([np.arange(k), random.integers(max(k, n // 2), size=n - k)])
    codes = random.integers(3, size=n)
    for repeat in make_folds(codes, groups, k, 2, seed).assignment:
        assert all(len(set(repeat[groups == group])) == 1 for group in np.unique(groups))
        assert set(repeat) == set(range(k))


def test_repeats_and_seeds_differ() -> None:
    codes = np.arange(60) % 3
    folds = make_folds(codes, np.arange(60), 5, 2, 0)
    assert (folds.assignment[0] != folds.assignment[1]).any()
    assert (folds.assignment != make_folds(codes, np.arange(60), 5, 2, 1).assignment).any()


@pytest.mark.parametrize(
    ("groups", "k", "repeats", "said"),
    [
        (np.zeros(10, dtype=int), 2, 1, "1 groups cannot fill 2 folds"),
        (np.arange(9), 2, 1, "10 labels and 9 groups"),
        (np.arange(10), 1, 1, "at least 2 and 1"),
        (np.arange(10), 2, 0, "at least 2 and 1"),
    ],
)
def test_folds_that_cannot_be_made(groups: np.ndarray, k: int, repeats: int, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        make_folds(np.zeros(10, dtype=np.int64), groups, k, repeats, 0)


@given(st.integers(0, 10_000), st.integers(20, 300), st.sampled_from([0.1, 0.2, 0.5]))
@settings(max_examples=80, deadline=None)
def test_a_carved_holdout_has_its_share_of_each_class(seed: int, n: int, share: float) -> None:
    random = np.random.default_rng(seed)
    codes = random.integers(4, size=n)
    development, held = carve_holdout(codes, np.arange(n), share, seed)
    assert sorted([*development, *held]) == list(range(n))
    for code in np.unique(codes):
        total = int((codes == code).sum())
        there = int((codes[held] == code).sum())
        assert there == min(int(np.floor(total * share + 0.5)), total - 1)
    groups = random.integers(n // 3, size=n)
    development, held = carve_holdout(codes, groups, share, seed)
    assert not set(groups[development]) & set(groups[held])
    assert set(codes[held]) <= set(codes[development])
