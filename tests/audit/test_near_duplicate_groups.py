"""Groups from pairs: complete where links are firm, guarded where they are weak."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from headstart.audit.near_duplicates.grouping import group_rows
from headstart.audit.near_duplicates.pairs import KIND, make_pairs, merge, no_pairs


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 29), st.integers(0, 29)), max_size=60))
def test_firm_links_give_the_connected_components(links: list[tuple[int, int]]) -> None:
    links = [(a, b) for a, b in links if a != b]
    a = np.array([x for x, _ in links], dtype=np.int64)
    b = np.array([y for _, y in links], dtype=np.int64)
    pairs = make_pairs(a, b, 1.0, "normalised")
    ids = group_rows(pairs, 30).ids
    graph = coo_array((np.ones(len(a)), (a, b)), shape=(30, 30))
    count, truth = connected_components(graph, directed=False)
    assert ids.max() + 1 == count
    assert len(set(zip(ids.tolist(), truth.tolist(), strict=True))) == count


def _clique(rows: range, similarity: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    i, j = np.triu_indices(len(rows), k=1)
    base = rows.start
    return i + base, j + base, np.full(len(i), similarity, dtype=np.float32)


def test_one_weak_link_does_not_chain_two_dense_groups() -> None:
    left, right = _clique(range(10), 0.99), _clique(range(10, 20), 0.99)
    bridge = (np.array([9]), np.array([10]), np.array([0.96], dtype=np.float32))
    first, second, similarity = (np.concatenate(x) for x in zip(left, right, bridge, strict=True))
    guarded = group_rows(make_pairs(first, second, similarity, "embedding"), 20)
    assert guarded.sizes.tolist() == [10, 10]
    assert len(guarded.refused) == 1
    firm = make_pairs(first, second, similarity, "numbers")
    assert group_rows(firm, 20).sizes.tolist() == [20]


def test_a_long_chain_breaks_into_short_ones() -> None:
    at = np.arange(399)
    groups = group_rows(make_pairs(at, at + 1, 0.9, "edited"), 400)
    assert groups.sizes.max() <= 12
    assert len(groups.refused) == len(groups.sizes) - 1


def test_weak_pairs_of_single_rows_always_join() -> None:
    groups = group_rows(make_pairs(np.array([3]), np.array([1]), 0.5, "perceptual"), 5)
    assert groups.ids.tolist() == [0, 1, 2, 1, 3]


def test_pairs_cut_to_a_forest_are_not_taken_for_chains() -> None:
    star = make_pairs(np.zeros(99, dtype=np.int64), np.arange(1, 100), 0.99, "embedding")
    assert len(group_rows(star, 100).sizes) > 1
    cut = make_pairs(
        np.zeros(99, dtype=np.int64), np.arange(1, 100), 0.99, "embedding", complete=False
    )
    assert group_rows(cut, 100).sizes.tolist() == [100]


def test_merging_keeps_the_strictest_kind_once() -> None:
    a, b = np.array([4, 1]), np.array([2, 3])
    merged = merge([make_pairs(a, b, 0.9, "embedding"), make_pairs(b, a, 0.8, "typos"), no_pairs()])
    assert list(zip(merged.first, merged.second, strict=True)) == [(1, 3), (2, 4)]
    assert (merged.kind == KIND["typos"]).all()
