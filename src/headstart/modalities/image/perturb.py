"""Pictures as they arrive on a bad day. Equal seeds give equal pictures.

A picture larger than a network can see is reduced before it is changed: on twelve million pixels
noise would be gone once they are scaled down, and would take seconds.
"""

from __future__ import annotations

import io
from collections.abc import Callable

import numpy as np
from PIL import Image, ImageEnhance, ImageFilter

from headstart.modalities.image.opening import open_image

SIDE = 512
SEEN = SIDE * SIDE
"""Pixels of a picture that is changed, at most: networks are shown 224 to 384 a side."""


def noise(image: Image.Image, seed: int, deviation: float) -> Image.Image:
    """Gaussian noise, the deviation in units of the full range."""
    pixels = np.asarray(image, dtype=np.float64)
    moved = pixels + np.random.default_rng(seed).normal(scale=255 * deviation, size=pixels.shape)
    return Image.fromarray(np.clip(np.rint(moved), 0, 255).astype(np.uint8))


def jpeg(image: Image.Image, seed: int, quality: float) -> Image.Image:
    """Written as JPEG of a quality from 1 to 95, and read again."""
    stream = io.BytesIO()
    image.save(stream, format="JPEG", quality=int(quality))
    return Image.open(io.BytesIO(stream.getvalue())).convert("RGB")


def blur(image: Image.Image, seed: int, radius: float) -> Image.Image:
    """Gaussian blur, the radius as a share of the shorter side."""
    return image.filter(ImageFilter.GaussianBlur(radius * min(image.size)))


def crop(image: Image.Image, seed: int, kept: float) -> Image.Image:
    """A random part, `kept` of each side long."""
    wide, high = (max(1, round(kept * side)) for side in image.size)
    chance = np.random.default_rng(seed)
    left = int(chance.integers(image.width - wide + 1))
    top = int(chance.integers(image.height - high + 1))
    return image.crop((left, top, left + wide, top + high))


def dark(image: Image.Image, seed: int, light: float) -> Image.Image:
    """Less light: that share of the brightness."""
    return ImageEnhance.Brightness(image).enhance(light)


def in_view(path: str) -> Image.Image:
    """The picture in the file, upright, reduced to `SEEN` pixels where it has more.

    Raises:
        DataError: it cannot be read.
    """
    image = open_image(path, at_least=SIDE)
    share = (SEEN / (image.width * image.height)) ** 0.5
    if share >= 1.0:
        return image
    size = (max(1, round(share * image.width)), max(1, round(share * image.height)))
    return image.resize(size, Image.Resampling.BICUBIC, reducing_gap=3.0)


def written(image: Image.Image) -> bytes:
    """The bytes of a PNG, hardly compressed: it is read again at once."""
    stream = io.BytesIO()
    image.save(stream, format="PNG", compress_level=1)
    return stream.getvalue()


Change = Callable[[Image.Image, int, float], Image.Image]
STRESS: dict[str, tuple[Change, tuple[tuple[str, float], ...]]] = {
    "noise": (noise, (("of 4% of the range", 0.04), ("8%", 0.08), ("16%", 0.16))),
    "JPEG": (jpeg, (("of quality 50", 50.0), ("20", 20.0), ("8", 8.0))),
    "blur": (blur, (("over 1% of the side", 0.01), ("2%", 0.02), ("4%", 0.04))),
    "cropped": (crop, (("to 90% of each side", 0.9), ("75%", 0.75), ("60%", 0.6))),
    "darker": (dark, (("with 75% of the light", 0.75), ("50%", 0.5), ("25%", 0.25))),
}
"""Kinds of change, each with growing strengths: (what it is called, the number)."""
