"""The parity gate: the bundle, read back from disk, against the trained model on real rows."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from headstart.types.artifact import Parity
from headstart.types.errors import ParityError

TOLERANCE = 1e-4
"""Largest acceptable difference of a probability."""
TIE = 1e-5
"""Two labels whose trained probabilities differ by less are told apart by rounding alone."""

TIP = "please report it with the backbone's name; until then choose another backbone"


def check_parity(
    trained: NDArray[np.floating], bundled: NDArray[np.floating], *, tolerance: float = TOLERANCE
) -> Parity:
    """Compare probabilities (n, classes) of the trained model and of its bundle.

    `labels_equal` counts the rows on which both name the same label. It is below `rows` in a parity
    that is returned only for rows on which the trained model has the two labels tied within 1e-5.

    Raises:
        ParityError: no rows, another shape, a value that is not finite, a probability that differs
            by more than `tolerance`, or a label that differs without a tie.
    """
    if trained.shape != bundled.shape or not len(trained):
        raise ParityError(
            f"the trained model gave {trained.shape} probabilities and its bundle {bundled.shape}; "
            "the same number of rows and labels is needed, and at least one row"
        )
    if not (np.isfinite(trained).all() and np.isfinite(bundled).all()):
        raise ParityError("the trained model or its bundle gave a probability that is not a number")
    largest = float(np.abs(trained.astype(np.float64) - bundled.astype(np.float64)).max())
    rows = np.arange(len(trained))
    wanted, given = trained.argmax(axis=1), bundled.argmax(axis=1)
    equal = wanted == given
    tied = trained[rows, wanted] - trained[rows, given] <= TIE
    parity = Parity(len(rows), int(equal.sum()), largest, tolerance)
    if largest > tolerance or not (equal | tied).all():
        raise ParityError(
            f"the bundle differs from the trained model: labels equal on {parity.labels_equal} of "
            f"{parity.rows} rows, largest difference of a probability {largest:.2g} "
            f"(tolerance {tolerance:.2g}); no bundle was written",
            tip=TIP,
        )
    return parity


def check_outside_parity(
    trained: NDArray[np.floating], bundled: NDArray[np.floating], *, tolerance: float = 1e-3
) -> None:
    """Compare scores of strangeness (n,): the difference may be `tolerance` of their spread.

    Raises:
        ParityError: another number of rows, or a score that differs by more.
    """
    if trained.shape != bundled.shape:
        raise ParityError(f"{len(trained)} rows were scored, and {len(bundled)} by the bundle")
    if not len(trained):
        return
    spread = max(float(np.ptp(trained)), float(np.abs(trained).max()), 1e-6)
    largest = float(np.abs(trained - bundled).max())
    if not largest <= tolerance * spread:
        raise ParityError(
            f"the bundle's score of strangeness differs by up to {largest:.2g}, more than "
            f"{tolerance:.1g} of its spread of {spread:.2g}; no bundle was written",
            tip=TIP,
        )
