"""What a model might have answered in classes whose rows it answered all rightly or all wrongly."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from headstart.stats import Others

Codes = NDArray[np.int64]
Proba = NDArray[np.floating]


def other_answers(y: Codes, given: Codes, proba: Proba, seed: int) -> Others:
    """For the bootstrap of a metric of answers: a wrong answer where all of a class are right, the
    right one where none is. How probable each is follows from the classes' mean recall.

    y, given: codes (n,). proba: (n, classes); a class that has no probability in any row, as one
    that was never trained on, is never the answer. There are none of a model that answers all rows
    alike. The columns are 1 at the answer (k, classes).
    """
    codes, answers, chance = _others(y, given, proba, seed)
    return Others(codes, np.eye(proba.shape[1])[answers], chance)


def other_pairs(y: Codes, a: tuple[Codes, Proba], b: tuple[Codes, Proba], seed: int) -> Others:
    """The same for two models, (answers, probabilities) each: the one answers otherwise, the other
    as it mostly does there. The columns are the two answers (k, 2)."""
    codes, pairs, chance = [], [], []
    for (mine, proba), (theirs, _), turned in ((a, b, False), (b, a, True)):
        own, answers, likely = _others(y, mine, proba, seed)
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


def _others(
    y: Codes, given: Codes, proba: Proba, seed: int
) -> tuple[Codes, Codes, NDArray[np.float64]]:
    """(classes, other answers, how probable these are)."""
    random = np.random.default_rng(seed)
    present, possible = np.unique(y), set(np.flatnonzero(proba.max(axis=0) > 0.0).tolist())
    recalls = {int(one): float((given[y == one] == one).mean()) for one in present}
    mean = (sum(recalls.values()) + 0.5) / (len(recalls) + 1)
    codes, answers, chance = [], [], []
    if len(np.unique(given)) > 1:
        for one, recall in recalls.items():
            wrong = given[given != one]
            if recall == 1.0 or (recall == 0.0 and one in possible):
                codes.append(one)
                answers.append(one if recall == 0.0 else int(random.choice(wrong)))
                chance.append(mean if recall == 0.0 else 1.0 - mean)
    return np.array(codes, dtype=np.int64), np.array(answers, dtype=np.int64), np.array(chance)
