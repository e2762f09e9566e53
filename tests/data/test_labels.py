"""Labels: which can be used, what a user should know of them, and when there are too few."""

from __future__ import annotations

from pathlib import Path

import pytest

from headstart.data import check_spellings, load_dataset, spelling
from headstart.data.checks import SHOWN, label_problem, label_remarks
from headstart.types.errors import DataError


@pytest.mark.parametrize(
    "label",
    ["card", " card ", "Kartenzahlung fällig", "数字", "می‌شود", "👩‍🔬", "a\u00a0b", "x" * 200],
)
def test_labels_in_any_script_can_be_used(label: str) -> None:
    assert label_problem(label) is None


@pytest.mark.parametrize(
    ("label", "reason"),
    [
        (None, "the label is missing"),
        ("", "the label is missing"),
        (" \t\u00a0", "the label is missing"),
        ("x" * 201, "the label has 201 characters; at most 200 are read"),
        ("a\nb", "the label holds characters that cannot be printed"),
        ("a\x1b[31mb", "the label holds characters that cannot be printed"),
        ("a\u202eb", "the label holds characters that cannot be printed"),
        ("a\u2028b", "the label holds characters that cannot be printed"),
        ("caf\udce9", "not UTF-8 (byte 0xE9 after 3 characters)"),
    ],
)
def test_labels_that_cannot_be_used(label: str | None, reason: str) -> None:
    assert label_problem(label) == reason


def test_spaces_are_no_part_of_a_label(tmp_path: Path) -> None:
    labels = ["card", " card", "card\u00a0", "a b", "a\u00a0 b", "Cafe\u0301", "Caf\u00e9"]
    rows = "".join(f'"text number {i}","{label}"\n' for i, label in enumerate(labels * 3))
    (tmp_path / "t.csv").write_text(f"text,label\n{rows}", encoding="utf-8")
    found = load_dataset(tmp_path / "t.csv")
    assert found.labels == ("Caf\u00e9", "a b", "card")
    assert [one.label for one in found.examples[:3]] == ["card"] * 3
    (said,) = found.remarks
    assert said.startswith("12 rows have labels with spaces that are no part of it")
    (tmp_path / "s.csv").write_text(f"text,label\n{rows}".replace("a b", "card; a b"), "utf-8")
    several = load_dataset(tmp_path / "s.csv", separator=";")
    assert several.single_labels == ("Caf\u00e9", "a b", "card")


def test_spellings_of_one_name() -> None:
    for first, second in [
        ("Card arrival", "card_arrival"), ("card-arrival", "cardarrival"), ("STRASSE", "straße"),
        ("1", "1.0"), ("level 2", "level_2"), ("\uff21", "a"), ("top up", "top\u00a0 up"),
    ]:  # fmt: skip
        assert spelling(first) == spelling(second), (first, second)
    for first, second in [
        ("A", "A-"), ("C", "C++"), ("C#", "C"), ("1-5", "15"), ("1.5", "15"), ("-1", "1"),
        ("10", "1.0"), ("+", "-"), ("n/a", "na"), ("level 1", "level 11"),
    ]:  # fmt: skip
        assert spelling(first) != spelling(second), (first, second)


def test_labels_of_a_hold_out_in_another_spelling_are_refused() -> None:
    check_spellings(["card", "new"], ["card", "Card", "cash"], "h.csv")
    check_spellings(["Card"], ["card", "Card"], "h.csv")
    with pytest.raises(DataError) as caught:
        check_spellings(["Card", "cash", "TOP UP", "new"], ["card", "cash", "top_up"], "h.csv")
    said = str(caught.value)
    assert "h.csv" in said
    assert "'Card' is 'card' there, 'TOP UP' is 'top_up' there" in said
    assert "'new'" not in said
    with pytest.raises(DataError, match="and 3 more"):
        check_spellings(
            [f"C{i}" for i in range(SHOWN + 3)], [f"c{i}" for i in range(SHOWN + 3)], "h.csv"
        )


def test_classes_of_one_row_are_named_and_the_list_ends() -> None:
    (one,) = label_remarks(["a", "a", "b", "b", "rare"])
    assert one.startswith("1 of 3 classes has a single row ('rare'): it can be trained on or")
    (two,) = label_remarks(["a", "a", "b", "rare"])
    assert two.startswith("2 of 3 classes have a single row ('b', 'rare'):")
    (many,) = label_remarks([f"c{i:02}" for i in range(SHOWN + 3)])
    assert "'c09' and 3 more" in many
    assert "'c10'" not in many


def dataset(tmp_path: Path, labels: list[str], **options: str) -> str:
    rows = "".join(f'text number {i},"{label}"\n' for i, label in enumerate(labels))
    (tmp_path / "t.csv").write_text(f"text,label\n{rows}", encoding="utf-8")
    with pytest.raises(DataError) as caught:
        load_dataset(tmp_path / "t.csv", **options)  # type: ignore[arg-type]
    return str(caught.value)


@pytest.mark.parametrize(
    ("labels", "said", "tip"),
    [
        ([""] * 12, "all 12 labels are missing", "--label"),
        ([" "] * 12, "all 12 labels are missing", "--label"),
        (["a"] * 12, "there is one class, 'a', in all 12 rows; at least 2 are needed",
         "add rows of another class"),
        (["a"] * 12 + [""] * 3, "there is one class, 'a', in all 12 rows", "--label"),
        (["a", "b"] * 4, "8 rows can be used and 0 were set aside; at least 10", "label more rows"),
        (["a", "b"] * 4 + [""] * 4, "8 rows can be used and 4 were set aside (the first: ",
         "repair those that were set aside"),
        ([f"l{i}" for i in range(12)], "the 12 rows have 12 different labels", "--label"),
    ],
)  # fmt: skip
def test_too_little_to_learn_from(labels: list[str], said: str, tip: str, tmp_path: Path) -> None:
    found = dataset(tmp_path, labels)
    assert str(tmp_path / "t.csv") in found
    assert said in found
    assert tip in found


def test_ten_rows_of_two_classes_and_a_single_row_are_enough(tmp_path: Path) -> None:
    rows = "".join(f"text {i},{'ab'[i % 2] if i else 'rare'}\n" for i in range(10))
    (tmp_path / "t.csv").write_text(f"text,label\n{rows}")
    found = load_dataset(tmp_path / "t.csv")
    assert found.labels == ("a", "b", "rare")
    assert any("'rare'" in remark for remark in found.remarks)


def test_a_hold_out_may_have_one_row_of_one_class_but_not_none(tmp_path: Path) -> None:
    (tmp_path / "one.csv").write_text("text,label\nhello,a\n")
    assert len(load_dataset(tmp_path / "one.csv", purpose="hold-out")) == 1
    (tmp_path / "none.csv").write_text("text,label\n,a\nhello,b\x07\n")
    with pytest.raises(DataError, match="0 rows can be used and 2 were set aside"):
        load_dataset(tmp_path / "none.csv", purpose="hold-out")


def test_equal_rows_are_all_kept_under_one_key(tmp_path: Path) -> None:
    """Duplicates are no error of reading; the audit groups them by their key."""
    rows = [
        ("same", "a"),
        ("same", "b"),
        ("same", "a"),
        *((f"t{i}", "ab"[i % 2]) for i in range(9)),
    ]
    (tmp_path / "t.csv").write_text("text,label\n" + "".join(f"{t},{y}\n" for t, y in rows))
    found = load_dataset(tmp_path / "t.csv")
    assert len(found) == 12
    assert len(set(found.keys[:3])) == 1
    assert len(set(found.keys)) == 10
