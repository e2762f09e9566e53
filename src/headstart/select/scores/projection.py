"""Features brought to one width, so that scores of different backbones compare."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from headstart.select.decompositions import right_vectors
from headstart.select.inputs import Matrix, finite_matrix

FITTED = 4096
"""Rows that the components are fitted on, where the features are wider too."""


def projected(features: NDArray[Any], width: int, seed: int) -> Matrix:
    """Coordinates (n, width) on the principal components, the component of most variance first.

    Fewer columns where the features have a lower rank, at least one (of zeros, for constant
    features). The largest loading of a component is positive, so that equal features give equal
    coordinates. The components see no labels. seed: of the 4,096 rows that they are fitted on where
    there are more rows and more columns than that; otherwise it changes nothing.

    Raises:
        ValueError: features that are no finite matrix of two rows or more, or width < 1.
    """
    matrix = finite_matrix(features)
    if width < 1:
        raise ValueError(f"width must be at least 1, not {width}")
    spread = float(np.ptp(matrix, axis=0).max())
    if spread == 0:
        return np.zeros((len(matrix), 1))
    matrix -= matrix.mean(axis=0)
    fitted = matrix / spread
    if min(matrix.shape) > FITTED:
        random = np.random.default_rng([seed, 11])
        fitted = fitted[np.sort(random.permutation(len(matrix))[:FITTED])]
        fitted -= fitted.mean(axis=0)
    axes = right_vectors(fitted)[:width]
    if not len(axes):
        return np.zeros((len(matrix), 1))
    largest = np.take_along_axis(axes, np.abs(axes).argmax(axis=1)[:, None], axis=1)
    return np.asarray(matrix @ (axes * np.sign(largest)).T)
