"""Two equal arms in many worlds: how often the comparison says `helps`, with real folds.

Each world has its own Gaussian classes and two noisy views of them that tell equally much. Both
views get a ridge classifier on the same repeated 5-fold splits, so that the fold scores depend on
one another as they do in a run.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy import stats as scipy_stats

from headstart.stats import compare

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


def _fold_scores(X: NDArray[np.float64], y: NDArray[np.int64]) -> NDArray[np.float64]:
    """Accuracy of a ridge classifier on each fold, (worlds, k × repeats)."""
    wide = np.concatenate([X, np.ones((*X.shape[:2], 1))], axis=2)
    targets = np.eye(CLASSES)[y]
    scores = []
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
            scores.append((said == y[:, test]).mean(axis=1))
    return np.stack(scores, axis=1)


@cache
def _verdicts(noise: tuple[float, float], seed: int = 0) -> tuple[str, ...]:
    a, b, y = _worlds(noise, seed)
    pairs = zip(_fold_scores(a, y), _fold_scores(b, y), strict=True)
    return tuple(
        compare(
            one, other, a="a", b="b", metric="accuracy", n=N, k=K, repeats=REPEATS, margin=0.01
        ).verdict
        for one, other in pairs
    )


def test_equal_arms_are_seldom_said_to_differ() -> None:
    verdicts = _verdicts((1.0, 1.0))
    # `helps` at most 5% (nominal 2.5%, being one side of a 95% interval), either side as often:
    # the 99% quantile of the binomial is the error allowed to 480 worlds.
    allowed = scipy_stats.binom.ppf(0.99, WORLDS, 0.05)
    assert verdicts.count("helps") <= allowed
    assert verdicts.count("harms") <= allowed
    # Together, the nominal 5%.
    assert verdicts.count("helps") + verdicts.count("harms") <= allowed


def test_the_uncorrected_test_would_fail_the_same_worlds() -> None:
    a, b, y = _worlds((1.0, 1.0), 0)
    gaps = _fold_scores(a, y) - _fold_scores(b, y)
    p = scipy_stats.ttest_1samp(gaps, 0.0, axis=1).pvalue
    assert np.mean(p < 0.05) > 0.10


def test_a_better_arm_is_found() -> None:
    verdicts = _verdicts((0.3, 1.6))
    assert verdicts.count("helps") > 0.8 * WORLDS
    assert verdicts.count("harms") == 0
