"""What a model might have answered in classes whose rows it answered all rightly or all wrongly."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from headstart.stats import Others

Codes = NDArray[np.int64]


def other_answers(y: Codes, given: Codes, classes: int, seed: int) -> Others:
    """For the bootstrap of a metric of answers: a wrong answer where all of a class are right, the
    right one where none is. How probable each is follows from the classes' mean recall.

    y, given: codes (n,). The columns are 1 at the answer, (k, classes). There are none of a model
    that answers all rows alike.
    """
    codes, answers, chance = _others(y, given, seed)
    return Others(codes, np.eye(classes)[answers], chance)


def other_pairs(y: Codes, a: Codes, b: Codes, seed: int) -> Others:
    """The same for two models: the one answers otherwise, the other as it mostly does there. The
    columns are the two answers (k, 2)."""
    codes, pairs, chance = [], [], []
    for mine, theirs, turned in ((a, b, False), (b, a, True)):
        own, answers, likely = _others(y, mine, seed)
        for code, answer in zip(own.tolist(), answers.tolist(), strict=True):
            usual = int(np.bincount(theirs[y == code]).argmax())
            pairs.append((usual, answer) if turned else (answer, usual))
        codes += own.tolist()
        chance += likely.tolist()
    return Others(
        np.array(codes, dtype=np.int64),
        np.array(pairs, dtype=np.float64).reshape(-1, 2),
        np.array(chance),
    )


def _others(y: Codes, given: Codes, seed: int) -> tuple[Codes, Codes, NDArray[np.float64]]:
    """(classes, other answers, how probable these are)."""
    random = np.random.default_rng(seed)
    present = np.unique(y)
    recalls = {int(one): float((given[y == one] == one).mean()) for one in present}
    mean = (sum(recalls.values()) + 0.5) / (len(recalls) + 1)
    codes, answers, chance = [], [], []
    if len(np.unique(given)) > 1:
        for one, recall in recalls.items():
            wrong = given[given != one]
            if recall in (0.0, 1.0):
                codes.append(one)
                answers.append(one if recall == 0.0 else int(random.choice(wrong)))
                chance.append(mean if recall == 0.0 else 1.0 - mean)
    return np.array(codes, dtype=np.int64), np.array(answers, dtype=np.int64), np.array(chance)
