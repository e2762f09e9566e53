"""The hold-out's report against numbers counted by other means."""

from __future__ import annotations

from hashlib import sha256

import numpy as np
import pytest
from sklearn import metrics as oracle
from statsmodels.stats.proportion import proportion_confint

from headstart.evaluate import SealedHoldout, evaluate, evaluate_cross_validated
from headstart.stats import newcombe_paired
from headstart.types.brief import Brief, DataSource, Requirement
from headstart.types.codec import decode, encode
from headstart.types.data import Folds
from headstart.types.model import ArmResult
from headstart.types.result import Comparison, Estimate, EvaluationReport, NotAvailable

BRIEF = Brief("pilot", DataSource("rows.csv"), seed=1)
LABELS = ("a", "b", "c")
MAJORITY = np.array([0.5, 0.3, 0.2])


def world(n: int = 120, skill: float = 0.8, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Codes, and probabilities of a model that is right with probability `skill`."""
    random = np.random.default_rng(seed)
    y = random.choice(3, n, p=MAJORITY)
    answer = np.where(random.random(n) < skill, y, (y + 1) % 3)
    proba = random.dirichlet(np.ones(3), n) + 2 * np.eye(3)[answer]
    return y, proba / proba.sum(axis=1, keepdims=True)


def report(
    y,
    proba,
    *,
    clean=None,
    labels=None,
    metric="accuracy",
    chosen="frozen",
    modality="text",
    openings=1,
    brief=BRIEF,
    **more,
):
    values = [f"value {i}" for i in range(len(y))]
    names = labels or [LABELS[code] for code in y]
    marks = np.ones(len(y), dtype=bool) if clean is None else clean
    places = [f"row {i}" for i in range(len(y))]
    keys = [sha256(value.encode()).hexdigest() for value in values]
    sealed = SealedHoldout(modality, values, names, places, keys, marks)

    def predict(asked):
        assert list(asked) == values
        return proba

    return evaluate(
        predict,
        sealed,
        labels=LABELS,
        majority=MAJORITY,
        metric=metric,
        chosen=chosen,
        openings=openings,
        brief=brief,
        **more,
    )


def test_metrics_are_those_of_scikit_learn():
    y, proba = world()
    predicted = proba.argmax(axis=1)
    found = report(y, proba)
    expected = {
        "accuracy": oracle.accuracy_score(y, predicted),
        "macro_f1": oracle.f1_score(y, predicted, average="macro"),
        "balanced_accuracy": oracle.balanced_accuracy_score(y, predicted),
        "log_loss": oracle.log_loss(y, proba),
        "brier": np.mean(((proba - np.eye(3)[y]) ** 2).sum(axis=1)),
    }
    for name, value in expected.items():
        estimate = found.metrics[name]
        assert isinstance(estimate, Estimate)
        assert estimate.value == pytest.approx(value)
        assert estimate.low < value < estimate.high
    assert found.confusion == oracle.confusion_matrix(y, predicted).tolist()
    assert (found.basis, found.n, found.n_all, found.openings) == ("hold-out", 120, 120, 1)
    assert found.metrics_all == found.metrics


def test_accuracy_has_wilsons_interval():
    y, proba = world()
    found = report(y, proba).metrics["accuracy"]
    hits = (proba.argmax(axis=1) == y).sum()
    assert (found.low, found.high) == pytest.approx(proportion_confint(hits, 120, method="wilson"))


def test_answers_follow_what_suits_the_metric():
    y, proba = world()
    weights = np.array([1.0, 2.0, 4.0])
    by = weights[:, None] * (1.0 - np.eye(3))
    given = (proba * weights).argmax(axis=1)
    assert (given != proba.argmax(axis=1)).any()
    found = report(y, proba, metric="macro_f1", by=by)
    for name, value in {
        "accuracy": oracle.accuracy_score(y, given),
        "macro_f1": oracle.f1_score(y, given, average="macro"),
        "log_loss": oracle.log_loss(y, proba),
    }.items():
        assert found.metrics[name].value == pytest.approx(value)
    assert found.confusion == oracle.confusion_matrix(y, given).tolist()
    assert found.answered.given.tolist() == given.tolist()
    # One answer for all is the largest class, however the others are weighed.
    constant = report(y, proba, metric="balanced_accuracy", by=by).majority["accuracy"]
    assert constant.value == (y == MAJORITY.argmax()).mean()
    # The certainty of an answer is its own probability, in calibration as in errors.
    stated = proba[np.arange(len(y)), given]
    rows = found.calibration.reliability
    assert rows[0].low <= stated.min() <= rows[0].high
    assert sum(row.n * row.stated for row in rows) == pytest.approx(stated.sum())
    wrong = stated[given != y]
    assert found.errors[0].probability == pytest.approx(wrong.max())


def test_classes_have_precision_recall_and_f1():
    y, proba = world()
    predicted = proba.argmax(axis=1)
    precision, recall, f1, n = oracle.precision_recall_fscore_support(y, predicted)
    for i, row in enumerate(report(y, proba).per_class):
        assert (row.label, row.n) == (LABELS[i], n[i])
        assert row.precision.value == pytest.approx(precision[i])
        assert row.recall.value == pytest.approx(recall[i])
        assert row.f1 == pytest.approx(f1[i])
        hits = ((predicted == i) & (y == i)).sum()
        expected = proportion_confint(hits, n[i], method="wilson")
        assert (row.recall.low, row.recall.high) == pytest.approx(expected)


def test_only_clean_rows_decide():
    y, proba = world()
    wrong = (proba.argmax(axis=1) != y) & (np.arange(len(y)) % 2 == 0)
    found = report(y, proba, clean=~wrong)
    assert found.n == len(y) - wrong.sum()
    assert found.n_all == len(y)
    assert found.metrics["accuracy"].value > found.metrics_all["accuracy"].value
    assert found.metrics_all["accuracy"].value == pytest.approx((proba.argmax(1) == y).mean())
    assert sum(map(sum, found.confusion)) == found.n
    shown = {error.place for error in found.errors}
    assert not shown & {f"row {i}" for i in np.flatnonzero(wrong)}


def test_labels_never_trained_on_are_errors_of_their_own():
    y, proba = world()
    labels = [LABELS[code] for code in y]
    labels[:10] = ["new"] * 10
    found = report(y, proba, labels=labels)
    right = (proba.argmax(axis=1) == y)[10:].sum()
    assert found.unseen_labels == ("new",)
    assert found.labels == (*LABELS, "new")
    assert found.metrics["accuracy"].value == pytest.approx(right / 120)
    row = found.per_class[-1]
    assert (row.n, row.recall.value, row.f1) == (10, 0.0, 0.0)
    assert isinstance(row.precision, NotAvailable)
    known = [label if label != "new" else "zz" for label in labels]
    predicted = [LABELS[i] for i in proba.argmax(axis=1)]
    assert found.metrics["macro_f1"].value == pytest.approx(
        oracle.f1_score(known, predicted, average="macro", labels=[*LABELS, "zz"])
    )
    assert np.isfinite(found.metrics["log_loss"].value)


def test_majority_is_scored_on_the_same_rows():
    y, proba = world()
    found = report(y, proba)
    assert found.majority["accuracy"].value == pytest.approx((y == 0).mean())
    assert found.majority["balanced_accuracy"].value == pytest.approx(1 / 3)
    against = found.against_majority
    assert isinstance(against, Comparison)
    assert (against.a, against.b, against.verdict) == ("frozen", "majority", "helps")
    gap = found.metrics["accuracy"].value - found.majority["accuracy"].value
    assert against.difference == pytest.approx(gap)
    assert against.p_value < 0.001


@pytest.mark.parametrize("metric", ["accuracy", "macro_f1", "balanced_accuracy", "log_loss"])
@pytest.mark.parametrize(("skill", "verdict"), [(0.9, "helps"), (0.02, "harms")])
def test_comparison_with_majority_is_turned_the_right_way(metric, skill, verdict):
    y, proba = world(skill=skill)
    against = report(y, proba, metric=metric).against_majority
    assert against.verdict == verdict
    assert against.p_value < 0.01
    assert against.low <= against.difference <= against.high


@pytest.mark.parametrize("metric", ["accuracy", "macro_f1", "log_loss"])
def test_a_model_like_the_majority_is_inconclusive(metric):
    y, _ = world()
    random = np.random.default_rng(3)
    proba = np.tile(MAJORITY, (len(y), 1)) + random.normal(0, 0.001, (len(y), 3))
    proba /= proba.sum(axis=1, keepdims=True)
    against = report(y, proba, metric=metric).against_majority
    assert against.verdict == "inconclusive"
    assert against.p_value > 0.05


def test_three_perfect_answers_prove_nothing():
    y = np.array([1, 1, 2])
    found = report(y, np.eye(3)[y], metric="macro_f1").against_majority
    assert found.difference > 0
    assert found.verdict == "inconclusive"
    assert found.low == 0
    many = np.tile(y, 10)
    assert report(many, np.eye(3)[many], metric="macro_f1").against_majority.verdict == "helps"


def test_the_majority_is_not_compared_with_itself():
    y, _ = world()
    proba = np.tile(MAJORITY, (len(y), 1))
    found = report(y, proba, chosen="majority")
    assert isinstance(found.against_majority, NotAvailable)
    assert [row.label for row in found.per_class if isinstance(row.precision, NotAvailable)] == [
        *"bc"
    ]


def test_most_confident_errors_come_first_and_are_at_most_20():
    y, proba = world(n=200, skill=0.5)
    found = report(y, proba)
    assert len(found.errors) == 20
    confidences = [error.probability for error in found.errors]
    assert confidences == sorted(confidences, reverse=True)
    wrong = proba.argmax(axis=1) != y
    assert confidences[0] == pytest.approx(proba.max(axis=1)[wrong].max())
    assert all(error.label != error.predicted for error in found.errors)
    assert not report(y, np.eye(3)[y]).errors


def test_no_clean_row_decides_nothing():
    y, proba = world(20)
    found = report(y, proba, clean=np.zeros(20, dtype=bool))
    assert (found.n, found.n_all) == (0, 20)
    assert all(isinstance(value, NotAvailable) for value in found.metrics.values())
    assert isinstance(found.against_majority, NotAvailable)
    assert isinstance(found.metrics_all["accuracy"], Estimate)


def test_report_is_the_same_again_and_survives_storage():
    y, proba = world()
    first, second = report(y, proba), report(y, proba)
    assert encode(first) == encode(second)
    assert decode(encode(first)) == first


@pytest.mark.parametrize(
    ("table", "interval"),
    [((36, 12, 2, 0), (0.0569, 0.3404)), ((20, 12, 2, 16), (0.0562, 0.3292))],
)
def test_newcombes_interval_of_his_own_examples(table, interval):
    assert newcombe_paired(*table, 0.95) == pytest.approx(interval, abs=5e-5)


def test_newcombes_interval_covers_as_often_as_it_says():
    random = np.random.default_rng(0)
    tables = random.multinomial(60, [0.55, 0.25, 0.1, 0.1], 2000)
    covered = 0
    for table in tables:
        low, high = newcombe_paired(*map(int, table), 0.95)
        covered += low <= 0.15 <= high
    assert 0.93 <= covered / 2000 <= 0.98


def arm(name: str, proba: np.ndarray, y: np.ndarray, folds: Folds) -> ArmResult:
    hits = proba.argmax(axis=1) == y
    accuracy = np.array([hits[test].mean() for _, test in folds])
    scores = {"accuracy": accuracy, "log_loss": 1 - accuracy}
    return ArmResult(name, "frozen", True, True, "", scores, proba.astype(np.float32))


def crossed(chosen: str, metric: str = "accuracy") -> EvaluationReport:
    y, proba = world()
    folds = Folds(np.tile(np.arange(120) % 5, (2, 1)), 5)
    majority = arm("majority", np.tile(MAJORITY, (120, 1)), y, folds)
    return evaluate_cross_validated(
        arm("frozen", proba, y, folds) if chosen == "frozen" else majority,
        majority,
        values=[f"value {i}" for i in range(120)],
        codes=y,
        places=[f"row {i}" for i in range(120)],
        labels=LABELS,
        modality="text",
        folds=folds,
        metric=metric,
        margin=0.01,
        by=None,
        brief=Brief("pilot", DataSource("rows.csv"), requirement=Requirement(confidence=0.9)),
        use=np.arange(120),
        shares=MAJORITY,
        today=[""] * 120,
    )


def test_cross_validated_report_has_the_same_parts():
    y, proba = world()
    found = crossed("frozen")
    assert (found.basis, found.n, found.n_all, found.openings) == ("cross-validation", 120, 120, 0)
    accuracy = found.metrics["accuracy"]
    assert accuracy.value == pytest.approx((proba.argmax(axis=1) == y).mean())
    assert accuracy.confidence == 0.9
    assert found.against_majority.verdict == "helps"
    assert crossed("frozen", "log_loss").against_majority.verdict == "helps"
    assert sum(row.n for row in found.per_class) == 120
    assert len(found.errors) == min(20, (proba.argmax(axis=1) != y).sum())
    assert isinstance(crossed("majority").against_majority, NotAvailable)
