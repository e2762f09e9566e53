"""MinHash signatures of texts and banded search for candidate pairs, in arrays.

Broder 1997; banding as in Leskovec, Rajaraman, Ullman, Mining of Massive Datasets, chapter 3.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

SHINGLE = 3
CHUNK = 4096
RUN = 24
"""Rows of one bucket that are all compared; of a larger bucket each row meets its next few."""


@dataclass(frozen=True, slots=True)
class Shingles:
    """Sets of hashed character shingles: row i is `values[bounds[i]:bounds[i + 1]]`, sorted."""

    values: NDArray[np.uint32]
    bounds: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.bounds) - 1


def _mix(x: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """splitmix64's finaliser."""
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))


def _chunk_shingles(texts: Sequence[str]) -> tuple[NDArray[np.uint32], NDArray[np.int64]]:
    padded = [f" {text} " for text in texts]
    points = np.frombuffer("".join(padded).encode("utf-32-le"), dtype=np.uint32).astype(np.uint64)
    lengths = np.array([len(text) for text in padded], dtype=np.int64)
    counts = np.maximum(lengths - SHINGLE + 1, 0)
    starts = np.concatenate([[0], np.cumsum(lengths)[:-1]])
    owner = np.repeat(np.arange(len(texts), dtype=np.int64), counts)
    within = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    at = np.repeat(starts, counts) + within
    code = np.zeros(len(at), dtype=np.uint64)
    for offset in range(SHINGLE):
        code = code * np.uint64(0x110000) + points[at + offset]
    hashed = _mix(code + np.uint64(0x9E3779B97F4A7C15)) >> np.uint64(32)
    key = np.unique((owner.astype(np.uint64) << np.uint64(32)) | hashed)
    counts = np.bincount((key >> np.uint64(32)).astype(np.int64), minlength=len(texts))
    return key.astype(np.uint32), counts


def shingle(texts: Sequence[str]) -> Shingles:
    """The set of character trigrams of each text (words apart by a space), hashed to 32 bits."""
    values, counts = [np.empty(0, dtype=np.uint32)], [np.empty(0, dtype=np.int64)]
    for start in range(0, len(texts), CHUNK):
        part, size = _chunk_shingles(texts[start : start + CHUNK])
        values.append(part)
        counts.append(size)
    bounds = np.concatenate([[0], np.cumsum(np.concatenate(counts))]).astype(np.int64)
    return Shingles(np.concatenate(values), bounds)


def signatures(shingles: Shingles, *, hashes: int = 256, seed: int = 0) -> NDArray[np.uint32]:
    """MinHash signatures (n, hashes): equal with probability the Jaccard index of two sets."""
    rng = np.random.default_rng(seed)
    a = rng.integers(1, 1 << 63, size=hashes, dtype=np.uint64) | np.uint64(1)
    b = rng.integers(0, 1 << 63, size=hashes, dtype=np.uint64)
    n = len(shingles)
    out = np.full((n, hashes), np.iinfo(np.uint32).max, dtype=np.uint32)
    for start in range(0, n, CHUNK):
        stop = min(n, start + CHUNK)
        low, high = shingles.bounds[start], shingles.bounds[stop]
        x = shingles.values[low:high].astype(np.uint64)
        filled = np.flatnonzero(np.diff(shingles.bounds[start : stop + 1]) > 0)
        if not len(filled):
            continue
        at = shingles.bounds[start:stop][filled] - low
        for k in range(hashes):
            hashed = ((x * a[k] + b[k]) >> np.uint64(32)).astype(np.uint32)
            out[start + filled, k] = np.minimum.reduceat(hashed, at)
    return out


def _run_pairs(
    order: NDArray[np.int64], key: NDArray[np.uint64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Pairs of rows with equal keys; in long runs, each row with its next `RUN` rows."""
    ordered = key[order]
    edges = np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1], [True]]))
    length = np.repeat(np.diff(edges), np.diff(edges))
    last = np.repeat(edges[1:], np.diff(edges))
    position = np.flatnonzero(length > 1)
    end = last[position]
    first, second = [], []
    for step in range(1, RUN):
        inside = position + step < end
        position, end = position[inside], end[inside]
        if not len(position):
            break
        first.append(order[position])
        second.append(order[position + step])
    if not first:
        empty = np.empty(0, dtype=np.int64)
        return empty, empty
    return np.concatenate(first), np.concatenate(second)


def candidates(
    signature: NDArray[np.uint32], *, rows: int = 4, least: float = 0.35
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Pairs that agree in all hashes of some band of `rows` and in the share `least` of all.

    With 256 hashes in bands of 4, a pair of Jaccard index J is met with probability
    1 − (1 − J⁴)⁶⁴: 0.98 at 0.5, 0.9999 at 0.6.
    """
    n, hashes = signature.shape
    met = np.empty(0, dtype=np.int64)
    for band in range(0, hashes - rows + 1, rows):
        key = np.zeros(n, dtype=np.uint64)
        for column in range(band, band + rows):
            key = _mix(key + signature[:, column].astype(np.uint64) + np.uint64(band + 1))
        order = np.argsort(key, kind="stable").astype(np.int64)
        first, second = _run_pairs(order, key)
        code = np.unique(np.minimum(first, second) * n + np.maximum(first, second))
        code = code[np.isin(code, met, assume_unique=True, invert=True)]
        met = np.union1d(met, code[_agreement(signature, code // n, code % n) >= least])
    return met // n, met % n


def _agreement(
    signature: NDArray[np.uint32], i: NDArray[np.int64], j: NDArray[np.int64]
) -> NDArray[np.float64]:
    out = np.empty(len(i), dtype=np.float64)
    for start in range(0, len(i), 1 << 15):
        a, b = signature[i[start : start + (1 << 15)]], signature[j[start : start + (1 << 15)]]
        out[start : start + len(a)] = (a == b).mean(axis=1)
    return out


def jaccard(shingles: Shingles, i: int, j: int) -> float:
    """Exact Jaccard index of two rows' sets; 0 for two empty ones."""
    a = shingles.values[shingles.bounds[i] : shingles.bounds[i + 1]]
    b = shingles.values[shingles.bounds[j] : shingles.bounds[j + 1]]
    both = len(np.intersect1d(a, b, assume_unique=True))
    return both / max(1, len(a) + len(b) - both)
