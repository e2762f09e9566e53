"""How little a row looks like anything that was trained on: out-of-distribution scores.

Every score grows with strangeness. Each is a few products with features or logits, so that it can
stand in the same graph as the head.
"""

from __future__ import annotations

from typing import get_args

import numpy as np
from numpy.typing import NDArray

from headstart.types.model import OutsideName, OutsideScore

Floats = NDArray[np.float64]
NAMES: tuple[OutsideName, ...] = get_args(OutsideName)
NEIGHBOURS = 5
MOST_POINTS = 4000
"""Training rows that the nearest-neighbour score keeps."""
TINY = 1e-12


def fit_outside(
    name: OutsideName,
    features: NDArray[np.floating],
    codes: NDArray[np.integer],
    weights: NDArray[np.floating],
    bias: NDArray[np.floating],
    seed: int = 0,
) -> OutsideScore:
    """A score fitted on training rows; its threshold is infinite until one is chosen.

    probability: one less the largest probability (Hendrycks and Gimpel 2017). energy: minus the log
    of the summed exponentials of the logits (Liu et al. 2020). neighbours: minus the cosine to the
    fifth nearest training row (Sun et al. 2022). mahalanobis: squared distance to the nearest class
    mean under the shared covariance (Lee et al. 2018), which is shrunk (Ledoit and Wolf 2004). vim:
    energy plus the length of the part of the features outside of the principal subspace, matched in
    size to the largest logit (Wang et al. 2022).

    Args:
        features: (n, width). codes: (n,). weights, bias: of the linear head.
    """
    wide = features.astype(np.float64)
    if name == "neighbours":
        kept = np.random.default_rng(seed).permutation(len(wide))[:MOST_POINTS]
        points = _unit(wide[np.sort(kept)]).astype(np.float32)
        return OutsideScore(name, points=points, neighbours=min(NEIGHBOURS, len(points)))
    if name == "mahalanobis":
        present = np.unique(codes)
        means = np.stack([wide[codes == code].mean(axis=0) for code in present])
        inside = wide - means[np.searchsorted(present, codes)]
        values, vectors = np.linalg.eigh(_shrunk(inside))
        white = vectors / np.sqrt(np.maximum(values, TINY * max(values.max(), TINY)))
        origin = wide.mean(axis=0)
        return OutsideScore(
            name,
            projection=white.astype(np.float32),
            points=((means - origin) @ white).astype(np.float32),
            origin=origin.astype(np.float32),
        )
    if name == "vim":
        origin = -np.linalg.pinv(weights.astype(np.float64)) @ bias.astype(np.float64)
        moved = wide - origin
        values, vectors = np.linalg.eigh(moved.T @ moved / len(moved))
        kept_dims = min(max(len(bias), wide.shape[1] // 2), wide.shape[1] - 1)
        rest = vectors[:, : wide.shape[1] - kept_dims]
        lengths = np.linalg.norm(moved @ rest, axis=1)
        largest = (wide @ weights.T.astype(np.float64) + bias).max(axis=1)
        factor = float(largest.mean() / max(lengths.mean(), TINY))
        return OutsideScore(
            name,
            projection=rest.astype(np.float32),
            origin=origin.astype(np.float32),
            factor=factor,
        )
    return OutsideScore(name)


def outside_scores(
    score: OutsideScore, features: NDArray[np.floating], logits: NDArray[np.floating]
) -> Floats:
    """The score of rows by features (n, width) and logits (n, classes); higher is stranger.

    >>> score = OutsideScore("probability")
    >>> outside_scores(score, np.zeros((1, 0)), np.log([[0.75, 0.25]])).round(6).tolist()
    [0.25]
    """
    top = logits.astype(np.float64).max(axis=1)
    partition = np.log(np.exp(logits.astype(np.float64) - top[:, None]).sum(axis=1))
    if score.name == "probability":
        return np.asarray(1.0 - np.exp(-partition))
    if score.name == "energy":
        return np.asarray(-(top + partition))
    wide = features.astype(np.float64)
    if score.name == "neighbours":
        assert score.points is not None
        near = _unit(wide) @ score.points.T.astype(np.float64)
        return np.asarray(-np.partition(near, -score.neighbours, axis=1)[:, -score.neighbours])
    assert score.projection is not None
    assert score.origin is not None
    placed = (wide - score.origin) @ score.projection
    if score.name == "mahalanobis":
        assert score.points is not None
        points = score.points.astype(np.float64)
        squares = (placed**2).sum(axis=1)[:, None] - 2.0 * placed @ points.T
        return np.asarray((squares + (points**2).sum(axis=1)).min(axis=1))
    return np.asarray(score.factor * np.linalg.norm(placed, axis=1) - (top + partition))


def _unit(rows: Floats) -> Floats:
    return np.asarray(rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), TINY))


def _shrunk(inside: Floats) -> Floats:
    """Ledoit and Wolf's (2004) covariance of centred rows, shrunk towards a multiple of unity."""
    n, width = inside.shape
    sample = inside.T @ inside / n
    size = np.trace(sample) / width
    spread = ((sample - size * np.eye(width)) ** 2).sum() / width
    noise = ((inside**2).T @ (inside**2) / n - sample**2).sum() / (n * width)
    share = min(noise / spread, 1.0) if spread > 0.0 else 1.0
    return np.asarray(share * size * np.eye(width) + (1.0 - share) * sample)
