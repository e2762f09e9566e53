"""A mild change of a picture that a user would not call another one: crop, light, noise, JPEG."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from headstart.modalities.image.perturb import jpeg

SIDE = (0.9, 1.0)
"""Of the crop, as a share of the picture's."""
NOISE, LIGHT = 0.1, 0.2
"""Standard deviation, and most that the brightness moves by, of normalised pixels."""
QUALITY = (50, 90)
"""Of the JPEG."""
CHANGES = f"crop {SIDE}, noise {NOISE}, light {LIGHT}, JPEG {QUALITY}"


def disturbed(pixels: NDArray[np.float32], seed: int) -> NDArray[np.float32]:
    """Normalised pixels (channels, height, width), cropped and scaled back, lighter or darker, with
    noise, and written as JPEG. Equal seeds give equal pictures.

    Of one channel or three; others are not what a JPEG holds, and are not written as one.
    """
    chance = np.random.default_rng(seed)
    found = _cropped(pixels, chance)
    noise = chance.normal(scale=NOISE, size=found.shape)
    found = (found + noise + chance.uniform(-LIGHT, LIGHT)).astype(np.float32)
    return _as_jpeg(found, int(chance.integers(*QUALITY, endpoint=True)))


def _cropped(pixels: NDArray[np.float32], chance: np.random.Generator) -> NDArray[np.float32]:
    """A part of it, anywhere, at the whole's size."""
    import torch

    side = chance.uniform(*SIDE)
    x, y = chance.uniform(-1.0, 1.0, 2) * (1.0 - side)
    view = torch.tensor([[[side, 0.0, x], [0.0, side, y]]], dtype=torch.float32)
    whole = torch.from_numpy(np.ascontiguousarray(pixels))[None]
    grid = torch.nn.functional.affine_grid(view, list(whole.shape), align_corners=False)
    drawn: NDArray[np.float32] = torch.nn.functional.grid_sample(
        whole, grid, mode="bilinear", padding_mode="border", align_corners=False
    )[0].numpy()
    return drawn


def _as_jpeg(pixels: NDArray[np.float32], quality: int) -> NDArray[np.float32]:
    """Written and read again, on the scale between its darkest and its lightest value: what the
    network's mean and deviation make of it does not matter to the blocks and edges of a JPEG."""
    channels = len(pixels)
    low, high = float(pixels.min()), float(pixels.max())
    if channels not in (1, 3) or not high > low:
        return pixels
    scale = 255.0 / (high - low)
    bytes_of = np.rint((pixels - low) * scale).astype(np.uint8).transpose(1, 2, 0)
    image = Image.fromarray(bytes_of[..., 0] if channels == 1 else bytes_of)
    written = jpeg(image, 0, quality).convert("L" if channels == 1 else "RGB")
    read = np.asarray(written, dtype=np.float32).reshape(bytes_of.shape)
    return np.ascontiguousarray((read / scale + low).transpose(2, 0, 1).astype(np.float32))
