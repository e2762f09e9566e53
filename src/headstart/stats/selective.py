"""Answering only when sure: a threshold whose share of wrong answers is certified.

Selective risk: the share of wrong answers among the answered cases. Coverage: the share of cases
that are answered. Source: Geifman and El-Yaniv (2017); Angelopoulos et al. (2021), "Learn then
test", for the fixed sequence of exact binomial tests.

A certificate holds for rows drawn like those it was tested on, and only when neither the scores nor
the thresholds were chosen on them. Take the thresholds from other rows (`candidate_thresholds`).

The exact binomial test is coarse: of 100 answered rows two wrong ones may certify a limit, and of
110 still only two. So as many answered rows count as it takes to allow that number of wrong ones,
the first in an order that was drawn before (`_order`), and the rest is left out. How many count
depends on the number of answered rows alone, so that those are an independent sample like all of
them and the test keeps its level; and it certifies whatever the test of all of them would have.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from math import ceil, log

import numpy as np
from numpy.typing import ArrayLike, NDArray

from headstart.stats.distributions import check_confidence, isotonic, special
from headstart.stats.proportions import clopper_pearson, wilson
from headstart.types.result import NotAvailable, SelectiveCertificate

Floats = NDArray[np.float64]
START = 1.5
"""The first threshold accepts this many times the rows that could certify without an error, where
it is not known which reference answers are wrong."""
STEPS = 100
"""Thresholds that are tried between the first one and answering everything."""
LOOKED_AT = 30
"""Thresholds at which the number of labelled cases that is missing is reckoned."""
ORDER = 20_240_229
"""Seed of the order in which answered rows count."""
MOST_CASES = 1_000_000
"""No number of labelled cases above this is named: they would not be labelled."""


def rows_without_error(limit: float, confidence: float) -> int:
    """Answered rows, none of them wrong, that certify an error of at most `limit`.

    >>> [rows_without_error(limit, 0.95) for limit in (0.05, 0.02, 0.01)]
    [59, 149, 299]
    """
    _check(limit, confidence)
    return ceil(log(1.0 - confidence) / log(1.0 - limit) - 1e-9)


def candidate_thresholds(
    reference: ArrayLike,
    n: int,
    *,
    limit: float,
    confidence: float,
    wrong: ArrayLike | None = None,
    steps: int = STEPS,
) -> Floats:
    """Thresholds to test on n rows, the strictest first; the last one, 0, answers everything.

    The first accepts a share of `reference` at which n·coverage is 1.5 × the rows that certify
    without an error: a stricter one could seldom win, and a fixed sequence ends where it first
    loses. Where it is known which reference answers are wrong, the sequence starts where they
    foretell the largest coverage in the end, taking it that surer answers are not wrong more often
    (isotonic regression): where that is not so, the start is a worse one, and as valid.

    Args:
        reference: scores from 0 to 1 of other rows, such as out-of-fold ones (m,).
        n: rows that the thresholds will be tested on.
        wrong: whether the answers of the reference rows are wrong (m,).

    Raises:
        ValueError: no reference, n < 1, or a limit or confidence outside of 0 … 1.
    """
    _check(limit, confidence)
    scores = np.asarray(reference, dtype=np.float64)
    if scores.ndim != 1 or not len(scores) or n < 1:
        raise ValueError(f"{len(scores)} reference scores give no thresholds for {n} rows")
    least = log(1.0 - confidence) / log(1.0 - limit)
    first = min(1.0, least * (START if wrong is None else 1.0) / n)
    shares = np.linspace(first, 1.0, steps + 1)
    if wrong is not None:
        errors = np.asarray(wrong, dtype=bool)[np.argsort(-scores, kind="stable")]
        shares = shares[_best_start(isotonic(errors), shares, n, limit, 1.0 - confidence) :]
    found = np.quantile(scores, 1.0 - shares[:-1], method="lower")
    return np.unique(np.append(found, 0.0))[::-1]


def _best_start(errors: Floats, shares: Floats, n: int, limit: float, delta: float) -> int:
    """Index of the share to start at, by the coverage that is to be expected of the sequence.

    A sequence that starts at s reaches j with about the smallest chance to pass of s … j: the tests
    share their rows. errors: chance of one at each reference row, the surest first.
    """
    rows = np.maximum(1, np.round(shares * len(errors))).astype(np.int64)
    risk = (np.cumsum(errors)[rows - 1] + 0.5) / (rows + 1.0)
    answered = np.maximum(1, np.floor(shares * n)).astype(np.int64)
    most = _most_errors(answered, limit, delta)
    chance = np.where(most < 0, 0.0, special().bdtr(np.maximum(most, 0), answered, risk))
    gained = np.diff(shares, append=shares[-1])[:-1]
    expected = [
        shares[s] * chance[s] + float(gained[s:] @ np.minimum.accumulate(chance[s:])[1:])
        for s in range(len(shares))
    ]
    return int(np.argmax(expected))


def _most_errors(answered: NDArray[np.int64], limit: float, delta: float) -> NDArray[np.int64]:
    """The most wrong answers of so many that certify the limit; −1 where none does."""
    low, high = np.full(len(answered), -1), np.ceil(answered * limit).astype(np.int64)
    while (high - low > 1).any():
        middle = (low + high) // 2
        passes = special().bdtr(np.maximum(middle, 0), answered, limit) <= delta
        passes &= middle >= 0
        low, high = np.where(passes, middle, low), np.where(passes, high, middle)
    return low


def _fewest_rows(most: NDArray[np.int64], limit: float, delta: float) -> NDArray[np.int64]:
    """The fewest answered rows of which so many wrong ones certify the limit; 0 for −1."""
    wrong = np.maximum(most, 0)
    low, high = wrong, np.ceil((wrong + 10.0 * np.sqrt(wrong + 1.0) - 10.0 * log(delta)) / limit)
    high = high.astype(np.int64)
    while (high - low > 1).any():
        middle = (low + high) // 2
        passes = special().bdtr(wrong, np.maximum(middle, 1), limit) <= delta
        low, high = np.where(passes, low, middle), np.where(passes, middle, high)
    return np.where(most < 0, 0, high)


def _order(n: int) -> NDArray[np.int64]:
    """The order in which n rows count: drawn once for all, by nothing but their number."""
    return np.random.default_rng(ORDER).permutation(n)


def certify(
    scores: ArrayLike,
    wrong: ArrayLike,
    thresholds: ArrayLike,
    *,
    limit: float,
    confidence: float = 0.95,
) -> SelectiveCertificate | NotAvailable:
    """The laxest threshold that is certified: with the given confidence, at most the share `limit`
    of the answers given at or above it is wrong.

    Fixed-sequence Learn-then-Test: the thresholds are tested in the order given, each with the
    exact binomial p-value P(Bin(tested, limit) ≤ wrong ones of these), and the first that fails
    ends it. tested: of the answered rows, so many as it takes to allow the number of wrong ones
    that all of them would (see above).

    Args:
        scores: how sure the answer of each row is (n,).
        wrong: whether it is wrong (n,).
        thresholds: fixed before these rows were seen, the strictest first.

    Returns:
        A certificate, or "cannot be certified: needs N more labelled cases".

    Raises:
        ValueError: unequal lengths, or a limit or confidence outside of 0 … 1.
        MissingExtraError: SciPy is not installed.
    """
    sure, errors = _rows(scores, wrong, limit, confidence)
    tried = np.asarray(thresholds, dtype=np.float64)
    order = _order(len(sure))
    ranked = np.sort(sure)
    counts = len(sure) - np.searchsorted(ranked, tried, side="left")
    allowed = _most_errors(counts, limit, 1.0 - confidence)
    needed = _fewest_rows(allowed, limit, 1.0 - confidence)
    last: tuple[float, int, int] | None = None
    for threshold, most, rows in zip(tried, allowed, needed, strict=True):
        tested = errors[order][sure[order] >= threshold][:rows]
        if most < 0 or tested.sum() > most:
            break
        last = float(threshold), int(rows), int(tested.sum())
    if last is None:
        return NotAvailable(_reason(cases_needed(sure, errors, limit=limit, confidence=confidence)))
    threshold, tested_rows, tested_wrong = last
    accepted = sure >= threshold
    answered, missed = int(accepted.sum()), int(errors[accepted].sum())
    share = wilson(answered, len(sure), confidence)
    upper = clopper_pearson(missed, answered, 2.0 * confidence - 1.0 if confidence > 0.5 else 0.01)
    return SelectiveCertificate(
        threshold=threshold,
        limit=limit,
        confidence=confidence,
        coverage=share.value,
        coverage_low=share.low or 0.0,
        coverage_high=1.0 if share.high is None else share.high,
        reviewed=1.0 - share.value,
        answered=answered,
        wrong=missed,
        error=missed / answered,
        upper=min(limit, 1.0 if upper.high is None else upper.high),
        n=len(sure),
        method="fixed-sequence Learn-then-Test, exact binomial p-values",
        tested=tested_rows,
        tested_wrong=tested_wrong,
    )


def certify_by_class(
    scores: ArrayLike,
    wrong: ArrayLike,
    answers: ArrayLike,
    reference: Sequence[ArrayLike],
    *,
    limit: float,
    confidence: float = 0.95,
) -> list[SelectiveCertificate | NotAvailable]:
    """A certificate for the answers of each class, all of them together at the given confidence.

    Bonferroni over the classes: each is tested at (1 − confidence) / classes. A class is that of
    the answer, since the true one is not known when a case is answered.

    Args:
        answers: code of each row's answer (n,), 0 … classes − 1.
        reference: scores of other rows that were answered with each class, one array a class.

    Raises:
        ValueError: as `certify`.
    """
    sure, errors = _rows(scores, wrong, limit, confidence)
    said, classes = np.asarray(answers), len(reference)
    each = 1.0 - (1.0 - confidence) / max(classes, 1)
    found: list[SelectiveCertificate | NotAvailable] = []
    for code, others in enumerate(reference):
        rows = said == code
        if not rows.any():
            found.append(NotAvailable("cannot be certified: no row was answered with it"))
            continue
        known = np.asarray(others, dtype=np.float64)
        thresholds = (
            candidate_thresholds(known, int(rows.sum()), limit=limit, confidence=each)
            if len(known)
            else np.zeros(1)
        )
        found.append(certify(sure[rows], errors[rows], thresholds, limit=limit, confidence=each))
    return found


def cases_needed(
    scores: ArrayLike, wrong: ArrayLike, *, limit: float, confidence: float = 0.95
) -> int | None:
    """Labelled cases beside these with which a threshold could be certified.

    Reckoned from the share of wrong answers (plus half an error) and the coverage seen at each
    threshold: a plan, not a promise. None where no threshold keeps the share of wrong answers below
    the limit: then more cases alone would not help.

    >>> cases_needed([0.9] * 40, [False] * 40, limit=0.05)
    84
    """
    sure, errors = _rows(scores, wrong, limit, confidence)
    least = rows_without_error(limit, confidence)
    if not len(sure):
        return least
    order = np.argsort(-sure, kind="stable")
    last = np.append(np.flatnonzero(np.diff(sure[order]) < 0), len(sure) - 1)
    last = last[np.unique(np.linspace(0, len(last) - 1, LOOKED_AT).astype(np.int64))]
    answered = last + 1.0
    share = (np.cumsum(errors[order])[last] + 0.5) / (answered + 1.0)
    coverage = answered / len(sure)
    best: int | None = None
    for error, part in zip(share, coverage, strict=True):
        if error < limit and least / part < (best or MOST_CASES):
            rows = _rows_to_certify(float(error), limit, 1.0 - confidence)
            if rows is not None and rows / part <= MOST_CASES:
                total = ceil(rows / part)
                best = total if best is None else min(best, total)
    return None if best is None else max(1, best - len(sure))


def _rows_to_certify(error: float, limit: float, delta: float) -> int | None:
    """Answered rows at which the expected number of wrong ones certifies the limit, to 2%."""
    rows = _sizes(rows_without_error(limit, 1.0 - delta))
    missed = np.ceil(error * rows - 1e-9)
    enough = special().bdtr(missed, rows, limit) <= delta
    return int(rows[int(np.argmax(enough))]) if enough.any() else None


@lru_cache(maxsize=32)
def _sizes(first: int) -> NDArray[np.int64]:
    """Numbers of rows from `first` to MOST_CASES, each 2% or one more than the last."""
    found = [first]
    while found[-1] < MOST_CASES:
        found.append(max(found[-1] + 1, int(found[-1] * 1.02)))
    return np.array(found, dtype=np.int64)


def _reason(more: int | None) -> str:
    if more is None:
        return (
            "cannot be certified: at every threshold the share of wrong answers lies above the "
            "limit, or too close to it"
        )
    return f"cannot be certified: needs {more} more labelled {'case' if more == 1 else 'cases'}"


def _rows(
    scores: ArrayLike, wrong: ArrayLike, limit: float, confidence: float
) -> tuple[Floats, NDArray[np.bool_]]:
    _check(limit, confidence)
    sure, errors = np.asarray(scores, dtype=np.float64), np.asarray(wrong, dtype=bool)
    if sure.shape != errors.shape or sure.ndim != 1:
        raise ValueError(f"scores {sure.shape} and errors {errors.shape} must be of the same rows")
    return sure, errors


def _check(limit: float, confidence: float) -> None:
    check_confidence(confidence)
    if not 0.0 < limit < 1.0:
        raise ValueError(f"the limit must lie between 0 and 1, not be {limit}")
