"""Every metric against scikit-learn, on whatever hypothesis thinks of."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from sklearn import metrics as sk

from headstart.metrics import (
    HIGHER_IS_BETTER,
    RANGES,
    SET_METRICS,
    accuracy,
    all_scores,
    balanced_accuracy,
    brier,
    confusion_matrix,
    log_loss,
    macro_f1,
    precision_recall_f1,
    score,
)

Codes = NDArray[np.int64]


@st.composite
def answers(draw: st.DrawFn, unseen: bool = False) -> tuple[Codes, Codes, int]:
    classes = draw(st.integers(1, 6))
    rows = draw(st.integers(1, 40))
    low = -1 if unseen else 0
    y = draw(st.lists(st.integers(low, classes - 1), min_size=rows, max_size=rows))
    said = draw(st.lists(st.integers(0, classes - 1), min_size=rows, max_size=rows))
    return np.array(y, dtype=np.int64), np.array(said, dtype=np.int64), classes


@st.composite
def probabilities(draw: st.DrawFn) -> tuple[Codes, NDArray[np.float64]]:
    y, _, classes = draw(answers())
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    sharp = draw(st.sampled_from([0.01, 0.5, 5.0]))
    return y, random.dirichlet(np.full(classes, sharp), size=len(y))


@given(answers(unseen=True))
@settings(max_examples=80, deadline=None)
def test_metrics_of_classes_are_those_of_sklearn(case: tuple[Codes, Codes, int]) -> None:
    y, said, classes = case
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # sklearn warns of one class, and of classes never seen
        assert accuracy(y, said) == pytest.approx(sk.accuracy_score(y, said))
        assert macro_f1(y, said, classes) == pytest.approx(
            sk.f1_score(y, said, average="macro", zero_division=0)
        )
        assert balanced_accuracy(y, said, classes) == pytest.approx(
            sk.balanced_accuracy_score(y, said)
        )
        labels = np.arange(classes)
        ours = precision_recall_f1(y, said, classes)
        theirs = sk.precision_recall_fscore_support(y, said, labels=labels, zero_division=0)
    for mine, other in zip((ours.precision, ours.recall, ours.f1, ours.rows), theirs, strict=True):
        np.testing.assert_allclose(mine, other)


@given(answers())
@settings(max_examples=40, deadline=None)
def test_confusion_matrix_is_that_of_sklearn(case: tuple[Codes, Codes, int]) -> None:
    y, said, classes = case
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = sk.confusion_matrix(y, said, labels=np.arange(classes))
    np.testing.assert_array_equal(confusion_matrix(y, said, classes), theirs)


@given(probabilities())
@settings(max_examples=80, deadline=None)
def test_metrics_of_probabilities_are_those_of_sklearn(
    case: tuple[Codes, NDArray[np.float64]],
) -> None:
    y, proba = case
    classes = proba.shape[1]
    if classes > 1:
        theirs = sk.log_loss(y, proba, labels=np.arange(classes))
        assert log_loss(y, proba) == pytest.approx(theirs, rel=1e-9)
        whole = sk.brier_score_loss(y, proba, labels=np.arange(classes), scale_by_half=False)
        assert brier(y, proba) == pytest.approx(whole, abs=1e-12)


def test_log_loss_clips_single_precision_as_sklearn_does() -> None:
    proba = np.array([[0.0, 1.0], [1.0, 0.0], [0.25, 0.75]], dtype=np.float32)
    y = np.array([0, 0, 1])
    assert log_loss(y, proba) == pytest.approx(sk.log_loss(y, proba), rel=1e-6)
    assert np.isfinite(log_loss(y, proba))


def test_a_label_never_seen_is_an_error_everywhere_but_in_log_loss() -> None:
    proba = np.array([[0.9, 0.1], [0.2, 0.8], [0.7, 0.3]])
    known, with_unseen = np.array([0, 1]), np.array([0, 1, -1])
    before, after = all_scores(known, proba[:2]), all_scores(with_unseen, proba)
    assert before["accuracy"] == 1.0
    assert after["accuracy"] == pytest.approx(2 / 3)
    assert after["balanced_accuracy"] == pytest.approx(2 / 3)
    assert after["macro_f1"] == pytest.approx((2 / 3 + 1 + 0) / 3)
    assert after["brier"] == pytest.approx((0.02 + 0.08 + 0.49 + 0.09 + 1) / 3)
    assert after["log_loss"] == pytest.approx(before["log_loss"])
    with pytest.raises(ValueError, match="label the model knows"):
        log_loss(np.array([-1]), proba[:1])


def test_every_name_has_a_direction_and_a_range() -> None:
    y, proba = np.array([0, 1, 1]), np.array([[1.0, 0.0], [0.0, 1.0], [0.0, 1.0]])
    costs = 1.0 - np.eye(2)
    perfect, wrong = all_scores(y, proba, costs), all_scores(y, proba[:, ::-1], costs)
    assert "cost" not in all_scores(y, proba)
    assert set(perfect) | set(SET_METRICS) == set(HIGHER_IS_BETTER) == set(RANGES)
    for name in perfect:
        higher = HIGHER_IS_BETTER[name]
        assert (perfect[name] > wrong[name]) is higher
        low, high = RANGES[name]
        limits = (wrong[name], perfect[name]) if higher else (perfect[name], wrong[name])
        assert limits[0] >= low
        assert high is None or limits[1] <= high
        assert score(name, y, proba, 2) == perfect[name]


@pytest.mark.parametrize(
    ("y", "proba", "message"),
    [
        ([], np.zeros((0, 2)), "at least one row"),
        ([0], np.zeros((2, 2)), "do not belong"),
        ([2], np.full((1, 2), 0.5), "codes from -1 to 1"),
    ],
)
def test_input_that_does_not_fit_is_refused(
    y: list[int], proba: NDArray[np.float64], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        all_scores(np.array(y, dtype=np.int64), proba)


def test_an_unknown_metric_is_named_with_the_valid_ones() -> None:
    with pytest.raises(KeyError, match="unknown metric 'auc'; use one of: accuracy"):
        score("auc", np.array([0]), np.ones((1, 1)), 1)
