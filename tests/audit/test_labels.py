"""Label errors, contradictions, confusion and agreement, each against an independent reckoning."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from cleanlab.count import compute_confident_joint
from cleanlab.rank import get_label_quality_scores
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score
from sklearn.model_selection import cross_val_predict
from sklearn.neighbors import NearestNeighbors

from headstart.audit.checks.label_errors import LabelErrors
from headstart.audit.labels import (
    confused_pairs,
    consensus,
    contradictions,
    krippendorff_alpha,
    label_findings,
    rank_labels,
)
from headstart.audit.labels.neighbours import neighbour_vote, neighbours
from headstart.audit.labels.ranking import confident_joint, tempered
from headstart.audit.near_duplicates.pairs import make_pairs, merge
from headstart.ports import AuditInputs
from headstart.types.data import Dataset, Example, Place
from headstart.types.result import Estimate


def _noisy(
    rate: float, seed: int, n: int = 600, classes: int = 6, spread: float = 0.9
) -> tuple[NDArray[np.float32], NDArray[np.int64], NDArray[np.bool_], NDArray[np.float32]]:
    """Features, given labels, which are wrong, out-of-fold probabilities."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(classes, size=n)
    centres = rng.normal(size=(classes, 16))
    features = (centres[truth] + spread * rng.normal(size=(n, 16))).astype(np.float32)
    codes = truth.copy()
    moved = rng.choice(n, size=round(rate * n), replace=False)
    codes[moved] = (truth[moved] + rng.integers(1, classes, size=len(moved))) % classes
    model = LogisticRegression(C=1.0, max_iter=500)
    probabilities = cross_val_predict(model, features, codes, cv=5, method="predict_proba")
    return features, codes, codes != truth, probabilities.astype(np.float32)


@pytest.mark.parametrize("rate", [0.02, 0.05, 0.1, 0.2])
@pytest.mark.parametrize("seed", [0, 1])
def test_ranking_is_no_worse_than_cleanlab(rate: float, seed: int) -> None:
    features, codes, wrong, probabilities = _noisy(rate, seed)
    ours = average_precision_score(wrong, rank_labels(codes, probabilities, features).suspicion)
    quality = get_label_quality_scores(codes, probabilities.astype(np.float64))
    assert ours >= average_precision_score(wrong, 1 - quality) - 0.02
    assert ours > 3 * rate


def test_estimated_number_follows_the_planted_one() -> None:
    """Within a quarter, also where classes overlap; next to none where there are none."""
    for rate in (0.05, 0.1, 0.2, 0.3):
        for spread in (0.7, 1.3):
            features, codes, wrong, probabilities = _noisy(rate, seed=3, n=1500, spread=spread)
            ranking = rank_labels(codes, probabilities, features)
            assert wrong.sum() / 1.25 < ranking.wrong.sum() < 1.25 * wrong.sum()
            flagged = ranking.flagged
            assert abs(ranking.precision(len(flagged)) - wrong[flagged].mean()) < 0.15
    features, codes, _, probabilities = _noisy(0.0, seed=3, n=1500, spread=0.7)
    assert rank_labels(codes, probabilities, features).wrong.sum() < 0.01 * 1500


def test_suggestions_name_the_true_class() -> None:
    features, codes, _, probabilities = _noisy(0.0, seed=5, spread=0.5)
    given = codes.copy()
    given[:20] = (codes[:20] + 1) % 6
    ranking = rank_labels(given, probabilities, features)
    assert set(ranking.order[:20].tolist()) == set(range(20))
    assert (ranking.suggested[:20] == codes[:20]).all()


def test_confident_joint_is_cleanlabs() -> None:
    _, codes, _, probabilities = _noisy(0.1, seed=2)
    theirs = compute_confident_joint(codes, probabilities.astype(np.float64), calibrate=False)
    ours = confident_joint(probabilities.astype(np.float64), codes)
    np.testing.assert_array_equal(
        ours.T - np.diag(np.diag(ours)), theirs - np.diag(np.diag(theirs))
    )


def test_tempering_fits_the_labels_no_worse() -> None:
    _, codes, _, probabilities = _noisy(0.1, seed=2)
    sharp = probabilities.astype(np.float64) ** 3
    sharp /= sharp.sum(axis=1, keepdims=True)
    rows = np.arange(len(codes))
    before = -np.log(sharp[rows, codes] + 1e-12).mean()
    after = -np.log(tempered(sharp, codes)[rows, codes] + 1e-12).mean()
    assert after < before


def test_neighbours_against_scikit_learn() -> None:
    rng = np.random.default_rng(0)
    unit = rng.normal(size=(2500, 8)).astype(np.float32)
    unit /= np.linalg.norm(unit, axis=1, keepdims=True)
    index, cosine = neighbours(unit, 7)
    theirs = NearestNeighbors(n_neighbors=8, metric="cosine").fit(unit).kneighbors(unit)
    for row in range(0, 2500, 50):
        assert set(index[row].tolist()) == set(theirs[1][row][1:].tolist())
    np.testing.assert_allclose(np.sort(cosine)[:, ::-1], 1 - theirs[0][:, 1:], atol=1e-5)


def test_a_copy_does_not_vouch_for_its_own_label() -> None:
    rng = np.random.default_rng(0)
    unit = rng.normal(size=(40, 4)).astype(np.float32)
    unit[:20, 0] += 9
    unit[20:, 0] -= 9
    unit /= np.linalg.norm(unit, axis=1, keepdims=True)
    codes = np.repeat([0, 1], 20).astype(np.int64)
    unit[:10] = unit[0]
    codes[:10] = 1
    groups = np.concatenate([np.zeros(10), np.arange(1, 31)]).astype(np.int64)
    alone = neighbour_vote(unit, codes, 2, k=8)
    grouped = neighbour_vote(unit, codes, 2, k=8, groups=groups)
    assert alone[0, 1] > 0.8
    assert grouped[0, 0] > 0.8


def test_ranking_without_features_and_of_nothing() -> None:
    _, codes, wrong, probabilities = _noisy(0.1, seed=1)
    ranking = rank_labels(codes, probabilities)
    assert average_precision_score(wrong, ranking.suspicion) > 0.4
    empty = rank_labels(np.empty(0, np.int64), np.empty((0, 3), np.float32))
    assert len(empty.flagged) == 0
    one = rank_labels(np.zeros(4, np.int64), np.ones((4, 1), np.float32))
    assert len(one.flagged) == 0
    with pytest.raises(ValueError, match="no column"):
        rank_labels(np.array([0, 5]), np.ones((2, 3), np.float32) / 3)
    with pytest.raises(ValueError, match="same number of rows"):
        rank_labels(np.array([0]), np.ones((2, 3), np.float32) / 3)


def test_contradictions_only_within_firm_copies() -> None:
    labels = ["a", "b", "a", "a", "b", "c"]
    pairs = merge(
        [
            make_pairs(np.array([0, 1]), np.array([1, 2]), 1.0, "normalised"),
            make_pairs(np.array([3]), np.array([4]), 0.9, "edited"),
        ]
    )
    (only,) = contradictions(labels, pairs=pairs)
    assert only.rows == (0, 1, 2)
    assert only.majority == "a"
    by_group = contradictions(labels, groups=np.array([0, 0, 0, 1, 1, 2]))
    assert [one.rows for one in by_group] == [(0, 1, 2), (3, 4)]
    assert by_group[1].majority is None
    assert contradictions(labels) == ()


def test_confusion_must_go_both_ways() -> None:
    codes = np.repeat([0, 1, 2], 20)
    predicted = codes.copy()
    predicted[:5] = 1
    predicted[20:24] = 0
    predicted[40:50] = 0
    (pair,) = confused_pairs(codes, predicted, 3)
    assert (pair.a, pair.b, pair.a_as_b, pair.b_as_a) == (0, 1, 5, 4)
    assert pair.share == pytest.approx(0.2)


def _alpha_by_pairs(answers: list[list[str | None]]) -> float:
    """The textbook form: coincidences of ordered pairs of answers within rows."""
    disagree = total = 0.0
    values = []
    for row in answers:
        given = [label for label in row if label is not None]
        if len(given) < 2:
            continue
        values += given
        for i, x in enumerate(given):
            for j, y in enumerate(given):
                if i != j:
                    disagree += (x != y) / (len(given) - 1)
        total += len(given)
    n = len(values)
    expected = sum(x != y for x in values for y in values) / (n * (n - 1))
    return 1 - (disagree / total) / expected


def test_alpha_against_the_textbook_form() -> None:
    rng = np.random.default_rng(0)
    answers: list[list[str | None]] = [
        [str(rng.choice(list("abc"))) if rng.random() < 0.8 else None for _ in range(4)]
        for _ in range(60)
    ]
    for row in answers[:40]:
        row[:] = [row[0]] * 4
    estimate = krippendorff_alpha(answers)
    assert estimate.value == pytest.approx(_alpha_by_pairs(answers), abs=1e-12)
    assert estimate.low is not None
    assert estimate.high is not None
    assert estimate.low < estimate.value < estimate.high


def test_alpha_approaches_fleiss_kappa() -> None:
    from statsmodels.stats.inter_rater import fleiss_kappa

    rng = np.random.default_rng(1)
    truth = rng.integers(3, size=2000)
    votes = np.where(rng.random((2000, 3)) < 0.8, truth[:, None], rng.integers(3, size=(2000, 3)))
    table = np.stack([(votes == c).sum(axis=1) for c in range(3)], axis=1)
    answers = [[str(v) for v in row] for row in votes]
    assert krippendorff_alpha(answers, resamples=10).value == pytest.approx(
        fleiss_kappa(table), abs=1e-3
    )


def test_alpha_that_is_not_defined_says_why() -> None:
    with pytest.raises(ValueError, match="only one label"):
        krippendorff_alpha([["a", "a"], ["a", "a"]])
    with pytest.raises(ValueError, match="no row has two"):
        krippendorff_alpha([["a", None], [None, "b"]])


def test_consensus_of_ties_and_silence() -> None:
    agreed = consensus([["a", "a", "b"], ["a", "b", None], [None, None, None], ["c"]])
    assert agreed.labels == ("a", None, None, "c")
    assert agreed.share.tolist() == [pytest.approx(2 / 3), 0.5, 0.0, 1.0]


def _dataset(labels: list[str], metadata: list[dict[str, str]] | None = None) -> Dataset:
    examples = tuple(
        Example(
            str(i),
            f"text {i}",
            label,
            Place("a.csv", i + 1),
            tuple((metadata or [{}] * 99)[i].items()) if metadata else (),
        )
        for i, label in enumerate(labels)
    )
    return Dataset("text", examples, tuple(sorted(set(labels))), "a.csv", "0" * 64)


def test_findings_of_a_noisy_set_and_silence_on_a_clean_one() -> None:
    for rate, severe in ((0.0, False), (0.2, True)):
        features, codes, _, probabilities = _noisy(rate, seed=4, n=900, spread=0.6)
        dataset = _dataset([f"class {code}" for code in codes])
        ranking = rank_labels(codes, probabilities, features)
        found = label_findings(dataset, ranking=ranking, probabilities=probabilities)
        assert (max((f.severity for f in found), default=0.0) > 0.5) == severe


def test_findings_on_definitions_and_annotators() -> None:
    labels = ["a", "b"] * 20
    metadata = [
        {"rater_1": label, "rater_2": label if i % 5 else "b", "id": str(i)}
        for i, label in enumerate(labels)
    ]
    dataset = _dataset(labels, metadata)
    found = label_findings(dataset, definitions={"a": "The card is lost.", "b": "the card is lost"})
    assert found[0].title == ("0 labels without a definition, 1 definition used twice")
    alpha = found[1].numbers["alpha"]
    assert isinstance(alpha, Estimate)
    assert 0.5 < alpha.value < 1
    assert "rater_1, rater_2" in found[1].detail


def test_of_labels_that_nothing_tells_none_is_called_wrong() -> None:
    """Labels drawn at random, of shares that differ: in at most 4 of 40 worlds, at 5%, is any
    called wrong. Where a third of the labels was moved, and the rest can be told, they are."""
    called = 0
    for seed in range(40):
        rng = np.random.default_rng(seed)
        features = rng.normal(size=(300, 16)).astype(np.float32)
        codes = rng.choice(3, size=300, p=[0.5, 0.3, 0.2])
        model = LogisticRegression(C=1.0, max_iter=500)
        answers = cross_val_predict(model, features, codes, cv=5, method="predict_proba")
        ranking = rank_labels(codes, answers.astype(np.float32), features)
        called += len(ranking.flagged) > 0
    assert called <= 4
    dataset = _dataset(["abc"[code] for code in codes])
    said = label_findings(dataset, ranking=ranking, probabilities=answers.astype(np.float32))
    assert [one.title for one in said] == [
        "Labels cannot be checked: the model that would check them does not tell them apart"
    ]
    numbers = said[0].numbers
    assert numbers["log_loss"] > numbers["log_loss_of_shares"] - 0.01  # type: ignore[operator]
    features, codes, wrong, answers = _noisy(0.33, seed=5)
    flagged = rank_labels(codes, answers, features).flagged
    assert len(flagged) > 100
    assert wrong[flagged].mean() > 0.8


def test_contradictions_are_shown_side_by_side() -> None:
    dataset = _dataset(["a", "b", "a", "b", "b"])
    pairs = make_pairs(np.array([0]), np.array([1]), 1.0, "identical")
    (finding,) = label_findings(dataset, pairs=pairs)
    assert finding.exhibits[0].labels == ("a", "b")
    assert finding.rows == (Place("a.csv", 1), Place("a.csv", 2))


def test_rows_of_one_customer_are_no_copies_of_each_other() -> None:
    """Rows that the brief's group column keeps together may have different labels."""
    features, codes, _, answers = _noisy(0.0, seed=3)
    dataset = _dataset([f"class {code}" for code in codes])
    inputs = AuditInputs(
        dataset,
        features=features,
        probabilities=answers,
        groups=np.arange(len(codes)) // 3,
        copies=np.arange(len(codes)),
    )
    assert not any("near-duplicates" in one.title for one in LabelErrors()(inputs))
    alike = replace(inputs, copies=np.maximum(np.arange(len(codes)), 1))
    torn = [one for one in LabelErrors()(alike) if "near-duplicates" in one.title]
    assert [one.numbers for one in torn] == [{"groups": 1, "rows": 2}]
    assert codes[0] != codes[1]
