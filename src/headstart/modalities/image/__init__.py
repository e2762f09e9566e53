"""Images."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from headstart.modalities.image.classical import fit_classical, image_matrix
from headstart.modalities.image.opening import open_image, remark_on_image, validate_image
from headstart.types.model import ClassicalFeatures

__all__ = ["SUFFIXES", "ImageModality", "open_image", "remark_on_image", "validate_image"]

SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".gif", ".bmp", ".webp", ".tif", ".tiff", ".ppm"})
"""Files that are taken for images in a folder."""


class ImageModality:
    """Images, described classically by oriented gradients, colours and a coarse thumbnail."""

    name = "image"

    def classical_fit(self, values: Sequence[str]) -> ClassicalFeatures:
        """Nothing is learned from the training images."""
        return fit_classical()

    def classical_transform(
        self, features: ClassicalFeatures, values: Sequence[str]
    ) -> NDArray[np.float32]:
        """Features (n, width) of the images at these paths."""
        return image_matrix(features, values)
