"""What can be measured of a picture without knowing what it shows."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from headstart.modalities import open_image

SIDE = 128
MEASURES = ("width", "height", "bytes", "brightness", "contrast", "sharpness", "dark", "bright")


def _measure(path: str) -> list[float]:
    image = open_image(path)
    width, height = image.size
    image.thumbnail((SIDE, SIDE), Image.Resampling.BOX)
    grey = np.asarray(image.convert("L"), dtype=np.float64)
    padded = np.pad(grey, 1, mode="edge")
    bend = padded[:-2, 1:-1] + padded[2:, 1:-1] + padded[1:-1, :-2] + padded[1:-1, 2:] - 4 * grey
    return [
        float(width),
        float(height),
        float(Path(path).stat().st_size),
        float(grey.mean()),
        float(grey.std()),
        float(bend.var()),
        float((grey <= 8).mean()),
        float((grey >= 250).mean()),
    ]


def measure_pictures(paths: Sequence[str]) -> dict[str, NDArray[np.float64]]:
    """Each measure of every picture (n,): size, bytes, brightness and contrast of 0 to 255 grey
    levels, sharpness (variance of the Laplacian at 128 pixels), share of dark and bright pixels.
    """
    with ThreadPoolExecutor(min(4, os.cpu_count() or 1)) as pool:
        rows = np.array(list(pool.map(_measure, paths))).reshape(len(paths), len(MEASURES))
    return {name: rows[:, i] for i, name in enumerate(MEASURES)}
