"""Duplicates, hold-out, folds and the primary metric."""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256

import numpy as np
import pytest

from headstart.audit.near_duplicates import NearDuplicates
from headstart.audit.near_duplicates.pairs import make_pairs, no_pairs
from headstart.audit.split import audit, choose_repeats, duplicate_groups
from headstart.types.brief import Brief, Budget, DataSource, Requirement
from headstart.types.codec import decode, encode
from headstart.types.data import AuditReport, Dataset, Example, Finding, Place
from headstart.types.errors import DataError

BRIEF = Brief("pilot", DataSource("rows.csv"), seed=3)


def dataset(rows: list[tuple[str, str]], source: str = "rows.csv", modality="text") -> Dataset:
    examples = tuple(
        Example(sha256(value.encode()).hexdigest(), value, label, Place(source, i + 1))
        for i, (value, label) in enumerate(rows)
    )
    labels = tuple(sorted({label for _, label in rows}))
    return Dataset(modality, examples, labels, source, "0" * 64)


def plain(n: int, classes: int = 3) -> list[tuple[str, str]]:
    return [(f"message number {i}", f"class {i % classes}") for i in range(n)]


def finding(report: AuditReport, check: str) -> Finding:
    return next(found for found in report.findings if found.check == check)


def checks(report: AuditReport) -> set[str]:
    return {found.check for found in report.findings}


def test_rows_that_differ_by_case_width_and_spaces_never_sit_on_both_sides():
    base = plain(200)
    twins = [(f"  {value.upper()} ".replace(" ", "   "), label) for value, label in base[:60]]
    wide = [(value.replace("m", "\uff4d"), label) for value, label in base[:20]]
    report = audit(dataset(base + twins + wide), None, BRIEF)

    content = np.array([*range(200), *range(60), *range(20)])
    assert report.holdout_kind == "carved"
    assert not set(content[report.development]) & set(content[report.holdout])
    for train, test in report.folds:
        assert not set(content[report.development][train]) & set(content[report.development][test])
    found = finding(report, "exact-duplicates")
    assert found.numbers == {"rows": 140, "groups": 60}
    assert len(found.rows) == 140
    assert "grouped" in found.done
    assert "contradictory-labels" not in checks(report)


def test_images_are_equal_only_by_their_bytes():
    rows = [(f"/a/{i}.png", f"class {i % 2}") for i in range(30)]
    images = dataset(rows, modality="image")
    same = (replace(images.examples[0], key="k"), replace(images.examples[2], key="k"))
    images = replace(images, examples=(same[0], images.examples[1], same[1], *images.examples[3:]))
    report = audit(images, None, BRIEF)
    assert report.groups[0] == report.groups[2]
    assert len(np.unique(report.groups)) == 29


def test_contradictory_labels_are_shown_row_by_row():
    rows = [*plain(40), ("Message number 0", "class 1"), ("message number 1", "class 1")]
    found = finding(audit(dataset(rows), None, BRIEF), "contradictory-labels")
    assert [place.row for place in found.rows] == [1, 41]
    assert found.exhibits[0].labels == ("class 0", "class 1")
    assert found.severity > 0.3


def test_clean_data_gives_no_finding():
    assert audit(dataset(plain(300)), None, BRIEF).findings == ()


def test_carved_holdout_is_a_stratified_fifth_and_shares_no_row_with_development():
    report = audit(dataset(plain(300)), None, BRIEF)
    assert len(report.holdout) == pytest.approx(60, abs=3)
    assert sorted([*report.development, *report.holdout]) == list(range(300))
    counts = np.bincount(report.holdout % 3, minlength=3)
    assert counts.max() - counts.min() <= 2
    assert report.holdout_clean.all()
    assert len(report.holdout_clean) == len(report.holdout)


def test_too_few_rows_leave_no_holdout():
    report = audit(dataset(plain(149)), None, BRIEF)
    assert report.holdout_kind == "none"
    assert len(report.holdout) == len(report.holdout_clean) == 0
    assert len(report.development) == 149
    assert audit(dataset(plain(150)), None, BRIEF).holdout_kind == "carved"


def test_users_holdout_keeps_its_leaks_and_does_not_decide_on_them():
    held = [("MESSAGE number 0", "class 0"), ("new", "class 1"), ("message  number 5", "class 2")]
    report = audit(dataset(plain(60)), dataset(held, "later.csv"), BRIEF)
    assert report.holdout_kind == "file"
    assert report.holdout.tolist() == [0, 1, 2]
    assert report.holdout_clean.tolist() == [False, True, False]
    assert len(report.development) == 60
    found = finding(report, "holdout-leak")
    assert [str(place) for place in found.rows] == ["later.csv, row 1", "later.csv, row 3"]


def test_a_holdout_that_leaks_whole_is_worthless():
    report = audit(dataset(plain(60)), dataset(plain(10), "later.csv"), BRIEF)
    assert not report.holdout_clean.any()
    assert finding(report, "holdout-leak").severity == 1.0


def test_labels_that_only_the_holdout_has_are_named():
    held = [("new", "class 1"), ("other", "class 9"), ("more", "class 9")]
    found = finding(audit(dataset(plain(60)), dataset(held), BRIEF), "unseen-labels")
    assert "'class 9' (2)" in found.detail
    assert [place.row for place in found.rows] == [2, 3]


def test_rows_with_a_copy_beside_them_are_marked():
    """In a hold-out that was carved, and in one of the user's own."""
    base = plain(200)
    twins = [(value.upper(), label) for value, label in base[:60]]
    report = audit(dataset(base + twins), None, BRIEF)
    content = np.array([*range(200), *range(60)])
    assert report.holdout_alike.tolist() == [content[row] < 60 for row in report.holdout]
    assert 0 < report.holdout_alike.sum() < len(report.holdout)
    held = [("late 1", "class 0"), ("late 2", "class 1"), ("LATE 1", "class 0"), base[7]]
    own = audit(dataset(base), dataset(held, "held.csv"), BRIEF)
    assert own.holdout_alike.tolist() == [True, False, True, True]
    assert own.holdout_clean.tolist() == [True, True, True, False]
    assert audit(dataset(plain(40)), None, BRIEF).holdout_alike.tolist() == []


def test_near_duplicates_are_kept_together_and_do_not_decide():
    n = 60
    rows, held = plain(n), [(f"held {i}", "class 0") for i in range(4)]
    groups = np.arange(n)
    groups[10:20] = 10
    pairs = make_pairs(np.array([10, 5]), np.array([n, n + 3]), 0.9, "edited")
    near = NearDuplicates(pairs, groups, np.array([10, 100, 101, 102]), np.array([1]))
    report = audit(dataset(rows), dataset(held), BRIEF, near)
    assert len(set(report.groups[10:20])) == 1
    assert len(np.unique(report.groups)) == n - 9
    # A hold-out row in a group that is trained on, and one by a link that was not followed.
    assert report.holdout_clean.tolist() == [False, True, True, False]
    assert "2 hold-out rows of 4" in finding(report, "near-duplicates").title
    for train, test in report.folds:
        assert not set(report.groups[train]) & set(report.groups[test])


def test_groups_of_the_wrong_length_are_refused():
    near = NearDuplicates(no_pairs(), np.arange(5), np.arange(0), np.arange(0))
    with pytest.raises(ValueError, match="5 group ids for 30 rows"):
        audit(dataset(plain(30)), None, BRIEF, near)


def test_groups_are_the_connected_components():
    random = np.random.default_rng(0)
    for _ in range(30):
        n = 40
        contents = [str(c) for c in random.integers(0, 25, n)]
        known = random.integers(0, 25, n)
        linked = np.equal.outer(np.array(contents), np.array(contents))
        linked = linked | np.equal.outer(known, known)
        reach = linked
        for _ in range(6):
            reach = (reach.astype(int) @ reach.astype(int)) > 0
        found = duplicate_groups(contents, known)
        assert (np.equal.outer(found, found) == reach).all()


@pytest.mark.parametrize(
    ("large", "metric"), [(60, "accuracy"), (61, "macro_f1")], ids=["60%", "61%"]
)
def test_primary_metric_follows_the_largest_class(large, metric):
    rows = [(f"text {i}", "a" if i < large else "b") for i in range(100)]
    report = audit(dataset(rows), None, BRIEF)
    assert report.metric == metric
    assert f"'a', holds {large}%" in report.metric_reason


def test_primary_metric_of_the_brief_wins():
    brief = replace(BRIEF, requirement=Requirement(metric="log_loss"))
    report = audit(dataset([("x", "a"), *plain(100)]), None, brief)
    assert (report.metric, report.metric_reason) == ("log_loss", "The brief names it.")


def test_classes_too_small_for_the_folds_are_named():
    rows = [*plain(40, 2), ("x", "rare"), ("y", "rare"), *[("z", "twin")] * 6]
    report = audit(dataset(rows), None, BRIEF)
    assert report.small_classes == ("rare", "twin")  # six rows of one content are one row
    assert "'rare' (2), 'twin' (1)" in finding(report, "small-classes").detail
    assert report.class_counts == {"class 0": 20, "class 1": 20, "rare": 2, "twin": 6}


def test_folds_are_the_briefs_and_cover_every_row_once_a_repeat():
    brief = replace(BRIEF, folds=4, repeats=3)
    report = audit(dataset(plain(90)), None, brief)
    assert (report.folds.k, report.folds.repeats, report.folds.n) == (4, 3, 90)
    tested = np.concatenate([test for _, test in report.folds])
    assert (np.bincount(tested) == 3).all()


def test_fewer_separate_rows_than_folds_make_fewer_folds():
    rows = [("a", "x"), ("b", "y"), ("c", "x"), ("A", "x")]
    assert audit(dataset(rows), None, BRIEF).folds.k == 3


def test_repeats_follow_rows_and_budget_and_never_leave_2_to_10():
    def repeats(rows: int, minutes: float, classes: int = 10) -> int:
        return choose_repeats(rows, classes, 5, replace(BRIEF, budget=Budget(minutes=minutes)))

    assert repeats(200, 60) == 10
    assert repeats(616, 5, classes=77) == 2  # 8 examples of each of Banking77's intents
    assert repeats(100_000, 5) == 2
    assert repeats(600, 5) >= repeats(3000, 5) >= repeats(3000, 1)
    assert repeats(3000, 5, classes=2) >= repeats(3000, 5, classes=100)
    assert choose_repeats(600, 10, 5, replace(BRIEF, repeats=1)) == 1


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([], "no labelled row"),
        ([("a", "x"), ("b", "x")], "one class only, 'x'"),
        ([("a", "x"), ("A ", "y")], "all 2 rows have the same content"),
    ],
)
def test_data_that_cannot_be_split_is_refused(rows, message):
    with pytest.raises(DataError, match=message) as error:
        audit(dataset(rows), None, BRIEF)
    assert error.value.tip


def test_report_is_the_same_again_and_survives_storage():
    rows = [*plain(200), *plain(20)]
    first, second = (audit(dataset(rows), None, BRIEF) for _ in range(2))
    assert encode(first) == encode(second) == encode(decode(encode(first)))
    other = audit(dataset(rows), None, replace(BRIEF, seed=4))
    assert not np.array_equal(first.holdout, other.holdout)


def test_many_identical_rows_do_not_take_long():
    rows = [("same", "a")] * 100_000 + [(f"row {i}", "b") for i in range(200)]
    report = audit(dataset(rows), None, replace(BRIEF, repeats=1))
    assert len(np.unique(report.groups)) <= 201
