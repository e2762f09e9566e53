"""Images for the network from scratch: 32 × 32 pixels and three convolutions."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from headstart.adapt.arms.seeded import Dropout, seeded
from headstart.modalities.image import open_image

SIDE = 32


def small_pixels(path: str) -> NDArray[np.uint8]:
    """The image squeezed to (3, 32, 32)."""
    from PIL import Image

    with open_image(path, at_least=2 * SIDE) as image:
        small = image.resize((SIDE, SIDE), Image.Resampling.BILINEAR, reducing_gap=2.0)
    return np.asarray(small, dtype=np.uint8).transpose(2, 0, 1)


class ImageRows:
    """Images decoded once, kept as bytes: 3 KiB each."""

    learning_rate = 1e-3
    max_steps = 150

    def __init__(self, values: Sequence[str]) -> None:
        pixels = [small_pixels(path) for path in values]
        self._pixels = torch.from_numpy(np.stack(pixels))

    def batch(self, rows: NDArray[np.int64]) -> tuple[torch.Tensor, ...]:
        return (self._pixels[torch.from_numpy(rows)].float().div_(127.5).sub_(1.0),)

    def network(self, classes: int, chance: torch.Generator) -> torch.nn.Module:
        return seeded(lambda: _convolutions(classes, chance), chance)


def _convolutions(classes: int, chance: torch.Generator) -> torch.nn.Module:
    conv, norm, relu = torch.nn.Conv2d, torch.nn.BatchNorm2d, torch.nn.ReLU
    return torch.nn.Sequential(
        *(conv(3, 16, 5, stride=2, padding=2), norm(16), relu()),
        *(conv(16, 32, 3, stride=2, padding=1), norm(32), relu()),
        *(conv(32, 64, 3, stride=2, padding=1), norm(64), relu()),
        *(torch.nn.Flatten(), Dropout(0.25, chance), torch.nn.Linear(64 * 16, classes)),
    )
