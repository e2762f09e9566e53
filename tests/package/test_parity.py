"""The parity gate."""

from __future__ import annotations

import numpy as np
import pytest

from headstart.package.parity import TIE, TOLERANCE, check_parity
from headstart.types.errors import ParityError

P = np.array([[0.7, 0.2, 0.1], [0.1, 0.3, 0.6]])


def test_equal_probabilities_pass_with_their_difference_stated() -> None:
    moved = P + np.array([[3e-6, -3e-6, 0], [0, 0, 0]])
    parity = check_parity(P, moved.astype(np.float32))
    assert (parity.rows, parity.labels_equal, parity.tolerance) == (2, 2, TOLERANCE)
    assert parity.largest_difference == pytest.approx(3e-6, abs=1e-7)


def test_a_difference_over_the_tolerance_is_refused_though_labels_agree() -> None:
    with pytest.raises(
        ParityError, match=r"equal on 2 of 2 rows, .* 0\.0002 \(tolerance 0\.0001\)"
    ):
        check_parity(P, P + np.array([[2e-4, -2e-4, 0], [0, 0, 0]]))


def test_another_label_is_refused_though_the_difference_is_small() -> None:
    close = np.array([[0.50004, 0.49996]])
    other = np.array([[0.49998, 0.50002]])
    assert np.abs(close - other).max() < TOLERANCE
    with pytest.raises(ParityError, match="labels equal on 0 of 1 rows"):
        check_parity(close, other)


def test_a_tie_is_counted_as_a_different_label_but_passes() -> None:
    tied = np.array([[0.5 + TIE / 4, 0.5 - TIE / 4], [0.9, 0.1]])
    turned = np.array([tied[0, ::-1], tied[1]])
    parity = check_parity(tied, turned)
    assert (parity.rows, parity.labels_equal) == (2, 1)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_what_is_no_number_is_refused(bad: float) -> None:
    spoilt = P.copy()
    spoilt[0, 0] = bad
    for pair in ((P, spoilt), (spoilt, P), (spoilt, spoilt)):
        with pytest.raises(ParityError, match="not a number"):
            check_parity(*pair)


def test_no_rows_and_other_shapes_are_refused() -> None:
    for pair in ((P[:0], P[:0]), (P, P[:1]), (P, P[:, :2])):
        with pytest.raises(ParityError, match="at least one row"):
            check_parity(*pair)
