"""CSV as programs and people write it: quotes, line ends, delimiters, damage."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from headstart.data import load_dataset
from headstart.data.reading import read_table
from headstart.types.errors import DataError

ROWS = [(f"where is my thing {i}", ("card", "cash")[i % 2]) for i in range(20)]
BODY = "".join(f"{text},{label}\n" for text, label in ROWS)
CHARACTERS = st.one_of(
    st.characters(exclude_categories=("Cs",), exclude_characters="\0"),
    st.sampled_from("\n\r\t,;|\"'\\ \x0b\x0c\x1c\x85\u2028\ufeff"),
)
FIELDS = st.text(CHARACTERS, max_size=12)


def aside(path: Path) -> list[tuple[int | None, str]]:
    return [(one.place.row, one.reason) for one in load_dataset(path).set_aside]


@given(
    st.lists(st.tuples(FIELDS, FIELDS), min_size=1, max_size=12),
    st.sampled_from(",;\t|"),
    st.sampled_from(["\n", "\r\n", "\r"]),
)
@settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_quoted_fields_hold_anything(
    tmp_path: Path, rows: list[tuple[str, str]], mark: str, end: str
) -> None:
    path = tmp_path / "t.csv"
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, delimiter=mark, quoting=csv.QUOTE_ALL, lineterminator=end)
        writer.writerows([("first", "second"), *rows])
    found = read_table(path)
    assert found.header == ("first", "second")
    assert [(row.fields["first"], row.fields["second"]) for row in found.rows] == rows
    assert [row.problem for row in found.rows] == [None] * len(rows)
    assert [row.number for row in found.rows] == list(range(1, len(rows) + 1))


def test_a_row_over_several_lines_is_one_row(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text('text,label\n"one\ntwo, ""three""\n\nfour",card\n' + BODY)
    found = load_dataset(path)
    assert found.examples[0].value == 'one\ntwo, "three"\n\nfour'
    assert found.examples[1].place.row == 2
    assert found.set_aside == ()


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ('"never closed,card', "a quote is opened and not closed"),
        ("only one", "has 1 fields and the header 2"),
        ("one,two,three", "has 3 fields and the header 2"),
        ("x" * 1_200_000 + ",card", "the line has 1,200,006 characters; at most 1,000,000"),
        ("x" * 150_000 + ",card", "a field has over 131,072 characters, or a quote is not closed"),
        ("x" * 100_001 + ",card", "the text has 100,001 characters; at most 100,000 are read"),
        ("  ,card", "the text is empty"),
        ("text,", "the label is missing"),
        ("text," + "x" * 201, "the label has 201 characters; at most 200 are read"),
    ],
)
def test_a_damaged_line_costs_one_row(line: str, reason: str, tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text(f"text,label\n{BODY}{line}\nthe last one,card\n")
    ((row, said),) = aside(path)
    assert (row, said[: len(reason)]) == (21, reason)
    assert load_dataset(path).examples[-1].value == "the last one"


def test_a_quoted_field_of_many_lines_ends(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text('text,label\n"' + "x\n" * 70_000 + '",card\n' + BODY)
    with pytest.raises(
        DataError, match=r"rows cannot be read \(the first: a field has over 131,072"
    ):
        load_dataset(path)


def test_most_lines_damaged_names_the_delimiter_that_was_taken(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("text;label\n" + "".join(f"a;b;c;{i}\n" for i in range(20)))
    with pytest.raises(DataError, match="20 of 20 rows cannot be read") as caught:
        load_dataset(path)
    assert "divided by a semicolon" in str(caught.value)
    assert "row 1" in str(caught.value)
    assert "save the table as CSV" in str(caught.value)


@pytest.mark.parametrize("mark", [";", "\t", "|"])
def test_commas_in_the_texts_do_not_hide_the_delimiter(mark: str, tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    rows = [(f"one, two, three and {i}", "ab"[i % 2]) for i in range(20)]
    path.write_text(f"text{mark}label\n" + "".join(f"{t}{mark}{label}\n" for t, label in rows))
    found = load_dataset(path)
    assert [(e.value, e.label) for e in found.examples] == rows


@pytest.mark.parametrize("first", ["sep=;\r\n", "\ufeffsep=;\n"])
def test_the_line_that_excel_puts_above_the_header(first: str, tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text(first + "text;label\n" + BODY.replace(",", ";"), encoding="utf-8")
    found = load_dataset(path)
    assert (found.input_column, found.label_column) == ("text", "label")
    assert [(e.value, e.label) for e in found.examples] == ROWS


def test_blank_lines_are_no_rows_and_shift_no_number(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("\n \n\ntext,label\n\nbroken\n\n" + BODY + "\n\n")
    found = load_dataset(path)
    assert len(found) == 20
    assert [one.place.row for one in found.set_aside] == [1]
    assert found.examples[0].place.row == 2


@pytest.mark.parametrize("header", ["text,label,text", ",text,column 1", "a,b,b"])
def test_a_name_may_stand_once_in_the_header(header: str, tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text(f"{header}\n" + "".join(f"{i},x{i},y{i % 2}\n" for i in range(20)))
    with pytest.raises(DataError, match="stands twice in the header") as caught:
        read_table(path)
    assert "rename one of them" in str(caught.value)


def test_a_column_without_a_name_is_numbered(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text(",text,label\n" + "".join(f"{i},{t},{y}\n" for i, (t, y) in enumerate(ROWS)))
    found = load_dataset(path)
    assert found.examples[2].metadata == (("column 1", "2"),)


@pytest.mark.parametrize("title", ["Tickets of May\n\n", "Tickets of May;;\n;;\n"])
def test_a_title_above_the_header_is_left_out(title: str, tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    body = "".join(f"{i};{text};{label}\n" for i, (text, label) in enumerate(ROWS))
    path.write_text(f"{title}id;text;label\n{body}")
    table = read_table(path)
    assert table.header == ("id", "text", "label")
    assert [row.number for row in table.rows] == list(range(1, len(ROWS) + 1))
    assert table.remarks == (
        "The columns are divided by a semicolon.",
        "What stands above the header is left out: 'Tickets of May'.",
    )


@pytest.mark.parametrize(
    ("text", "header"),
    [
        # A name for the texts alone, above labels that come again.
        (f"text,\n{BODY}", ("text", "column 2")),
        # The names of a series whose index has none.
        (f",label\n{BODY}", ("column 1", "label")),
        # One column of texts, some with commas.
        ("text\nwell, no\nyes\nwell, well, well\nno\n", ("text",)),
    ],
)
def test_a_header_with_one_name_is_no_title(
    text: str, header: tuple[str, ...], tmp_path: Path
) -> None:
    path = tmp_path / "t.csv"
    path.write_text(text)
    assert read_table(path).header == header
