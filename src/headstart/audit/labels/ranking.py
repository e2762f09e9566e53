"""Rows ranked by how likely their label is wrong, and how many of the first are."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from headstart.audit.labels.neighbours import neighbour_vote
from headstart.audit.near_duplicates.cosine import unit_rows
from headstart.stats.distributions import normal_quantile

NEIGHBOURS = 20
NEIGHBOUR_WEIGHT = 0.3
TEMPERATURES = tuple(np.geomspace(0.05, 4, 30).tolist())
ROUNDS = 60
ONCE_IN_TWENTY = normal_quantile(0.95)
TINY = 1e-300
Matrix = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class LabelRanking:
    """Every row, the most suspicious first.

    order (n,): rows by suspicion. suspicion (n,): log of the best other class's probability over
    the given one's; above 0 another class fits better. suggested (n,): that other class. wrong
    (n,): estimated probability that the label is wrong; its mean over the first k of `order` is
    the list's estimated precision, its sum the number of wrong labels. It is 0 throughout where
    the labels are not told apart: who cannot say which is right cannot say which is wrong.
    """

    order: NDArray[np.int64]
    suspicion: NDArray[np.float64]
    suggested: NDArray[np.int64]
    wrong: NDArray[np.float64]

    def precision(self, k: int) -> float:
        """Estimated share of wrong labels among the first `k` rows."""
        return float(self.wrong[self.order[:k]].mean()) if k else 0.0

    @property
    def flagged(self) -> NDArray[np.int64]:
        """The rows worth reading, in order: as many as are estimated to be wrong, if there is
        another class that fits each of them better."""
        many = round(float(self.wrong.sum()))
        return np.array([row for row in self.order[:many] if self.suspicion[row] > 0], np.int64)


def rank_labels(
    codes: NDArray[np.int64],
    probabilities: NDArray[np.float32],
    features: NDArray[np.float32] | None = None,
    *,
    groups: NDArray[np.int64] | None = None,
) -> LabelRanking:
    """Rows ranked by two witnesses against their labels.

    codes (n,): given labels. probabilities (n, classes): out-of-fold. features (n, width): frozen
    embeddings; without them the model is the only witness. The model's probabilities (tempered on
    the given labels) and the vote of 20 neighbours are averaged in the logarithm, weights 0.7 and
    0.3, and rows are ranked by the log odds of the best other class against the given one.
    `wrong` comes from a noise model fitted by maximum likelihood, together with a temperature: a
    share of labels moved to classes in proportion to the confident joint (Northcutt, Jiang,
    Chuang 2021), smoothed towards uniform.

    Raises:
        ValueError: shapes that do not match, or a code without a column.
    """
    n, n_classes = probabilities.shape
    if len(codes) != n or (features is not None and len(features) != n):
        raise ValueError("codes, probabilities and features must have the same number of rows")
    if n and (codes.min() < 0 or codes.max() >= n_classes):
        raise ValueError("a label has no column of probabilities")
    if n == 0 or n_classes < 2:
        none = np.zeros(n)
        rows = np.arange(n, dtype=np.int64)
        return LabelRanking(rows, none, np.asarray(codes, dtype=np.int64), none.copy())
    sure = tempered(probabilities.astype(np.float64), codes)
    joint = np.log(np.clip(sure, 1e-5, 1))
    if features is not None:
        k = min(NEIGHBOURS, max(1, n // n_classes))
        vote = neighbour_vote(unit_rows(features), codes, n_classes, k=k, groups=groups)
        joint = (1 - NEIGHBOUR_WEIGHT) * joint + NEIGHBOUR_WEIGHT * np.log(np.clip(vote, 1e-5, 1))
    both = _softmax(joint)
    rows = np.arange(n)
    other = both.copy()
    other[rows, codes] = -1
    suggested = other.argmax(axis=1)
    suspicion = np.log(other.max(axis=1) + 1e-6) - np.log(both[rows, codes] + 1e-6)
    order = np.lexsort((rows, -suspicion)).astype(np.int64)
    wrong = _noise_model(joint, codes) if told_apart(sure, codes).told else np.zeros(n)
    return LabelRanking(order, suspicion, suggested.astype(np.int64), wrong)


@dataclass(frozen=True, slots=True)
class ToldApart:
    """Whether probabilities say more of n labels than the classes' shares do, and the log-loss of
    both."""

    told: bool
    log_loss: float
    of_shares: float
    n: int


def told_apart(probabilities: Matrix, codes: NDArray[np.int64]) -> ToldApart:
    """codes (n,); probabilities out of fold, `tempered` (n, classes). Told: the gain in the log of
    the given label's probability lies above 0 by more than chance would have it once in 20 times
    (t).

    >>> codes = np.tile([0, 1], 20)
    >>> told_apart(np.full((40, 2), 0.5), codes).told
    False
    >>> told_apart(np.eye(2)[codes] * 0.8 + 0.1, codes).told
    True
    """
    n = len(codes)
    shares = np.bincount(codes, minlength=probabilities.shape[1]) / n
    own = probabilities[np.arange(n), codes]
    base, gain = np.log(shares[codes]), np.log(own + 1e-12) - np.log(shares[codes])
    least = max(ONCE_IN_TWENTY * float(gain.std()) / n**0.5, 1e-9)
    loss = -float((base + gain).mean())
    return ToldApart(bool(gain.mean() > least), loss, -float(base.mean()), n)


def _softmax(logits: Matrix) -> Matrix:
    shifted = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(shifted / shifted.sum(axis=1, keepdims=True))


def tempered(probabilities: Matrix, codes: NDArray[np.int64]) -> Matrix:
    """Probabilities at the temperature that fits the given labels best (Guo et al. 2017)."""
    logits = np.log(np.clip(probabilities, 1e-12, 1))
    rows = np.arange(len(codes))

    def loss(temperature: float) -> float:
        return float(-np.log(_softmax(logits / temperature)[rows, codes] + 1e-12).mean())

    return _softmax(logits / min(np.geomspace(0.25, 4, 25).tolist(), key=loss))


def confident_joint(probabilities: Matrix, codes: NDArray[np.int64]) -> Matrix:
    """Counts (true class, given class) of rows whose probability reaches some class's own mean.

    Confident learning (Northcutt, Jiang, Chuang 2021, equation 1).
    """
    n_classes = probabilities.shape[1]
    own = probabilities[np.arange(len(codes)), codes]
    counts = np.bincount(codes, minlength=n_classes)
    sums = np.bincount(codes, weights=own, minlength=n_classes)
    threshold = np.where(counts > 0, sums / np.maximum(counts, 1), np.inf)
    confident = np.where(probabilities >= threshold, probabilities, -1)
    sure = confident.max(axis=1) >= 0
    joint = np.zeros((n_classes, n_classes))
    np.add.at(joint, (confident.argmax(axis=1)[sure], codes[sure]), 1)
    return joint


def _noise_model(logits: Matrix, codes: NDArray[np.int64]) -> Matrix:
    """Probability that each label is wrong, from the likeliest temperature and share of errors.

    A temperature fitted on the given labels alone would take wrong labels for doubt; fitted
    together with the share, it tells classes that overlap from labels that were moved.
    """
    moved = confident_joint(_softmax(logits), codes)
    n_classes = len(moved)
    np.fill_diagonal(moved, 0)
    moved += moved.sum() / (n_classes * (n_classes - 1)) + 1e-9
    np.fill_diagonal(moved, 0)
    moved /= moved.sum(axis=1, keepdims=True)
    fits = (_fitted(_softmax(logits / t), codes, moved) for t in TEMPERATURES)
    return max(fits, key=lambda fit: fit[0])[1]


def _fitted(probabilities: Matrix, codes: NDArray[np.int64], moved: Matrix) -> tuple[float, Matrix]:
    """(mean log likelihood, probability that each label is wrong), by expectation maximisation."""
    given = probabilities[np.arange(len(codes)), codes]
    from_others = np.einsum("ij,ij->i", probabilities, moved[:, codes].T)
    share = 0.05
    for _ in range(ROUNDS):
        against = share * from_others
        wrong = against / np.maximum(against + (1 - share) * given, TINY)
        share = float(np.clip(wrong.mean(), 1e-5, 0.5))
    likelihood = np.maximum(share * from_others + (1 - share) * given, TINY)
    return float(np.log(likelihood).mean()), wrong
