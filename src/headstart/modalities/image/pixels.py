"""Images to the pixels that a network takes."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from math import floor
from operator import index
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from headstart.modalities.image.opening import open_image

INTERPOLATIONS = {
    "nearest": Image.Resampling.NEAREST,
    "bilinear": Image.Resampling.BILINEAR,
    "bicubic": Image.Resampling.BICUBIC,
    "lanczos": Image.Resampling.LANCZOS,
}
DECODERS = min(4, os.cpu_count() or 1)
LARGEST = 4096
"""Pixels of the shorter side before it is cropped."""
ALONE = 4
"""Images below which threads cost more than they bring (callers run such batches in threads)."""


class PixelPreprocessor:
    """Images to normalised pixels (n, 3, size, size): shorter side resized, centre cropped.

    The same steps as timm's evaluation transform (`timm.data.create_transform`, crop mode
    "center"): the shorter side becomes floor(size / crop_fraction) pixels, and the middle
    `size` × `size` are kept.
    """

    def __init__(
        self,
        *,
        size: int,
        crop_fraction: float,
        interpolation: str,
        mean: Sequence[float],
        std: Sequence[float],
    ) -> None:
        if interpolation not in INTERPOLATIONS:
            raise ValueError(
                f"interpolation '{interpolation}'; there are {', '.join(INTERPOLATIONS)}"
            )
        if size < 1 or not 0 < crop_fraction <= 1:
            raise ValueError(
                f"size {size} and crop fraction {crop_fraction}; at least 1, and above 0 up to 1"
            )
        if size / crop_fraction > LARGEST:
            raise ValueError(
                f"size {size} and crop fraction {crop_fraction} ask for images of "
                f"{size / crop_fraction:,.0f} pixels a side; at most {LARGEST:,} are made"
            )
        if len(mean) != 3 or len(std) != 3 or min(std) <= 0:
            raise ValueError(
                f"mean {mean} and std {std}; three numbers each, the latter above zero"
            )
        self._size, self._crop, self._interpolation = index(size), crop_fraction, interpolation
        self._mean = np.array(mean, dtype=np.float32).reshape(3, 1, 1)
        self._std = np.array(std, dtype=np.float32).reshape(3, 1, 1)
        if not np.isfinite([self._mean, self._std]).all():
            raise ValueError(f"mean {mean} and std {std} are not finite")

    @property
    def spec(self) -> dict[str, Any]:
        """Kind, size, crop, interpolation and normalisation."""
        return {
            "kind": "pixels",
            "size": self._size,
            "crop_fraction": self._crop,
            "interpolation": self._interpolation,
            "mean": [float(str(x)) for x in self._mean.ravel()],
            "std": [float(str(x)) for x in self._std.ravel()],
        }

    @property
    def files(self) -> Mapping[str, bytes]:
        """None."""
        return {}

    def __call__(self, values: Sequence[str]) -> dict[str, NDArray[Any]]:
        """float32 pixels of the images at these paths, decoded in parallel.

        Raises:
            DataError: an image cannot be read.
        """
        out = np.empty((len(values), 3, self._size, self._size), dtype=np.float32)

        def fill(row: int) -> None:
            out[row] = self.pixels(open_image(values[row]))

        if len(values) <= ALONE:
            for row in range(len(values)):
                fill(row)
        else:
            with ThreadPoolExecutor(DECODERS, thread_name_prefix="headstart-decode") as pool:
                for _ in pool.map(fill, range(len(values))):
                    pass
        return {"pixel_values": out}

    def pixels(self, image: Image.Image) -> NDArray[np.float32]:
        """Pixels (3, size, size) of an RGB image."""
        size = self._size
        side = floor(size / self._crop)
        width, height = image.size
        if width <= height:
            shape = (side, int(side * height / width))
        else:
            shape = (int(side * width / height), side)
        if shape != image.size:
            image = image.resize(shape, INTERPOLATIONS[self._interpolation])
        left, top = round((shape[0] - size) / 2.0), round((shape[1] - size) / 2.0)
        crop = image.crop((left, top, left + size, top + size))
        values = np.asarray(crop, dtype=np.float32).transpose(2, 0, 1) / np.float32(255)
        done: NDArray[np.float32] = (values - self._mean) / self._std
        return done
