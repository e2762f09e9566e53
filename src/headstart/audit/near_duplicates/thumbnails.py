"""Small grey pictures of image files, read in a stream, and short descriptions of them."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from headstart.ports import Progress

SIDE = 64
LOW = 12
"""Frequencies a side that describe a picture."""


@dataclass(frozen=True, slots=True)
class Thumbnails:
    """Grey pictures (n, 64, 64) uint8, the original sizes (n, 2: width, height), and which rows
    could be read."""

    grey: NDArray[np.uint8]
    sizes: NDArray[np.int64]
    read: NDArray[np.bool_]


def _thumbnail(path: str) -> tuple[NDArray[np.uint8], tuple[int, int]] | None:
    from PIL import Image, ImageOps

    try:
        with Image.open(path) as opened:
            size = opened.size
            opened.draft("L", (4 * SIDE, 4 * SIDE))  # a large JPEG is decoded at a fraction
            image = ImageOps.exif_transpose(opened)
            if image.mode.startswith("I"):
                image = image.point(lambda value: value / 256).convert("L")
            if "A" in image.mode or "transparency" in image.info:
                back = Image.new("RGBA", image.size, "white")
                image = Image.alpha_composite(back, image.convert("RGBA"))
            grey = image.convert("L").resize(
                (SIDE, SIDE), Image.Resampling.BICUBIC, reducing_gap=2.0
            )
            return np.asarray(grey, dtype=np.uint8), size
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None


def thumbnails(paths: Sequence[str], *, progress: Progress | None = None) -> Thumbnails:
    """Grey thumbnails of image files; one that cannot be read is marked, not raised."""
    n = len(paths)
    grey = np.zeros((n, SIDE, SIDE), dtype=np.uint8)
    sizes = np.zeros((n, 2), dtype=np.int64)
    read = np.zeros(n, dtype=np.bool_)
    with ThreadPoolExecutor(2) as pool:
        for start in range(0, n, 512):
            part = paths[start : start + 512]
            for row, found in enumerate(pool.map(_thumbnail, part), start=start):
                if found is not None:
                    grey[row], sizes[row] = found
                    read[row] = True
            if progress is not None:
                progress("thumbnails", start + len(part), n)
    return Thumbnails(grey, sizes, read)


def spectrum(pictures: NDArray[np.float32]) -> NDArray[np.float32]:
    """The low frequencies of each picture (b, s, s) but for its mean: (b, 143), unit length.

    Discrete cosine transform, as in the perceptual hash pHash, kept as numbers instead of bits.
    Brightness and contrast fall out. A picture without any contrast becomes zeros.
    """
    from scipy.fft import dctn

    whole = dctn(pictures, axes=(1, 2), norm="ortho")
    low = whole[:, :LOW, :LOW].reshape(len(pictures), -1)[:, 1:]
    length = np.linalg.norm(low, axis=1, keepdims=True)
    return np.where(length > 1.0, low / np.maximum(length, 1.0), 0).astype(np.float32)


@dataclass(frozen=True, slots=True)
class Whitening:
    """What the pictures of a data set have in common, to be taken out of their descriptions."""

    mean: NDArray[np.float32]
    scale: NDArray[np.float32]

    def __call__(self, spectra: NDArray[np.float32]) -> NDArray[np.float32]:
        """Unit rows; zeros stay zeros."""
        flat = ~spectra.any(axis=1)
        out = (spectra - self.mean) * self.scale
        out /= np.maximum(np.linalg.norm(out, axis=1, keepdims=True), 1e-9)
        out[flat] = 0
        return out


def whitening(spectra: NDArray[np.float32]) -> Whitening:
    """Centre on the data set's mean, and let rare frequencies count as well as common ones."""
    deviation = spectra.std(axis=0) + 1e-4
    return Whitening(spectra.mean(axis=0), (deviation**-0.7).astype(np.float32))
