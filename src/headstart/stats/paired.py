"""Two models on the same rows."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from headstart.stats.distributions import special


def mcnemar_exact(a_correct: ArrayLike, b_correct: ArrayLike) -> float:
    """Two-sided p-value of McNemar's exact (binomial) test.

    Only the rows that exactly one of the two answers right count; 1.0 where there is none. Rows
    must be independent: not for pooled folds, where models share training rows.

    Args:
        a_correct, b_correct: whether each row was answered right, shape (n,).

    Raises:
        ValueError: unequal lengths.
        MissingExtraError: SciPy is not installed.

    >>> mcnemar_exact([True] * 6 + [False], [False] * 6 + [False])
    0.03125
    """
    a, b = np.asarray(a_correct, dtype=bool), np.asarray(b_correct, dtype=bool)
    if a.shape != b.shape or a.ndim != 1:
        raise ValueError(f"answers of the same rows are needed, not {a.shape} and {b.shape}")
    only_a, only_b = int((a & ~b).sum()), int((~a & b).sum())
    if only_a == only_b:
        return 1.0
    fewer, rows = min(only_a, only_b), only_a + only_b
    return float(min(1.0, 2.0 * special().bdtr(fewer, rows, 0.5)))
