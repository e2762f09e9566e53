"""Training on pairs of rows: same label or not (SetFit; Tunstall et al. 2022).

Few rows make many pairs. Rows of one label are drawn together and others apart, and a linear head
is then fitted on the features that this gives.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray


def draw_pairs(
    codes: NDArray[np.int64], rows: NDArray[np.int64], each: int, chance: np.random.Generator
) -> NDArray[np.int64]:
    """Pairs (m, 2) of rows: for every row, `each` partners of its label and as many of another.

    Partners are drawn with replacement. A row that is the only one of its label has none of it.

    >>> draw_pairs(np.array([0, 0, 1]), np.array([0, 1, 2]), 1, np.random.default_rng(0))[:3]
    array([[0, 1],
           [0, 2],
           [1, 0]])
    """
    own = codes[rows]
    pairs: list[tuple[int, int]] = []
    for row, code in zip(rows, own, strict=True):
        for partners in (rows[(own == code) & (rows != row)], rows[own != code]):
            if len(partners):
                pairs += [(int(row), int(one)) for one in chance.choice(partners, each)]
    return np.array(pairs, dtype=np.int64).reshape(-1, 2)


def pair_loss(features: torch.Tensor, same: torch.Tensor) -> torch.Tensor:
    """Sum over pairs of the squared gap between cosine and 1 (same label) or 0 (another).

    features: (pairs, 2, width). same: (pairs,). Divided by the number of pairs it is
    sentence-transformers' CosineSimilarityLoss.
    """
    cosine = torch.nn.functional.cosine_similarity(features[:, 0], features[:, 1])
    return torch.nn.functional.mse_loss(cosine, same.to(cosine.dtype), reduction="sum")
