"""Macro-F1 over the labels alone, where an answer may be none of them."""

from __future__ import annotations

import numpy as np
from sklearn.metrics import f1_score

from headstart.metrics import LabelF1Difference


def test_weighted_rows_give_what_scikit_learn_gives_for_repeated_ones() -> None:
    random = np.random.default_rng(2)
    for labels in (2, 3, 7):
        y = np.concatenate([np.arange(labels), random.integers(0, labels, 60)])
        both = random.integers(0, labels + 1, (len(y), 2))  # the last code is no label
        weights = random.integers(0, 4, (5, len(y)))
        weights[:, :labels] = 1  # every label occurs
        found = LabelF1Difference(labels).weighted(y, both.astype(float))(weights.astype(float))
        for one, value in zip(weights, found, strict=True):
            left, right = (
                f1_score(
                    np.repeat(y, one),
                    np.repeat(both[:, side], one),
                    labels=range(labels),
                    average="macro",
                    zero_division=0,
                )
                for side in (0, 1)
            )
            assert abs(value - (left - right)) < 1e-12
