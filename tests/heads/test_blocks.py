"""A head on several blocks of features: its search against brute force, its answer against the
head on one block."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.linear_model import Ridge

from headstart.heads import fit_blocks, fit_linear
from headstart.heads.blocks import squared_error
from headstart.heads.inner_folds import inner_folds
from headstart.heads.linear import PRIOR_VARIANCES
from headstart.stats import mcnemar_exact

Floats = NDArray[np.float64]


def made(n: int, seed: int, second: float) -> tuple[list[Floats], NDArray[np.int64]]:
    """Three blocks: a weak one, one that tells the classes by `second`, and noise."""
    random = np.random.default_rng([seed, n])
    codes = random.integers(3, size=n)
    centres = np.random.default_rng(seed).normal(size=(3, 6))
    weak = 0.7 * centres[codes] + random.normal(size=(n, 6))
    strong = 40.0 * (second * np.eye(3)[codes] + 0.5 * random.normal(size=(n, 3)))
    return [weak, strong, 0.01 * random.normal(size=(n, 20))], codes


def test_rows_left_out_are_missed_as_by_ridge_regression_without_them() -> None:
    blocks, codes = made(90, 0, 1.0)
    X = blocks[0] - blocks[0].mean(axis=0)
    targets, fold = np.eye(3)[codes], inner_folds(codes, None, 3, 0)
    spread = (X**2).sum() / len(X)
    errors = []
    for variance in PRIOR_VARIANCES:
        total = 0.0
        for number in range(3):
            inside, out = fold != number, fold == number
            model = Ridge(alpha=spread / variance).fit(X[inside], targets[inside])
            total += ((model.predict(X[out]) - targets[out]) ** 2).sum()
        errors.append(total / len(X))
    # The closed form centres the targets over all rows, so that the intercepts differ a little.
    assert squared_error(X @ X.T, targets, fold) == pytest.approx(min(errors), rel=0.01)


def test_a_block_that_helps_has_a_share_and_one_of_noise_has_none() -> None:
    found = [fit_blocks(*made(200, seed, 1.0), 3, seed=seed).shares for seed in range(10)]
    assert all(shares[0] == 1.0 and shares[1] > 0.0 for shares in found)
    assert sum(shares[2] > 0.0 for shares in found) <= 3


def test_it_is_right_more_often_than_the_first_block_alone() -> None:
    (blocks, codes), (new, truth) = made(300, 3, 0.8), made(2_000, 3, 0.8)
    both = fit_blocks(blocks, codes, 3).head.predict_proba(np.hstack(new)).argmax(axis=1)
    one = fit_linear(blocks[0], codes, 3).predict_proba(new[0]).argmax(axis=1)
    assert (both == truth).mean() > (one == truth).mean()
    assert mcnemar_exact(both == truth, one == truth) < 1e-9


def test_where_nothing_helps_it_is_the_head_of_the_first_block() -> None:
    blocks, codes = made(200, 1, 1.0)
    empty = np.full((200, 4), 3.0)
    found = fit_blocks([blocks[1], empty], codes, 3, seed=2)
    assert found.shares == (1.0, 0.0)
    alone = fit_linear(blocks[1], codes, 3, seed=2)
    np.testing.assert_allclose(
        found.head.predict_proba(np.hstack([blocks[1], empty])),
        alone.predict_proba(blocks[1]),
        atol=1e-3,
    )


def test_another_unit_of_a_block_changes_no_answer() -> None:
    blocks, codes = made(150, 5, 0.6)
    scaled = [blocks[0], 1000.0 * blocks[1], blocks[2]]
    a, b = fit_blocks(blocks, codes, 3), fit_blocks(scaled, codes, 3)
    assert a.shares == b.shares
    np.testing.assert_allclose(
        a.head.predict_proba(np.hstack(blocks)),
        b.head.predict_proba(np.hstack(scaled)),
        atol=1e-4,
    )


def test_blocks_of_other_rows_are_refused() -> None:
    blocks, codes = made(50, 0, 1.0)
    with pytest.raises(ValueError, match="do not belong"):
        fit_blocks([blocks[0], blocks[1][:40]], codes, 3)
    with pytest.raises(ValueError, match="do not belong"):
        fit_blocks([], codes, 3)
