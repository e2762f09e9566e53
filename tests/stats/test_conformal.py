"""Prediction sets: by hand, against MAPIE, and their coverage by simulation."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import softmax
from scipy.stats import betabinom

from headstart.stats import prediction_sets, set_threshold

TEN = [0.95, 0.9, 0.85, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2]


@pytest.mark.parametrize(
    ("level", "expected"),
    [(0.5, 0.6), (0.8, 0.3), (0.9, 0.2), (0.95, 0.0)],
)
def test_the_threshold_by_hand(level: float, expected: float) -> None:
    """Of ten rows the ⌈11 · level⌉-th largest: the 6th, the 9th, the 10th; an 11th there is not."""
    assert set_threshold(TEN[::-1], level) == expected


def test_sets_hold_what_is_at_least_as_probable() -> None:
    proba = np.array([[0.7, 0.2, 0.1], [0.3, 0.3, 0.4], [0.34, 0.33, 0.33]])
    found = prediction_sets(proba, 0.3)
    assert found.tolist() == [[True, False, False], [True, True, True], [True, True, True]]
    assert prediction_sets(proba, 0.8).sum() == 0
    assert prediction_sets(proba, 0.0).all()


def test_too_few_rows_give_every_label() -> None:
    assert set_threshold([0.99] * 8, 0.9) == 0.0
    assert set_threshold([0.99] * 9, 0.9) == 0.99


@pytest.mark.parametrize("n", [20, 99, 200])
def test_coverage_follows_its_law(n: int) -> None:
    """Of m new rows the sets hold Beta-binomial(m, k, n + 1 − k) many (Vovk 2012), k the place of
    the threshold: mean and spread of 4,000 trials are those of that law."""
    level, m, trials = 0.9, 50, 4000
    random = np.random.default_rng(n)
    logits = random.normal(0.0, 2.0, (trials, n + m, 4))
    proba = softmax(logits, axis=2)
    labels = (random.random((trials, n + m, 1)) > np.cumsum(proba, axis=2)).sum(axis=2).clip(0, 3)
    true = np.take_along_axis(proba, labels[..., None], axis=2)[..., 0]
    held = np.array(
        [(true[t, n:] >= set_threshold(true[t, :n], level)).sum() for t in range(trials)]
    )
    place = int(np.ceil((n + 1) * level - 1e-9))
    law = betabinom(m, place, n + 1 - place)
    assert abs(held.mean() - law.mean()) < 4 * law.std() / np.sqrt(trials)
    assert held.std() == pytest.approx(law.std(), rel=0.05)
    assert held.mean() / m >= level - 0.003


def test_mapie_gives_the_same_sets() -> None:
    """The oracle: split conformal sets of another library on the same probabilities."""
    classification = pytest.importorskip("mapie.classification")
    from sklearn.linear_model import LogisticRegression

    random = np.random.default_rng(3)
    centres = random.normal(0.0, 1.2, (4, 5))
    y = random.integers(0, 4, 600)
    x = centres[y] + random.normal(0.0, 1.0, (600, 5))
    model = LogisticRegression().fit(x[:200], y[:200])
    peer = classification.SplitConformalClassifier(
        model, confidence_level=0.85, conformity_score="lac", prefit=True
    ).conformalize(x[200:400], y[200:400])
    theirs = peer.predict_set(x[400:])[1][:, :, 0]
    known = model.predict_proba(x[200:400])[np.arange(200), y[200:400]]
    ours = prediction_sets(model.predict_proba(x[400:]), set_threshold(known, 0.85))
    assert (ours == theirs).all()


@pytest.mark.parametrize("level", [0.0, 1.0, 1.5])
def test_a_level_outside_of_the_range_is_refused(level: float) -> None:
    with pytest.raises(ValueError, match=r"confidence|between"):
        set_threshold(TEN, level)


def test_no_row_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one row"):
        set_threshold([], 0.9)
