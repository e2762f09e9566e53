"""Rows mildly changed: slips of the keyboard; crop, light, noise and JPEG of a picture.

What is changed is the row as it arrives: a picture before it is resized for the network (a large
one is reduced, see `in_view`). Noise on an enlarged picture would be finer than anything that its
camera could have drawn, and no mild change: with a standard deviation of 1.3% of the range it takes
the frozen EfficientNet-Lite0 from 64 to 37% on CIFAR-10; these changes together take it to 55%.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from headstart.backbones.cache import digest
from headstart.backbones.encoder import FrozenEncoder
from headstart.modalities.image.perturb import SEEN, crop, dark, in_view, jpeg, noise
from headstart.modalities.preprocess import PixelPreprocessor
from headstart.modalities.text.perturb import typos
from headstart.ports import Preprocessor

SIDE = (0.9, 1.0)
"""Of the crop, as a share of the picture's."""
LIGHT = (0.85, 1.15)
"""Brightness, as a share of what it was."""
NOISE = 0.01
"""Standard deviation, as a share of the full range."""
QUALITY = (70, 95)
"""Of the JPEG."""
CHANGES = f"{SEEN} pixels at most, crop {SIDE}, light {LIGHT}, noise {NOISE}, JPEG {QUALITY}"


def disturbed(image: Image.Image, seed: int) -> Image.Image:
    """Cropped, lighter or darker, with noise, and written as JPEG. Equal seeds give equal
    pictures."""
    chance = np.random.default_rng(seed)
    found = crop(image, seed, chance.uniform(*SIDE))
    found = noise(dark(found, seed, chance.uniform(*LIGHT)), seed, NOISE)
    return jpeg(found, seed, float(chance.integers(*QUALITY, endpoint=True)))


class DisturbedPixels:
    """The pixels of mildly changed pictures; `seeds` by path."""

    def __init__(self, plain: PixelPreprocessor, seeds: Mapping[str, int]) -> None:
        self._plain, self._seeds = plain, seeds

    @property
    def spec(self) -> dict[str, Any]:
        """Of the pictures as they are, and the changes."""
        return {**self._plain.spec, "changes": CHANGES}

    @property
    def files(self) -> Mapping[str, bytes]:
        """None."""
        return {}

    def __call__(self, values: Sequence[str]) -> dict[str, NDArray[Any]]:
        """float32 pixels (n, 3, size, size).

        Raises:
            DataError: a picture cannot be read.
        """
        changed = [disturbed(in_view(value), self._seeds[value]) for value in values]
        return {"pixel_values": np.stack([self._plain.pixels(one) for one in changed])}


def changed_rows(
    encoder: FrozenEncoder, values: Sequence[str], keys: Sequence[str], seed: int
) -> tuple[list[str], list[str], Preprocessor]:
    """Values and keys of rows that are mildly changed, and what reads them. How a row is changed
    follows from its content and the seed, wherever it stands."""
    seeds = [seed + int(digest(key)[:8], 16) for key in keys]
    names = [f"{key}~{seed}" for key in keys]
    plain = encoder.preprocessor
    if isinstance(plain, PixelPreprocessor):
        return list(values), names, DisturbedPixels(plain, dict(zip(values, seeds, strict=True)))
    texts = [typos(value, seed) for value, seed in zip(values, seeds, strict=True)]
    return texts, names, plain
