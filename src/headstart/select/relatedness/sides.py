"""Two samples of one feature space, checked, and few enough to compare."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from headstart.select.inputs import Matrix, finite_matrix


def two_sides(a: NDArray[Any], b: NDArray[Any], least: int = 2) -> tuple[Matrix, Matrix]:
    """Copies (n, d) and (m, d) in double precision.

    Raises:
        ValueError: not two finite matrices of equal width with `least` rows each.
    """
    left, right = finite_matrix(a, "a", least), finite_matrix(b, "b", least)
    if left.shape[1] != right.shape[1]:
        raise ValueError(f"a is {left.shape[1]} wide and b {right.shape[1]}; they must be alike")
    return left, right


def some_rows(matrix: Matrix, most: int, random: np.random.Generator) -> Matrix:
    """At most `most` rows, drawn without replacement, in their order."""
    if len(matrix) <= most:
        return matrix
    return matrix[np.sort(random.permutation(len(matrix))[:most])]
