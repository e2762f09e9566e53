"""Augmented copies of an image, drawn once: flips, crops, colour and light rotation."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

CROP = (0.7, 1.0)
"""Side of the crop as a share of the image's."""
DEGREES = 10.0
COLOUR = 0.15


def augmented(pixels: NDArray[np.float32], seed: int) -> NDArray[np.float32]:
    """A copy of normalised pixels (channels, height, width); equal seeds give equal copies.

    Mirrored or not, turned by up to 10°, cropped to 70 to 100% of the side and scaled back, its
    contrast and each channel's brightness moved a little.
    """
    import torch

    chance = np.random.default_rng(seed)
    mirror = -1.0 if chance.random() < 0.5 else 1.0
    angle = np.deg2rad(chance.uniform(-DEGREES, DEGREES))
    side = chance.uniform(*CROP)
    x, y = chance.uniform(-1.0, 1.0, 2) * (1.0 - side)
    cos, sin = side * np.cos(angle), side * np.sin(angle)
    turn = torch.tensor([[[mirror * cos, -sin, x], [mirror * sin, cos, y]]], dtype=torch.float32)
    whole = torch.from_numpy(np.ascontiguousarray(pixels))[None]
    grid = torch.nn.functional.affine_grid(turn, list(whole.shape), align_corners=False)
    drawn = torch.nn.functional.grid_sample(
        whole, grid, mode="bilinear", padding_mode="reflection", align_corners=False
    )[0].numpy()
    contrast = chance.uniform(1 - COLOUR, 1 + COLOUR)
    brightness = chance.uniform(-COLOUR, COLOUR, (len(pixels), 1, 1))
    middle = drawn.mean(axis=(1, 2), keepdims=True)
    changed: NDArray[np.float32] = (middle + contrast * (drawn - middle) + brightness).astype(
        np.float32
    )
    return changed
