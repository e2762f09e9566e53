"""Near-duplicate pictures: descriptions propose, registered detail decides."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from headstart.audit.near_duplicates.cosine import unit_rows
from headstart.audit.near_duplicates.nearest import nearest_rows
from headstart.audit.near_duplicates.pairs import Pairs, make_pairs, merge
from headstart.audit.near_duplicates.register import (
    Common,
    agreement,
    blur,
    common_detail,
    register,
    view,
)
from headstart.audit.near_duplicates.text import equal_pairs
from headstart.audit.near_duplicates.thumbnails import (
    Thumbnails,
    Whitening,
    spectrum,
    thumbnails,
    whitening,
)
from headstart.backbones.threads import one_thread_each
from headstart.ports import Progress

PROPOSED = 0.5
"""Cosine of two whitened descriptions from which a pair is looked at."""
EMBEDDED = 0.8
"""Cosine of two frozen embeddings from which a pair is looked at. It proposes only: of unlike solar
cells the embeddings reach 0.99, of one photograph made grey they fall to 0.55."""
NEIGHBOURS = 15
AGREED = 0.8
"""Correlation of registered detail from which two pictures are the same one."""
BACK = 0.5
"""Correlation that the weaker of the two directions must reach. What a set shares (bars, frames) is
left out of an upright picture but not of a turned one, so that one direction alone may agree on
nothing else."""
BATCH = 128


def _views() -> NDArray[np.float32]:
    """Where a copy may have been cut out of its original: whole, 92% and 96% at the middle and the
    corners, turned by 4° either way, mirrored. (v, 2, 3)"""
    maps = [np.eye(2, 3)]
    for scale in (0.92, 0.96):
        for x, y in ((0, 0), (-1, -1), (-1, 1), (1, -1), (1, 1)):
            shift = 1 - scale
            maps.append(np.array([[scale, 0, x * shift], [0, scale, y * shift]]))
    for degrees in (4.0, -4.0):
        c, s = np.cos(np.deg2rad(degrees)), np.sin(np.deg2rad(degrees))
        maps.append(np.array([[c, -s, 0], [s, c, 0]]))
    maps.append(np.array([[-1.0, 0, 0], [0, 1, 0]]))
    return np.stack(maps).astype(np.float32)


VIEWS = _views()
INVERSES = np.stack(
    [np.linalg.inv(np.vstack([one, [0, 0, 1]]))[:2] for one in VIEWS.astype(np.float64)]
).astype(np.float32)


@dataclass(frozen=True, slots=True)
class _Pictures:
    """Thumbnails as numbers, at two sizes, read from bytes when asked for."""

    grey: NDArray[np.uint8]

    def whole(self, rows: NDArray[np.int64]) -> NDArray[np.float32]:
        return blur(self.grey[rows].astype(np.float32), 0.7)


def _half(pictures: NDArray[np.float32]) -> NDArray[np.float32]:
    b, side, _ = pictures.shape
    out: NDArray[np.float32] = pictures.reshape(b, side // 2, 2, side // 2, 2).mean(axis=(2, 4))
    return out


def _spectra(pictures: _Pictures, one_map: NDArray[np.float32]) -> NDArray[np.float32]:
    parts = []
    for start in range(0, len(pictures.grey), 512):
        some = pictures.grey[start : start + 512].astype(np.float32)
        parts.append(spectrum(view(some, one_map)))
    return np.concatenate(parts)


def _strip_spectra(pictures: _Pictures, top: bool) -> NDArray[np.float32]:
    """The upper or lower half alone, stretched: what a watermark on the other half leaves."""
    half = np.array([[1, 0, 0], [0, 0.5, -0.5 if top else 0.5]], dtype=np.float32)
    return _spectra(pictures, half)


def _proposed(
    pictures: _Pictures, features: NDArray[np.float32] | None, progress: Progress | None
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """(query, row, view) of the pairs to look at, each pair once."""
    n = len(pictures.grey)
    plain = _spectra(pictures, VIEWS[0])
    white = whitening(plain)
    rows = white(plain)

    def views_of(start: int, stop: int) -> Iterable[tuple[int, NDArray[np.float32]]]:
        block = _Pictures(pictures.grey[start:stop])
        for number, one_map in enumerate(VIEWS):
            yield number, white(_spectra(block, one_map))

    found = [nearest_rows(rows, views_of, threshold=PROPOSED, k=NEIGHBOURS, progress=progress)]
    for top in (True, False):
        strip = _strip_spectra(pictures, top)
        flat: Whitening = whitening(strip)
        strip = flat(strip)

        def same_half(
            start: int, stop: int, strip: NDArray[np.float32] = strip
        ) -> Iterable[tuple[int, NDArray[np.float32]]]:
            yield 0, strip[start:stop]

        found.append(nearest_rows(strip, same_half, threshold=0.7, k=NEIGHBOURS))
    if features is not None:
        seen = unit_rows(features)

        def as_they_are(start: int, stop: int) -> Iterable[tuple[int, NDArray[np.float32]]]:
            yield 0, seen[start:stop]

        found.append(nearest_rows(seen, as_they_are, threshold=EMBEDDED, k=NEIGHBOURS))
    query = np.concatenate([part.query for part in found])
    row = np.concatenate([part.row for part in found])
    number = np.concatenate([part.view for part in found])
    similarity = np.concatenate([part.similarity for part in found])
    code = np.minimum(query, row) * n + np.maximum(query, row)
    order = np.lexsort((-similarity, code))
    once = np.ones(len(order), dtype=np.bool_)
    once[1:] = np.diff(code[order]) != 0
    kept = order[once]
    return query[kept], row[kept], number[kept]


def _scores(
    pictures: _Pictures,
    query: NDArray[np.int64],
    row: NDArray[np.int64],
    start_maps: NDArray[np.float32],
    common: Common,
    progress: Progress | None,
) -> NDArray[np.float32]:
    """Agreement of each proposed pair once registered from `start_maps` (m, 2, 3); pairs that
    already differ at half size are left at 0."""
    out = np.zeros(len(query), dtype=np.float32)
    for start in range(0, len(query), BATCH):
        part = slice(start, start + BATCH)
        template, picture = pictures.whole(row[part]), pictures.whole(query[part])
        small, other = _half(template), _half(picture)
        maps = register(small, other, start_maps[part], steps=6)
        likely = np.flatnonzero(agreement(small, other, maps) >= 0.15)
        if len(likely):
            template, picture = template[likely], picture[likely]
            maps = register(template, picture, maps[likely], steps=5)
            out[start + likely] = agreement(template, picture, maps, common=common)
        if progress is not None:
            progress("comparing pictures", min(start + BATCH, len(query)), len(query))
    return out


def _threshold(pictures: _Pictures, common: Common, seed: int) -> float:
    """How well two pictures must agree: more where unrelated pictures already agree well."""
    n = len(pictures.grey)
    rng = np.random.default_rng(seed)
    first, second = rng.integers(n, size=400), rng.integers(n, size=400)
    different = first != second
    first, second = first[different], second[different]
    same = np.tile(VIEWS[0], (len(first), 1, 1))
    scores = _scores(pictures, first, second, same, common, None)
    unrelated = float(np.quantile(scores, 0.99)) if len(scores) else 0.0
    return float(np.clip(unrelated + 0.35, AGREED, 0.95))


def picture_pairs(
    paths: Sequence[str],
    *,
    features: NDArray[np.float32] | None = None,
    seed: int = 0,
    progress: Progress | None = None,
) -> tuple[Pairs, Thumbnails]:
    """Near-duplicate pairs among image files, and the thumbnails they were found with.

    Descriptions of low frequencies, whitened over the data set, propose pairs from fifteen views
    of each picture (parts, small turns, mirrored, halves), and so do frozen embeddings (n, width)
    with a cosine above 0.8 where there are `features`. A proposed pair is registered (affine,
    robust) and accepted where the detail of both agrees, what all pictures of the set share left
    out. Kinds: normalised (equal thumbnails), perceptual.
    """
    small = thumbnails(paths, progress=progress)
    with one_thread_each():
        return _pairs_of(small, features, seed, progress), small


def _pairs_of(
    small: Thumbnails,
    features: NDArray[np.float32] | None,
    seed: int,
    progress: Progress | None,
) -> Pairs:
    forms: list[bytes | None] = [
        grey.tobytes() + size.tobytes() if ok else None
        for grey, size, ok in zip(small.grey, small.sizes, small.read, strict=True)
    ]
    equal = equal_pairs(forms, "normalised", similarity=0.99)
    firsts: dict[bytes, int] = {}
    for row, form in enumerate(forms):
        if form is not None:
            firsts.setdefault(form, row)
    rows = np.array(list(firsts.values()), dtype=np.int64)
    if len(rows) < 2:
        return equal
    pictures = _Pictures(small.grey[rows])
    seen = None if features is None else features[rows]
    query, like, number = _proposed(pictures, seen, progress)
    common = common_detail(pictures.grey, seed=seed)
    scores = _scores(pictures, query, like, VIEWS[number], common, progress)
    least = _threshold(pictures, common, seed)
    close = np.flatnonzero(scores >= BACK)
    back = np.zeros_like(scores)
    back[close] = _scores(
        pictures, like[close], query[close], INVERSES[number[close]], common, progress
    )
    scores, both = np.maximum(scores, back), np.minimum(scores, back)
    same = (scores >= least) & (both >= BACK)
    if not same.any():
        return equal
    near = make_pairs(
        rows[query[same]], rows[like[same]], np.minimum(scores[same], 1), "perceptual"
    )
    return merge([equal, near])
