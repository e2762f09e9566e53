"""Oriented gradients, colours and a coarse thumbnail, in numpy."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
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
CELLS = SIDE // CELL
EPSILON = 1e-5
COLOURS = 8
THUMBNAIL = 8
WIDTH = (CELLS - 1) ** 2 * 4 * BINS + 3 * COLOURS * 5 + THUMBNAIL**2
BATCH = 64
"""Images described together."""
DECODERS = min(4, os.cpu_count() or 1)


def fit_classical() -> ClassicalFeatures:
    """The features; nothing is learned."""
    return ClassicalFeatures(KIND, {"side": SIDE}, {}, WIDTH)


@cache
def _cell_of_pixel() -> NDArray[np.int64]:
    """Index of the first bin of each pixel's cell, (SIDE, SIDE)."""
    row, column = np.indices((SIDE, SIDE)) // CELL
    return (row * CELLS + column) * BINS


def hog(grey: NDArray[np.floating]) -> NDArray[np.float64]:
    """Histograms of oriented gradients (Dalal and Triggs 2005) of images (n, 64, 64).

    9 unsigned orientations, cells of 8 × 8 pixels, blocks of 2 × 2 cells, L2-Hys; the same numbers
    as `skimage.feature.hog` with these settings. Returns (n, 1764).
    """
    down, across = np.zeros_like(grey), np.zeros_like(grey)
    down[:, 1:-1] = grey[:, 2:] - grey[:, :-2]
    across[:, :, 1:-1] = grey[:, :, 2:] - grey[:, :, :-2]
    angle = np.rad2deg(np.arctan2(down, across)) % 180
    bins = np.minimum((angle / (180 / BINS)).astype(np.int64), BINS - 1)
    size = CELLS * CELLS * BINS
    bins += _cell_of_pixel() + (np.arange(len(grey)) * size)[:, None, None]
    sums = np.bincount(bins.ravel(), np.hypot(down, across).ravel(), len(grey) * size)
    cells = sums.reshape(len(grey), CELLS, CELLS, BINS) / CELL**2
    shifted = [cells[:, i : CELLS - 1 + i, j : CELLS - 1 + j] for i in (0, 1) for j in (0, 1)]
    blocks = np.stack(shifted, axis=3).reshape(len(grey), (CELLS - 1) ** 2, 4 * BINS)
    blocks /= np.sqrt((blocks**2).sum(axis=2, keepdims=True) + EPSILON**2)
    np.minimum(blocks, 0.2, out=blocks)
    blocks /= np.sqrt((blocks**2).sum(axis=2, keepdims=True) + EPSILON**2)
    return blocks.reshape(len(grey), -1)


def colours(pixels: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Square roots of 8-bin histograms of each channel, for the whole and for its quarters.

    pixels: (height, width, 3). Returns (120,): whole, then upper left, upper right, lower left,
    lower right; in each red, green, blue.
    """
    rows, columns = pixels.shape[:2]
    half = (np.arange(rows) * 2 // rows)[:, None] * 2 + np.arange(columns) * 2 // columns
    channel = np.arange(3) * COLOURS
    bins = half[..., None] * 3 * COLOURS + channel + pixels // (256 // COLOURS)
    quarters = np.bincount(bins.ravel(), minlength=4 * 3 * COLOURS).reshape(4, 3, COLOURS)
    counts = np.concatenate([quarters.sum(axis=0, keepdims=True), quarters])
    shares = counts / np.maximum(1, counts.sum(axis=2, keepdims=True))
    roots: NDArray[np.float64] = np.sqrt(shares).ravel()
    return roots


Described = tuple[NDArray[np.uint8], NDArray[np.float64], NDArray[np.float64]]


def _look(path: Path | str) -> Described:
    """(64 × 64 grey levels, colours, coarse grey levels) of the image at `path`."""
    image = open_image(path)
    if max(image.size) > 2 * SIDE:
        longest = max(image.size)
        shape = tuple(max(1, round(side * 2 * SIDE / longest)) for side in image.size)
        image = image.resize((shape[0], shape[1]), Image.Resampling.BOX, reducing_gap=2.0)
    grey = image.convert("L")
    square = np.asarray(grey.resize((SIDE, SIDE), Image.Resampling.BILINEAR))
    coarse = np.asarray(grey.resize((THUMBNAIL, THUMBNAIL), Image.Resampling.BOX))
    thumbnail = coarse.ravel().astype(np.float64)
    return square, colours(np.asarray(image)), thumbnail - thumbnail.mean()


def image_matrix(features: ClassicalFeatures, paths: Sequence[Path | str]) -> NDArray[np.float32]:
    """Features (n, width); each of the three parts of a row has length 1.

    Decoded in parallel, a few dozen images at a time.

    Raises:
        DataError: an image cannot be read.
    """
    out = np.empty((len(paths), features.width), dtype=np.float32)
    if len(paths) == 1:
        out[:] = _rows([_look(paths[0])])
        return out
    with ThreadPoolExecutor(DECODERS, thread_name_prefix="headstart-decode") as pool:
        for start in range(0, len(paths), BATCH):
            out[start : start + BATCH] = _rows(list(pool.map(_look, paths[start : start + BATCH])))
    return out


def _rows(looks: Sequence[Described]) -> NDArray[np.float64]:
    squares, tints, thumbnails = (np.stack(part) for part in zip(*looks, strict=True))
    parts = (hog(squares / 255.0), tints, thumbnails)
    return np.concatenate([_unit(part) for part in parts], axis=1)


def _unit(part: NDArray[np.float64]) -> NDArray[np.float64]:
    length = np.sqrt((part**2).sum(axis=1, keepdims=True))
    return part / np.where(length > 0, length, 1)
