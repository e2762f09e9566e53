"""Arrays that callers hand over, checked and copied: nothing here changes them in place."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float64]
Codes = NDArray[np.int64]
LARGEST = 1e100
"""Values above have squares that double precision cannot sum."""


def finite_matrix(values: NDArray[Any], name: str = "features", least: int = 2) -> Matrix:
    """A copy (n, d) in double precision.

    Raises:
        ValueError: not two-dimensional, fewer than `least` rows, no column, or a value that is not
            finite or above 1e100.
    """
    matrix = np.array(values, dtype=np.float64, order="C")
    if matrix.ndim != 2:
        raise ValueError(f"{name} must have two dimensions, not {matrix.ndim}")
    if len(matrix) < least or not matrix.shape[1]:
        raise ValueError(
            f"{name} of shape {matrix.shape}: at least {least} rows and one column are needed"
        )
    bad = ~(np.abs(matrix) <= LARGEST).all(axis=1)
    if bad.any():
        raise ValueError(f"{name}: row {int(np.argmax(bad))} holds a value that is not finite")
    return matrix


def row_codes(values: NDArray[Any], n: int, name: str = "codes") -> Codes:
    """A copy (n,) of integers, one a row.

    Raises:
        ValueError: not one integer for each of the n rows.
    """
    codes = np.asarray(values)
    if codes.shape != (n,):
        raise ValueError(f"{name} of shape {codes.shape} do not fit {n} rows")
    if not np.issubdtype(codes.dtype, np.integer):
        raise ValueError(f"{name} must be integers, not {codes.dtype}")
    return codes.astype(np.int64)


def class_codes(values: NDArray[Any], n: int) -> tuple[Codes, Codes]:
    """(codes (n,) from 0 to classes − 1, rows of each class): classes without a row are left out.

    Raises:
        ValueError: not one integer for each of the n rows, or fewer than two classes.
    """
    codes = row_codes(values, n)
    names, dense, counts = np.unique(codes, return_inverse=True, return_counts=True)
    if len(names) < 2:
        raise ValueError("two classes are needed; every row has the same")
    return dense.reshape(-1).astype(np.int64), counts.astype(np.int64)


def codes_within(values: NDArray[Any], n: int, n_classes: int) -> Codes:
    """A copy (n,) of codes from 0 to n_classes − 1.

    Raises:
        ValueError: not one integer for each of the n rows, or one out of range.
    """
    codes = row_codes(values, n)
    if len(codes) and (codes.min() < 0 or codes.max() >= n_classes):
        raise ValueError(f"codes must lie between 0 and {n_classes - 1}")
    return codes


def class_means(matrix: Matrix, codes: Codes, counts: Codes) -> Matrix:
    """Mean row of each class (classes, d)."""
    sums = np.stack([matrix[codes == label].sum(axis=0) for label in range(len(counts))])
    return np.asarray(sums / counts[:, None])
