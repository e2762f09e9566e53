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


def test_a_carved_holdout_is_the_same_each_time_and_another_with_another_seed() -> None:
    codes, groups = np.arange(90) % 3, np.arange(90) // 2
    first, again, other = (carve_holdout(codes, groups, 0.2, seed) for seed in (5, 5, 6))
    assert all((one == two).all() for one, two in zip(first, again, strict=True))
    assert set(first[1]) != set(other[1])


def test_a_class_with_one_row_or_one_group_is_never_held_out() -> None:
    codes = np.array([0] * 40 + [1] * 40 + [2] + [3] * 6)
    groups = np.array([*range(81), *[81] * 6])
    for seed in range(20):
        development, held = carve_holdout(codes, groups, 0.5, seed)
        assert {0, 1} == set(codes[held])
        assert {0, 1, 2, 3} == set(codes[development])


def test_large_groups_are_no_likelier_to_be_held_out() -> None:
    """Of 20 large groups and 60 single rows, both kinds lose about a fifth over many seeds."""
    groups = np.array([i for i in range(20) for _ in range(3)] + list(range(20, 80)))
    codes = np.zeros(120, dtype=np.int64)
    held = [np.unique(groups[carve_holdout(codes, groups, 0.2, seed)[1]]) for seed in range(200)]
    large = np.mean([(names < 20).sum() / 20 for names in held])
    single = np.mean([(names >= 20).sum() / 60 for names in held])
    assert large == pytest.approx(0.2, abs=0.02)
    assert single == pytest.approx(0.2, abs=0.02)


@given(st.integers(0, 10_000), st.integers(2, 5))
@settings(max_examples=60, deadline=None)
def test_groups_of_many_sizes_spread_every_class_as_evenly_as_they_allow(seed: int, k: int) -> None:
    """A fold may hold more of a class than another by no more than the largest group has."""
    random = np.random.default_rng(seed)
    sizes = random.integers(1, 5, size=40)
    groups = np.repeat(np.arange(40), sizes)
    codes = np.repeat(random.integers(3, size=40), sizes)
    for repeat in make_folds(codes, groups, k, 2, seed).assignment:
        for code in np.unique(codes):
            counts = np.bincount(repeat[codes == code], minlength=k)
            assert np.ptp(counts) <= sizes.max()


def marked(seed: int, n: int = 400, labels: int = 6) -> np.ndarray:
    """Marks of labels from frequent to rare."""
    shares = np.geomspace(0.5, 0.02, labels)
    return (np.random.default_rng(seed).random((n, labels)) < shares).astype(np.int64)


@pytest.mark.parametrize("seed", range(5))
def test_every_label_of_rows_with_several_is_spread_over_the_folds(seed: int) -> None:
    y = marked(seed)
    folds = make_folds(y, np.arange(len(y)), 5, 2, seed)
    for assignment in folds.assignment:
        counts = np.array([y[assignment == fold].sum(axis=0) for fold in range(5)])
        assert (np.ptp(counts, axis=0) <= 2).all()
        assert np.ptp(np.bincount(assignment, minlength=5)) <= 0.1 * len(y)
    again = make_folds(y, np.arange(len(y)), 5, 2, seed)
    assert (again.assignment == folds.assignment).all()


def test_sets_of_labels_that_occur_once_are_held_out_like_others() -> None:
    """With every set a class of its own, none of them ever was."""
    held_out = there = 0
    for seed in range(20):
        y = marked(seed)
        _, index, counts = np.unique(y, axis=0, return_inverse=True, return_counts=True)
        alone = counts[index.reshape(-1)] == 1
        held = carve_holdout(y, np.arange(len(y)), 0.2, seed)[1]
        held_out, there = held_out + int(alone[held].sum()), there + int(alone.sum())
    assert 0.1 < held_out / there < 0.3


@pytest.mark.parametrize("seed", range(5))
def test_each_label_of_rows_with_several_is_held_out_by_its_share(seed: int) -> None:
    y = marked(seed)
    development, held = carve_holdout(y, np.arange(len(y)), 0.2, seed)
    assert sorted([*development, *held]) == list(range(len(y)))
    assert abs(len(held) - 80) <= 4
    share = y[held].sum(axis=0) / y.sum(axis=0)
    assert (np.abs(y[held].sum(axis=0) - 0.2 * y.sum(axis=0)) <= 2).all(), share
    assert (y[development].sum(axis=0) > 0).all()


def test_groups_of_rows_with_several_labels_stay_whole() -> None:
    y, groups = marked(9), np.arange(400) // 3
    folds = make_folds(y, groups, 5, 1, 0).assignment[0]
    assert all(len(set(folds[groups == group])) == 1 for group in set(groups))
    development, held = carve_holdout(y, groups, 0.2, 0)
    assert not set(groups[development]) & set(groups[held])
    counts = np.array([y[folds == fold].sum(axis=0) for fold in range(5)])
    assert (counts[:, :3].min(axis=0) > 0.7 * counts[:, :3].mean(axis=0)).all()


@given(st.integers(0, 50))
def test_a_holdout_has_the_shares_that_are_asked_for(seed: int):
    codes = np.repeat([0, 1, 2, 3], 200)
    prevalence = np.array([0.39, 0.25, 0.09, 0.27])
    development, held = carve_holdout(codes, np.arange(800), 0.2, seed, prevalence)
    assert len(np.intersect1d(development, held)) == 0
    assert len(development) + len(held) == 800
    assert np.bincount(codes[held]).tolist() == [62, 40, 14, 43]


def test_a_holdout_with_other_shares_takes_no_class_apart():
    codes = np.repeat([0, 1], 100)
    development, held = carve_holdout(codes, np.arange(200), 0.3, 0, np.array([0.95, 0.05]))
    assert np.bincount(codes[held]).tolist() == [40, 2]  # two fifths of the first class
    assert np.bincount(codes[development]).tolist() == [60, 98]
    groups = np.arange(200) // 4
    _, held = carve_holdout(codes, groups, 0.3, 0, np.array([0.8, 0.2]))
    assert np.bincount(codes[held]).tolist() == [40, 8]
    assert not np.isin(groups[held], np.delete(groups, held)).any()
