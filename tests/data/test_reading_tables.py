"""Tables of every kind are read as they were written."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from headstart.data import load_dataset, load_values
from headstart.data.reading import read_table
from headstart.types.errors import DataError

TEXTS = [
    "plain",
    "with, comma",
    'with "quotes"',
    "over\ntwo lines",
    "tab\there",
    "ünïcode ☃",
    " x ",
]
ROWS = [(f"{text} {i}", ("a", "b")[i % 2]) for i in range(3) for text in TEXTS]


def written(path: Path, kind: str) -> Path:
    path = path.with_suffix(f".{kind}")
    if kind in ("csv", "tsv"):
        with path.open("w", encoding="utf-8", newline="") as stream:
            writer = csv.writer(stream, delimiter="," if kind == "csv" else "\t")
            writer.writerows([("text", "label"), *ROWS])
    elif kind == "parquet":
        pyarrow = pytest.importorskip("pyarrow")
        from pyarrow.parquet import write_table

        texts, labels = zip(*ROWS, strict=True)
        write_table(pyarrow.table({"text": texts, "label": labels}), path)
    else:
        rows = [{"text": text, "label": label} for text, label in ROWS]
        lines = "\n".join(json.dumps(row, ensure_ascii=kind == "json") for row in rows)
        path.write_text(json.dumps(rows) if kind == "json" else lines, encoding="utf-8")
    return path


@pytest.mark.parametrize("kind", ["csv", "tsv", "jsonl", "json", "parquet"])
def test_the_same_rows_from_every_kind_of_file(kind: str, tmp_path: Path) -> None:
    found = load_dataset(written(tmp_path / "rows", kind))
    assert [(e.value, e.label) for e in found.examples] == ROWS
    assert [e.place.row for e in found.examples] == list(range(1, len(ROWS) + 1))
    assert found.set_aside == ()
    assert found.sha256 == load_dataset(written(tmp_path / "other", "csv")).sha256


@given(
    st.lists(
        st.tuples(
            st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=20),
            st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=20),
        ),
        min_size=1,
        max_size=20,
    ),
    st.sampled_from([",", ";", "\t", "|"]),
)
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_what_the_csv_module_writes_is_read_back(
    tmp_path: Path, rows: list[tuple[str, str]], mark: str
) -> None:
    path = tmp_path / "t.csv"
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, delimiter=mark, quoting=csv.QUOTE_ALL)
        writer.writerows([("first", "second"), *rows])
    found = read_table(path)
    assert found.header == ("first", "second")
    assert [(row.fields["first"], row.fields["second"]) for row in found.rows] == rows
    assert not any(row.problem for row in found.rows)


@pytest.mark.parametrize("mark", [";", "\t", "|"])
def test_another_delimiter_is_found_and_said(mark: str, tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    rows = [("text", "label"), *((f"a text, or {i}", "ab"[i % 2]) for i in range(12))]
    path.write_text("".join(f"{text}{mark}{label}\n" for text, label in rows))
    found = load_dataset(path)
    assert len(found) == 12
    assert any("divided by a" in remark for remark in found.remarks)


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.docx", b"PK", "not a kind of table"),
        ("a.csv", b"", "the file is empty"),
        ("a.csv", b"text,label\n", "a header and no row"),
        ("a.csv", b"text,text\nx,y\n", "stands twice"),
        ("a.csv", "text,label\nx,y\n".encode("utf-16"), "UTF-16, not UTF-8"),
        ("a.csv", bytes(range(256)) * 4 + b"\0" * 4000, "binary"),
        ("a.json", b'{"text": ', "the file is not JSON"),
        ("a.jsonl", b"1\n2\n3\n", "cannot be read"),
        ("a.parquet", b"PAR1 not really", "Parquet"),
    ],
)
def test_what_is_no_table(name: str, content: bytes, said: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError, match=said) as caught:
        read_table(tmp_path / name)
    assert name in str(caught.value.place)
    assert caught.value.tip


def test_one_damaged_line_of_json_is_set_aside(tmp_path: Path) -> None:
    path = written(tmp_path / "rows", "jsonl")
    lines = path.read_text("utf-8").splitlines()
    lines[4] = lines[4][:-3]
    path.write_text("\n".join(lines), encoding="utf-8")
    found = load_dataset(path)
    assert len(found) == len(ROWS) - 1
    assert [one.place.row for one in found.set_aside] == [5]


def test_columns_are_found_where_one_reading_is_possible(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    lines = [f"{i},please help me with thing {i},{('one', 'two')[i % 2]}" for i in range(20)]
    path.write_text("id,words,kind\n" + "\n".join(lines))
    found = load_dataset(path)
    assert (found.input_column, found.label_column) == ("words", "kind")
    assert found.examples[3].metadata == (("id", "3"),)


def test_a_file_without_a_header_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("\n".join(f"please help me with thing {i},{'ab'[i % 2]}" for i in range(20)))
    with pytest.raises(DataError, match="looks like a row"):
        load_dataset(path)


def test_unlabelled_rows_keep_their_order_and_say_what_is_wrong(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("id,text\n1,hello\n2,\n3,there\n")
    found = load_values(path)
    assert found.values == ["hello", None, "there"]
    assert [place.row for place in found.places] == [1, 2, 3]
    assert [(one.place.row, one.reason) for one in found.set_aside] == [(2, "the text is empty")]
    assert found.rows[1]["id"] == "2"
