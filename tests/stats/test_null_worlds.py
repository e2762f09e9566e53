"""Two equal arms in many worlds: how often the comparison says `helps`, with real folds.

Each world has its own Gaussian classes and two noisy views of them that tell equally much. Both
views get a ridge classifier on the same repeated 5-fold splits, so that the fold scores depend on
one another as they do in a run.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats as scipy_stats

from headstart.stats import compare, moderated, rows_variance

WORLDS, N, K, REPEATS, WIDTH, CLASSES = 480, 200, 5, 2, 8, 3
Views = tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.int64]]


def _worlds(noise: tuple[float, float], seed: int) -> Views:
    """Two views (worlds, n, width) of the same latent rows, and labels (worlds, n)."""
    random = np.random.default_rng(seed)
    y = np.tile(np.arange(N) % CLASSES, (WORLDS, 1))
    centres = random.normal(0, 0.55, (WORLDS, CLASSES, WIDTH))
    latent = np.take_along_axis(centres, y[:, :, None], axis=1)
    latent = latent + random.normal(0, 0.7, (WORLDS, N, WIDTH))
    a, b = (latent + scale * random.normal(0, 1, latent.shape) for scale in noise)
    return a, b, y


def _right(X: NDArray[np.float64], y: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Whether a ridge classifier answers each row of a fold, (worlds, k × repeats, rows)."""
    wide = np.concatenate([X, np.ones((*X.shape[:2], 1))], axis=2)
    targets = np.eye(CLASSES)[y]
    right = []
    for repeat in range(REPEATS):
        random = np.random.default_rng(repeat)
        # Rows alternate between the classes: dealing shuffled blocks of K·CLASSES is stratified.
        order = np.argsort(np.arange(N) % CLASSES * N + random.permutation(N))
        fold = np.empty(N, dtype=np.int64)
        fold[order] = np.arange(N) % K
        for held_out in range(K):
            train, test = fold != held_out, fold == held_out
            rows, answers = wide[:, train], targets[:, train]
            gram = np.einsum("wni,wnj->wij", rows, rows, optimize=True) + np.eye(WIDTH + 1)
            weights = np.linalg.solve(gram, rows.transpose(0, 2, 1) @ answers)
            said = (wide[:, test] @ weights).argmax(axis=2)
            right.append(said == y[:, test])
    return np.stack(right, axis=1)


@cache
def _verdicts(
    noise: tuple[float, float], seed: int = 0, *, by_rows: bool = False, repeats: int = REPEATS
) -> tuple[str, ...]:
    a, b, y = _worlds(noise, seed)
    found = []
    for one, other in zip(_right(a, y), _right(b, y), strict=True):
        one, other = one[: K * repeats], other[: K * repeats]
        known = rows_variance(one, other) if by_rows else None
        found.append(
            compare(
                one.mean(axis=1), other.mean(axis=1), a="a", b="b", metric="accuracy", n=N, k=K,
                repeats=repeats, margin=0.01, by_rows=known,
            ).verdict
        )  # fmt: skip
    return tuple(found)


@pytest.mark.parametrize("by_rows", [False, True])
def test_equal_arms_are_seldom_said_to_differ(by_rows: bool) -> None:
    verdicts = _verdicts((1.0, 1.0), by_rows=by_rows)
    # `helps` at most 5% (nominal 2.5%, being one side of a 95% interval), either side as often:
    # the 99% quantile of the binomial is the error allowed to 480 worlds.
    allowed = scipy_stats.binom.ppf(0.99, WORLDS, 0.05)
    assert verdicts.count("helps") <= allowed
    assert verdicts.count("harms") <= allowed
    # Together, the nominal 5%.
    assert verdicts.count("helps") + verdicts.count("harms") <= allowed


def test_the_uncorrected_test_would_fail_the_same_worlds() -> None:
    a, b, y = _worlds((1.0, 1.0), 0)
    gaps = _right(a, y).mean(axis=2) - _right(b, y).mean(axis=2)
    p = scipy_stats.ttest_1samp(gaps, 0.0, axis=1).pvalue
    assert np.mean(p < 0.05) > 0.10


def test_a_better_arm_is_found() -> None:
    verdicts = _verdicts((0.3, 1.6))
    assert verdicts.count("helps") > 0.8 * WORLDS
    assert verdicts.count("harms") == 0


def test_one_repeat_of_folds_finds_more_by_their_rows() -> None:
    """Five folds say little of their spread; their rows say more, and are wrong less often."""
    better, equal = (0.6, 1.3), (1.0, 1.0)
    found = [_verdicts(better, by_rows=rows, repeats=1).count("helps") for rows in (False, True)]
    wrong = [WORLDS - _verdicts(equal, by_rows=rows, repeats=1).count("inconclusive")
             for rows in (False, True)]  # fmt: skip
    assert found[1] > found[0] + 0.05 * WORLDS
    assert wrong[1] <= wrong[0] <= scipy_stats.binom.ppf(0.99, WORLDS, 0.05)


@pytest.mark.parametrize(("unstable", "wrong"), [(0.0, 0.0053), (0.25, 0.0246), (0.5, 0.0459)])
def test_unstable_trainings_are_seldom_taken_for_a_gain(unstable: float, wrong: float) -> None:
    """Five folds without a gain whose trainings add so much to what the rows add to the variance,
    half of it common to all folds: the one-sided test at 5%, as decision 21 has it."""
    random, worlds = np.random.default_rng(1), 40_000
    own, common = random.normal(size=(worlds, K)), random.normal(size=(worlds, 1))
    folds = random.normal(size=(worlds, K)) + np.sqrt(unstable / 2) * (own + common)
    variance = np.array([moderated(float(one), K - 1, 1.0)[0] for one in folds.var(axis=1, ddof=1)])
    t = folds.mean(axis=1) / np.sqrt(variance * (1 / K + 1 / (K - 1)))
    share = np.mean(t > scipy_stats.t.ppf(0.95, moderated(0.0, K - 1, 1.0)[1]))
    assert share == pytest.approx(wrong, abs=4 * np.sqrt(wrong / worlds))
