"""Oriented gradients, colours and a coarse thumbnail, in numpy."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from headstart.modalities.image.opening import open_image
from headstart.types.model import ClassicalFeatures

KIND = "hog-colour"
SIDE = 64
CELL = 8
BINS = 9
EPSILON = 1e-5
COLOURS = 8
THUMBNAIL = 8
WIDTH = (SIDE // CELL - 1) ** 2 * 4 * BINS + 3 * COLOURS * 5 + THUMBNAIL**2


def fit_classical() -> ClassicalFeatures:
    """The features; nothing is learned."""
    return ClassicalFeatures(KIND, {"side": SIDE}, {}, WIDTH)


def hog(grey: NDArray[np.float64]) -> NDArray[np.float64]:
    """Histograms of oriented gradients (Dalal and Triggs 2005) of a square image.

    9 unsigned orientations, cells of 8 × 8 pixels, blocks of 2 × 2 cells, L2-Hys; the same numbers
    as `skimage.feature.hog` with these settings.
    """
    down, across = np.zeros_like(grey), np.zeros_like(grey)
    down[1:-1] = grey[2:] - grey[:-2]
    across[:, 1:-1] = grey[:, 2:] - grey[:, :-2]
    angle = np.rad2deg(np.arctan2(down, across)) % 180
    bins = np.minimum((angle / (180 / BINS)).astype(np.int64), BINS - 1)
    cells = len(grey) // CELL
    row, column = np.indices(grey.shape) // CELL
    flat = (row * cells + column) * BINS + bins
    sums = np.bincount(flat.ravel(), np.hypot(down, across).ravel(), cells * cells * BINS)
    histogram = sums.reshape(cells, cells, BINS) / CELL**2
    blocks = np.stack(
        [histogram[i : cells - 1 + i, j : cells - 1 + j] for i in (0, 1) for j in (0, 1)],
        axis=2,
    ).reshape((cells - 1) ** 2, 4 * BINS)
    for clip in (0.2, None):
        blocks = blocks / np.sqrt((blocks**2).sum(axis=1, keepdims=True) + EPSILON**2)
        blocks = blocks if clip is None else np.minimum(blocks, clip)
    return blocks.ravel()


def colours(pixels: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Square roots of 8-bin histograms of each channel, for the whole and for its quarters."""
    half_rows, half_columns = max(1, len(pixels) // 2), max(1, pixels.shape[1] // 2)
    parts = [
        pixels,
        pixels[:half_rows, :half_columns],
        pixels[:half_rows, half_columns:],
        pixels[half_rows:, :half_columns],
        pixels[half_rows:, half_columns:],
    ]
    found = []
    for part in parts:
        for channel in range(3):
            levels = part[..., channel].ravel() // (256 // COLOURS)
            found.append(np.bincount(levels, minlength=COLOURS) / max(1, levels.size))
    return np.sqrt(np.concatenate(found))


def describe(image: Image.Image) -> NDArray[np.float32]:
    """Features (WIDTH,) of an RGB image; each of the three parts has length 1."""
    grey = image.convert("L")
    square = np.asarray(grey.resize((SIDE, SIDE), Image.Resampling.BILINEAR), dtype=np.float64)
    coarse = np.asarray(grey.resize((THUMBNAIL, THUMBNAIL), Image.Resampling.BOX), dtype=np.float64)
    small = image if max(image.size) <= 2 * SIDE else image.resize((SIDE, SIDE))
    thumbnail = coarse.ravel() / 255
    parts = [hog(square / 255), colours(np.asarray(small)), thumbnail - thumbnail.mean()]
    return np.concatenate([_unit(part) for part in parts]).astype(np.float32)


def _unit(part: NDArray[np.float64]) -> NDArray[np.float64]:
    length = float(np.sqrt((part**2).sum()))
    return part / length if length > 0 else part


def image_matrix(features: ClassicalFeatures, paths: Sequence[Path]) -> NDArray[np.float32]:
    """Features (n, width), one image in memory at a time."""
    out = np.empty((len(paths), features.width), dtype=np.float32)
    for number, path in enumerate(paths):
        out[number] = describe(open_image(path))
    return out
