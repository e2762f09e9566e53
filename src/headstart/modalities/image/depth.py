"""Images of more than 8 bits a channel."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

STRIP = 1_000_000
"""Pixels scaled at a time, so that a large image is not held several times over."""


def is_deep(mode: str) -> bool:
    """Whether an image of this mode has more than 8 bits a channel."""
    return mode in {"I", "F"} or mode.startswith("I;16")


def eight_bits(image: Image.Image) -> Image.Image:
    """The image in 8-bit grey.

    16 bits are divided by 257, so that white stays white. 32-bit files do not say what white is:
    it is taken to be 1 (floating point only), 255 or 65,535, the smallest that no value exceeds,
    else the largest value.
    """
    values = np.asarray(image)
    white = 65535.0 if image.mode.startswith("I;16") else _white(values)
    scaled = np.empty(values.shape, dtype=np.uint8)
    step = max(1, STRIP // max(1, values.shape[1]))
    for top in range(0, len(values), step):
        strip = values[top : top + step].astype(np.float64)
        np.nan_to_num(strip, copy=False, nan=0.0, posinf=white, neginf=0.0)
        scaled[top : top + step] = np.clip((strip * (255 / white)).round(), 0, 255)
    return Image.fromarray(scaled)


def _white(values: NDArray[np.generic]) -> float:
    finite = values if values.dtype.kind != "f" else values[np.isfinite(values)]
    top = float(finite.max(initial=0))
    steps = (1.0, 255.0, 65535.0) if values.dtype.kind == "f" else (255.0, 65535.0)
    return next((white for white in steps if top <= white), top)
