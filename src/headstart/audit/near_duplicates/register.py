"""Batches of small grey pictures laid over one another, and how well they then agree.

Affine registration by inverse compositional Gauss-Newton steps with robust weights (Baker and
Matthews, Lucas-Kanade 20 years on, 2004), vectorised over pairs.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]


def grid(side: int) -> tuple[Array, Array]:
    """x and y of each pixel's centre, flattened, from −1 to 1 across the picture."""
    line = ((np.arange(side, dtype=np.float32) + 0.5) / side) * 2 - 1
    x, y = np.meshgrid(line, line)
    return x.ravel().astype(np.float32), y.ravel().astype(np.float32)


def warp(pictures: Array, maps: Array) -> tuple[Array, NDArray[np.bool_]]:
    """Each picture (b, s, s) sampled bilinearly where `maps` (b, 2, 3) send the grid.

    Returns the samples (b, s·s) and which of them lie inside the picture.
    """
    b, side, _ = pictures.shape
    x, y = grid(side)
    at = np.stack([x, y, np.ones_like(x)])
    where = maps.astype(np.float32) @ at  # (b, 2, s·s)
    inside = np.asarray((np.abs(where) <= 1.0).all(axis=1))
    pixel = np.clip((where + 1) * (side / 2) - 0.5, 0, side - 1.001)
    low = pixel.astype(np.int32)
    part = pixel - low
    flat = pictures.reshape(b, -1)
    index = low[:, 1] * side + low[:, 0]
    base = (np.arange(b, dtype=np.int64) * (side * side))[:, None] + index
    source = flat.ravel()
    dx, dy = part[:, 0], part[:, 1]
    top = source[base] * (1 - dx) + source[base + 1] * dx
    bottom = source[base + side] * (1 - dx) + source[base + side + 1] * dx
    return np.asarray(top * (1 - dy) + bottom * dy, dtype=np.float32), inside


def view(pictures: Array, one_map: Array) -> Array:
    """All pictures (b, s, s) sampled under the same map (2, 3)."""
    side = pictures.shape[1]
    x, y = grid(side)
    where = one_map.astype(np.float32) @ np.stack([x, y, np.ones_like(x)])
    pixel = np.clip((where + 1) * (side / 2) - 0.5, 0, side - 1.001)
    low = pixel.astype(np.int64)
    dx, dy = pixel - low
    at = low[1] * side + low[0]
    flat = pictures.reshape(len(pictures), -1)
    out = flat[:, at] * ((1 - dx) * (1 - dy))
    out += flat[:, at + 1] * (dx * (1 - dy))
    out += flat[:, at + side] * ((1 - dx) * dy)
    out += flat[:, at + side + 1] * (dx * dy)
    return np.asarray(out.reshape(pictures.shape), dtype=np.float32)


def blur(pictures: Array, sigma: float) -> Array:
    """Gaussian blur of each picture (b, s, s), edges repeated."""
    from scipy.ndimage import gaussian_filter

    out: Array = gaussian_filter(pictures, sigma=(0, sigma, sigma), mode="nearest")
    return out


def _standard(values: Array, weight: Array) -> Array:
    """Rows with weighted mean 0 and variance 1; rows without contrast become zeros."""
    total = np.maximum(weight.sum(axis=1, keepdims=True), 1e-6)
    centred = values - (values * weight).sum(axis=1, keepdims=True) / total
    scale = np.sqrt((np.square(centred) * weight).sum(axis=1, keepdims=True) / total)
    return np.asarray(centred / np.maximum(scale, 1e-3), dtype=np.float32)


def _steepest(template: Array) -> Array:
    """Change of each pixel with each of the six numbers of an affine map: (b, s·s, 6)."""
    side = template.shape[1]
    gy, gx = np.gradient(template, axis=(1, 2))
    x, y = grid(side)
    b = len(template)
    gx = (gx * (side / 2)).reshape(b, -1)
    gy = (gy * (side / 2)).reshape(b, -1)
    return np.stack([gx * x, gx * y, gx, gy * x, gy * y, gy], axis=2).astype(np.float32)


def _compose(maps: Array, step: Array) -> Array:
    """`maps` after the inverse of the small map `step` (b, 6)."""
    b = len(maps)
    whole = np.tile(np.eye(3, dtype=np.float32), (b, 1, 1))
    whole[:, :2] += step.reshape(b, 2, 3)
    outer = np.tile(np.eye(3, dtype=np.float32), (b, 1, 1))
    outer[:, :2] = maps
    return np.asarray((outer @ np.linalg.inv(whole))[:, :2], dtype=np.float32)


def register(template: Array, pictures: Array, maps: Array, *, steps: int) -> Array:
    """Affine maps (b, 2, 3), started at `maps`, under which `pictures` look like `template`.

    Both (b, s, s). Brightness and contrast do not matter; pixels that disagree (a watermark) lose
    their weight.
    """
    b, side, _ = template.shape
    ones = np.ones((b, side * side), dtype=np.float32)
    wanted = _standard(template.reshape(b, -1), ones)
    slopes = _steepest(wanted.reshape(b, side, side))
    ridge = np.eye(6, dtype=np.float32) * (1e-3 * side * side)
    for _ in range(steps):
        got, inside = warp(pictures, maps)
        weight = inside.astype(np.float32)
        error = _standard(got, weight) - wanted
        spread = np.abs(error).mean(axis=1, keepdims=True) * 2.0 + 0.05
        weight = weight / (1 + np.square(error / spread))
        weighted = slopes * weight[:, :, None]
        normal = np.matmul(weighted.transpose(0, 2, 1), slopes) + ridge
        right = np.matmul(weighted.transpose(0, 2, 1), error[:, :, None])
        step = np.linalg.solve(normal, right)[:, :, 0]
        maps = _compose(maps, np.clip(step, -0.1, 0.1).astype(np.float32))
    return maps


@dataclass(frozen=True, slots=True)
class Common:
    """The detail that the pictures of a set share: orthonormal directions (s·s, p)."""

    directions: Array

    def remove(self, detail: Array) -> Array:
        flat = detail.reshape(len(detail), -1)
        return np.asarray(
            (flat - (flat @ self.directions) @ self.directions.T).reshape(detail.shape)
        )


def common_detail(grey: NDArray[np.uint8], *, most: int = 24, seed: int = 0) -> Common:
    """The first principal directions of the detail of up to 800 pictures (n, s, s).

    Cells of a solar panel, scanned forms or product shots on one background are alike in what
    every picture of the set shows; two of them are only duplicates in what is left.
    """
    rows = np.sort(np.random.default_rng(seed).permutation(len(grey))[:800])
    detail = _detail(blur(grey[rows].astype(np.float32), 0.7)).reshape(len(rows), -1)
    detail /= np.maximum(np.linalg.norm(detail, axis=1, keepdims=True), 1.0)
    values, vectors = np.linalg.eigh((detail @ detail.T).astype(np.float64))
    few = min(most, len(rows) // 20)
    chosen = [i for i in np.argsort(-values)[:few] if values[i] > 1e-6]
    directions = (detail.T @ vectors[:, chosen]) / np.sqrt(values[chosen])
    return Common(directions.astype(np.float32))


def agreement(
    template: Array,
    pictures: Array,
    maps: Array,
    *,
    common: Common | None = None,
    tiles: int = 8,
) -> Array:
    """Correlation (b,) of the registered pictures' detail, the worst quarter of the tiles left out.

    Detail is what lies between two blurs, so neither shading nor pixel noise counts, less what is
    `common` to the set. It is 0 where the pictures overlap by less than 70% or have no detail.
    """
    b, side, _ = template.shape
    got, inside = warp(pictures, maps)
    weight = inside.astype(np.float32).reshape(b, side, side)
    a = _detail(template)
    c = _detail(got.reshape(b, side, side))
    if common is not None:
        a, c = common.remove(a), common.remove(c)
    shape = (b, tiles, side // tiles, tiles, side // tiles)

    def by_tile(values: Array) -> Array:
        return np.asarray(values.reshape(shape).sum(axis=(2, 4)).reshape(b, -1))

    ab, aa, cc = by_tile(weight * a * c), by_tile(weight * a * a), by_tile(weight * c * c)
    floor = 0.05 * np.sqrt(aa.mean(axis=1, keepdims=True) * cc.mean(axis=1, keepdims=True)) + 1e-6
    each = ab / (np.sqrt(aa * cc) + floor)
    kept = np.argsort(-each, axis=1)[:, : int(tiles * tiles * 0.75)]

    def total(values: Array) -> Array:
        return np.asarray(np.take_along_axis(values, kept, axis=1).sum(axis=1))

    scale = np.sqrt(total(aa) * total(cc))
    pooled = np.where(scale > 1e-3, total(ab) / np.maximum(scale, 1e-3), 0)
    enough = inside.mean(axis=1) >= 0.7
    return np.where(enough, pooled, 0).astype(np.float32)


def _detail(pictures: Array) -> Array:
    return blur(pictures, 0.8) - blur(pictures, 5.0)
