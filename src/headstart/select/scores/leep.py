"""LEEP and NCE: what a source model's own classes say about the target's."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from headstart.select.inputs import codes_within, finite_matrix, row_codes


def leep(source_probabilities: NDArray[Any], codes: NDArray[np.integer], n_classes: int) -> float:
    """Mean log probability of the target class by way of the source classes, nats, at most 0.

    Nguyen, Hassner, Seeger, Archambeau 2020 (arXiv 2002.12462): mean_i log Σ_z P(y_i|z) θ_z(x_i),
    P(y|z) the share of y in the probability that falls on z; a z on which none falls is left out.
    0 where every source class belongs to one target class; log(1/C) for C balanced classes of which
    the source knows nothing. It moves with the number of classes and their imbalance.

    source_probabilities (n, z): θ, rows of sum one (to 1%, scaled to one here). codes (n,): 0 …
    n_classes − 1; classes without a row change nothing, nor do duplicates of all rows.

    Raises:
        ValueError: shapes that do not fit, rows that are not probabilities, a code out of range.
    """
    theta = finite_matrix(source_probabilities, "source_probabilities", least=1)
    sums = theta.sum(axis=1, keepdims=True)
    if (theta < 0).any() or (np.abs(sums - 1) > 0.01).any():
        raise ValueError("source_probabilities must be rows of probabilities that sum to one")
    theta /= sums
    own = codes_within(codes, len(theta), n_classes)
    joint = np.zeros((n_classes, theta.shape[1]))
    np.add.at(joint, own, theta)
    column = joint.sum(axis=0)
    given = np.divide(joint, column, out=np.zeros_like(joint), where=column > 0)
    likelihood = np.einsum("iz,iz->i", given[own], theta)
    return float(min(0.0, np.log(likelihood).mean()))


def nce(source_codes: NDArray[np.integer], codes: NDArray[np.integer]) -> float:
    """−H(Y|Z): how sure the source's class makes of the target's, in nats, at most 0.

    Tran, Nguyen, Hassner 2019 (arXiv 1908.08142). Equal to LEEP of one-hot probabilities.

    source_codes (n,): the class that the source model predicts. codes (n,). Any integers do; their
    names, the order of rows and duplicates of all rows change nothing.

    Raises:
        ValueError: shapes that do not fit, no row, or codes that are not integers.
    """
    n = len(np.atleast_1d(codes))
    if not n:
        raise ValueError("at least one row is needed")
    _, source = np.unique(row_codes(source_codes, n, "source_codes"), return_inverse=True)
    names, own = np.unique(row_codes(codes, n), return_inverse=True)
    cells, joint = np.unique(source.ravel() * len(names) + own.ravel(), return_counts=True)
    column = np.bincount(source.ravel())[cells // len(names)]
    return float(min(0.0, (joint * np.log(joint / column)).sum() / n))
