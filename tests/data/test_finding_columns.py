"""Columns are found where only one reading is possible; where not, the flags are named."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from headstart.data.columns import find_columns, find_input, modality_of
from headstart.data.tables import Row, Table
from headstart.types.errors import DataError

WORDS = [f"please help me with thing number {i}" for i in range(30)]
OTHER = [f"and this is what was answered to {i}" for i in range(30)]
CODES = [f"x{i % 3}" for i in range(30)]
KINDS = [("red", "blue")[i % 2] for i in range(30)]
NUMBERS = [str(i) for i in range(30)]
FILES = [f"cat/{i}.PNG" for i in range(30)]


def table(**columns: list[str]) -> Table:
    rows = zip(*columns.values(), strict=True)
    return Table(
        Path("/somewhere/t.csv"),
        tuple(columns),
        tuple(Row(n, dict(zip(columns, fields, strict=True))) for n, fields in enumerate(rows, 1)),
    )


@pytest.mark.parametrize(
    ("columns", "found"),
    [
        ({"text": WORDS, "label": CODES}, ("text", "label")),
        ({"label": CODES, "text": WORDS}, ("text", "label")),
        ({"Message": WORDS, "Topic": CODES}, ("Message", "Topic")),
        ({"id": NUMBERS, "utterance": WORDS, "intent": CODES}, ("utterance", "intent")),
        ({"foo": WORDS, "bar": CODES}, ("foo", "bar")),
        ({"id": NUMBERS, "foo": WORDS, "bar": CODES}, ("foo", "bar")),
        ({"Image-Path": FILES, "class": CODES}, ("Image-Path", "class")),
        ({"foo": FILES, "bar": CODES}, ("foo", "bar")),
        # Two telling names: the most telling one, 'label' and 'text', decides.
        ({"text": WORDS, "label": CODES, "category": KINDS}, ("text", "label")),
        ({"text": WORDS, "description": OTHER, "label": CODES}, ("text", "label")),
        # A label by its name, whatever its values look like.
        ({"text": WORDS, "label": NUMBERS, "colour": KINDS}, ("text", "label")),
    ],
)
def test_one_reading(columns: dict[str, list[str]], found: tuple[str, str]) -> None:
    assert find_columns(table(**columns), None, None) == found


@pytest.mark.parametrize(
    ("columns", "what", "flags"),
    [
        ({"a": WORDS, "b": CODES, "c": KINDS}, "label", ["--label b", "--label c"]),
        ({"text": WORDS, "intent": CODES, "topic": KINDS}, "label",
         ["--label intent", "--label topic"]),
        ({"a": WORDS, "b": OTHER, "label": CODES}, "input", ["--input a", "--input b"]),
        ({"message": WORDS, "body": OTHER, "label": CODES}, "input",
         ["--input message", "--input body"]),
        ({"text": WORDS, "b": WORDS, "c": NUMBERS}, "label",
         ["--label text", "--label b", "--label c"]),
    ],
)  # fmt: skip
def test_two_readings_name_the_flags(
    columns: dict[str, list[str]], what: str, flags: list[str]
) -> None:
    with pytest.raises(DataError, match=f"the {what} column is not clear") as caught:
        find_columns(table(**columns), None, None)
    assert caught.value.tip == f"name it: {' or '.join(flags)}"
    assert caught.value.place == "/somewhere/t.csv"


def test_the_flags_can_be_pasted() -> None:
    columns = {"text": WORDS, "the reason": CODES, "it's": KINDS}
    with pytest.raises(DataError) as caught:
        find_columns(table(**columns), None, None)
    said = shlex.split(str(caught.value.tip).removeprefix("name it: "))
    assert said == ["--label", "the reason", "or", "--label", "it's"]


def test_a_named_column_settles_the_other() -> None:
    two = table(a=WORDS, b=CODES, c=KINDS)
    assert find_columns(two, None, "c") == ("a", "c")
    assert find_columns(table(a=WORDS, b=OTHER, label=CODES), "b", None) == ("b", "label")
    assert find_columns(table(text=WORDS, label=CODES), "label", "text") == ("label", "text")


@pytest.mark.parametrize(
    ("columns", "named", "message", "tip"),
    [
        (("text", "label"), (None, "lable"), "there is no column 'lable'", "did you mean 'label'?"),
        (("text", "label"), ("txt", None), "there is no column 'txt'", "did you mean 'text'?"),
        (("text", "label"), (None, "zzz"), "there is no column 'zzz'", "use one of: text, label"),
        (("text", "label"), (None, ""), "there is no column ''", "use one of: text, label"),
        (("text", "label"), (None, "Label"), "there is no column 'Label'", "did you mean 'label'?"),
        (("text", "label"), ("text", "text"), "the column 'text' is named for the input and for",
         "the columns are: text, label"),
        (("text",), (None, None), "there is one column, 'text'", "commas, semicolons, tabs or"),
    ],
)  # fmt: skip
def test_columns_that_are_not_there(
    columns: tuple[str, ...], named: tuple[str | None, str | None], message: str, tip: str
) -> None:
    every = {"text": WORDS, "label": CODES}
    with pytest.raises(DataError) as caught:
        find_columns(table(**{name: every[name] for name in columns}), *named)
    assert message in caught.value.message
    assert tip in str(caught.value.tip)
    assert caught.value.place == "/somewhere/t.csv"


def test_a_missing_header_is_noticed_where_a_value_stands_in_its_place() -> None:
    rows = table(**{WORDS[0]: WORDS[1:], "x0": CODES[1:]})
    with pytest.raises(DataError, match="looks like a row") as caught:
        find_columns(rows, None, None)
    assert caught.value.place == "/somewhere/t.csv, the header"
    assert "text,label" in str(caught.value.tip)


def test_the_input_alone_of_a_table_without_labels() -> None:
    assert find_input(table(words=WORDS), None) == "words"
    assert find_input(table(id=NUMBERS, words=WORDS), None) == "words"
    assert find_input(table(id=NUMBERS, words=WORDS), "id") == "id"
    with pytest.raises(DataError, match="the input column is not clear") as caught:
        find_input(table(a=WORDS, b=OTHER), None)
    assert caught.value.tip == "name it: --input a or --input b"
    with pytest.raises(DataError, match="there is no column 'wrods'") as caught:
        find_input(table(words=WORDS), "wrods")
    assert caught.value.tip == "did you mean 'words'?"


def test_most_values_decide_between_texts_and_images() -> None:
    mixed = [*FILES[:16], *WORDS[:14]]
    assert modality_of(table(x=mixed), "x") == "image"
    assert modality_of(table(x=[*FILES[:15], *WORDS[:15]]), "x") == "text"
    assert modality_of(table(x=WORDS), "x") == "text"
    assert modality_of(table(x=[""] * 30), "x") == "text"


def test_a_column_that_is_taken_is_neither() -> None:
    both = table(text=WORDS, label=CODES, intent=CODES)
    assert find_columns(both, None, None) == ("text", "label")
    assert find_columns(both, None, None, ["label"]) == ("text", "intent")
    assert (
        find_columns(table(text=WORDS, note=OTHER, label=CODES), None, None, ["text"])[0] == "note"
    )


@pytest.mark.parametrize("more", [{}, {"income": ["2,5", "-1e3", " 7 "] * 10}])
def test_a_table_of_numbers_is_no_table_of_texts(more: dict[str, list[str]]) -> None:
    numbers = table(age=NUMBERS, churn=KINDS, **more)
    with pytest.raises(DataError, match=r"holds? numbers: 'age'") as caught:
        find_columns(numbers, None, "churn")
    assert "--input age" in str(caught.value.tip)
    assert find_columns(numbers, "age", "churn") == ("age", "churn")


def test_a_column_of_numbers_beside_two_others_is_not_proposed() -> None:
    with pytest.raises(DataError) as caught:
        find_columns(table(n=NUMBERS, a=WORDS, b=OTHER, label=CODES), None, None)
    assert caught.value.tip == "name it: --input a or --input b"
