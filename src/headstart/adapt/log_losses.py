"""Log-losses of arms that are compared: at the temperature that suits each arm best."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from headstart.adapt.prevalence import Mix
from headstart.adapt.scores import values_of
from headstart.heads import (
    at_temperature,
    fit_temperature,
    label_questions,
    logits_of,
    logits_of_labels,
    sigmoid,
)
from headstart.stats import rows_variance

ROWS = 1000
"""By which a temperature is found, at most."""


def scaled_log_losses(
    codes: Sequence[NDArray[np.int64]],
    proba: Sequence[NDArray[np.floating]],
    mix: Mix | None = None,
) -> tuple[NDArray[np.float32], ...]:
    """Each test row's part in the log-loss of its fold (`row_values`), one array a fold.

    What ships is scaled, and a temperature costs nothing: an arm that is only too sure is no worse
    than another one. One temperature is found for all folds of an arm, by the rows themselves,
    which flatters every arm by the same 1/(2n).

    Args:
        codes, proba: of the test rows of each fold, and of the arm's answers to them. Where a row
            may have several labels, each is one question with two answers.
        mix: how common the labels are in use, where the brief says so.
    """
    y, every = np.concatenate(codes), np.concatenate(proba)
    some = slice(None, None, -(-len(y) // ROWS))
    if y.ndim == 2:
        logits = logits_of_labels(every)
        heat = fit_temperature(y[some].ravel(), label_questions(logits[some]))
        answers = sigmoid(logits / heat)
    else:
        logits = logits_of(every)
        heat = fit_temperature(y[some], logits[some])
        answers = at_temperature(logits, heat)
    ends = np.cumsum([len(one) for one in codes])[:-1]
    found = []
    for own, scaled in zip(codes, np.split(answers, ends), strict=True):
        found.append(values_of("log_loss", own, scaled, None, None, mix).astype(np.float32))
    return tuple(found)


def log_loss_gains(
    a: Sequence[NDArray[np.floating]], b: Sequence[NDArray[np.floating]]
) -> tuple[NDArray[np.float64], float | None]:
    """(what a gains over b in each fold that both have, larger is better; its variance by the rows,
    `headstart.stats.rows_variance`); a, b: two arms' `scaled_log_losses`."""
    by_fold = [theirs.mean() - own.mean() for own, theirs in zip(a, b, strict=False)]
    return np.array(by_fold, dtype=np.float64), rows_variance(a, b)
