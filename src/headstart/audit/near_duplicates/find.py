"""All the ways to find near-duplicates, put together."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from headstart.audit.near_duplicates.cosine import cosine_pairs
from headstart.audit.near_duplicates.grouping import group_rows
from headstart.audit.near_duplicates.image import picture_pairs
from headstart.audit.near_duplicates.pairs import KINDS, Pairs, merge
from headstart.audit.near_duplicates.text import equal_pairs, text_pairs
from headstart.ports import Progress
from headstart.types.data import Dataset

TEXT_COSINE = 0.985
"""Cosine of two texts' embeddings from which they are near-duplicates whatever their words."""


@dataclass(frozen=True, slots=True)
class NearDuplicates:
    """Pairs and groups over the data set's rows followed by the hold-out's.

    pairs: rows 0 … n−1 are the data set's, n … n+m−1 the hold-out's. groups (n,) and
    holdout_groups (m,) share their ids: a hold-out row leaks where its id is among `groups`.
    refused: indices of pairs whose rows are in different groups (a chain was cut there).
    """

    pairs: Pairs
    groups: NDArray[np.int64]
    holdout_groups: NDArray[np.int64]
    refused: NDArray[np.int64]

    @property
    def leaking(self) -> NDArray[np.bool_]:
        """Which hold-out rows (m,) have a near-duplicate among the rows that are trained on."""
        n = len(self.groups)
        leaks = np.isin(self.holdout_groups, self.groups)
        across = (self.pairs.first < n) & (self.pairs.second >= n)
        leaks[self.pairs.second[across] - n] = True
        return leaks

    def counts(self) -> dict[str, int]:
        """Pairs of each kind."""
        sizes = np.bincount(self.pairs.kind, minlength=len(KINDS))
        return {kind: int(size) for kind, size in zip(KINDS, sizes, strict=True) if size}


def _embedding_pairs(
    features: NDArray[np.float32],
    rows: NDArray[np.int64],
    progress: Progress | None,
) -> Pairs:
    found = cosine_pairs(features[rows], TEXT_COSINE, progress=progress)
    return Pairs(
        rows[found.first], rows[found.second], found.similarity, found.kind, found.complete
    )


def find_near_duplicates(
    dataset: Dataset,
    holdout: Dataset | None = None,
    *,
    features: NDArray[np.float32] | None = None,
    holdout_features: NDArray[np.float32] | None = None,
    seed: int = 0,
    progress: Progress | None = None,
) -> NearDuplicates:
    """Near-duplicates within `dataset`, within `holdout` and between them.

    Identical content first; then what is written (texts: normalised, renumbered, misspelt,
    template, edited) or seen (images: the same picture changed). With frozen embeddings `features`
    (n, width), texts of a cosine of at least 0.985 are near-duplicates too, and images of a cosine
    above 0.8 are looked at pixel by pixel. Groups join what is linked,
    but not along chains of weak links.

    Raises:
        ValueError: features that do not match the rows, or are not finite.
    """
    held = () if holdout is None else holdout.examples
    examples = (*dataset.examples, *held)
    n = len(dataset)
    identical = equal_pairs([example.key for example in examples], "identical")
    firsts: dict[str, int] = {}
    for row, example in enumerate(examples):
        firsts.setdefault(example.key, row)
    rows = np.array(list(firsts.values()), dtype=np.int64)
    values = [examples[row].value for row in rows]
    matrix = None
    if features is not None:
        matrix = _stacked(features, holdout_features, n, len(held))
    if dataset.modality == "text":
        near = text_pairs(values, seed=seed, progress=progress)
    else:
        seen = matrix[rows] if matrix is not None and len(matrix) == len(examples) else None
        near, _ = picture_pairs(values, features=seen, seed=seed, progress=progress)
    first, second = rows[near.first], rows[near.second]
    near = Pairs(
        np.minimum(first, second),
        np.maximum(first, second),
        near.similarity,
        near.kind,
        near.complete,
    )
    parts = [identical, near]
    if matrix is not None and dataset.modality == "text":
        parts.append(_embedding_pairs(matrix, rows[rows < len(matrix)], progress))
    pairs = merge(parts)
    groups = group_rows(pairs, len(examples))
    return NearDuplicates(pairs, groups.ids[:n], groups.ids[n:], groups.refused)


def _stacked(
    features: NDArray[np.float32],
    holdout_features: NDArray[np.float32] | None,
    n: int,
    m: int,
) -> NDArray[np.float32]:
    if len(features) != n:
        raise ValueError(f"features have {len(features)} rows, the data set {n}")
    if holdout_features is None:
        return features
    if len(holdout_features) != m:
        raise ValueError(f"hold-out features have {len(holdout_features)} rows, the hold-out {m}")
    return np.concatenate([features, holdout_features])
