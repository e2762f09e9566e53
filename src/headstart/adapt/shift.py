"""A mild change of a picture that a user would not call another one: noise and light."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

NOISE, LIGHT = 0.1, 0.2


def disturbed(pixels: NDArray[np.float32], seed: int) -> NDArray[np.float32]:
    """Normalised pixels (channels, height, width) with noise and another brightness, in units of
    their standard deviation. Equal seeds give equal pictures."""
    chance = np.random.default_rng(seed)
    noise = chance.normal(scale=NOISE, size=pixels.shape)
    found: NDArray[np.float32] = (pixels + noise + chance.uniform(-LIGHT, LIGHT)).astype(np.float32)
    return found
