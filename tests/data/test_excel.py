"""Workbooks that openpyxl wrote, and files of which it makes nothing."""

from __future__ import annotations

import datetime
import zipfile
from pathlib import Path
from typing import Any

import pytest

from headstart.cli import main
from headstart.data import excel, load_dataset, load_values
from headstart.data.reading import read_table
from headstart.types.errors import DataError

openpyxl = pytest.importorskip("openpyxl")
N = 20
TEXTS = [f"where is my thing {i},\n“{i}”" for i in range(N)]
LABELS = ["ab"[i % 2] for i in range(N)]


def write(path: Path, rows: list[list[Any]], **sheets: list[list[Any]]) -> Path:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    for title, more in sheets.items():
        sheet = book.create_sheet(title)
        for row in more:
            sheet.append(row)
    book.save(path)
    return path


def test_rows_and_places_are_those_of_the_sheet(tmp_path: Path) -> None:
    rows = [["text", "label"], *map(list, zip(TEXTS, LABELS, strict=True))]
    found = load_dataset(write(tmp_path / "t.xlsx", rows))
    assert [(e.value, e.label) for e in found.examples] == list(zip(TEXTS, LABELS, strict=True))
    assert [e.place.row for e in found.examples] == list(range(1, N + 1))
    assert found.remarks == ()


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("two\nlines", "two\nlines"), (3, "3"), (3.0, "3"), (0.5, "0.5"), (True, "true"),
        (datetime.datetime(2024, 2, 29), "2024-02-29"),
        (datetime.datetime(2024, 2, 29, 7, 30), "2024-02-29 07:30:00"),
        (datetime.date(2024, 2, 29), "2024-02-29"), (datetime.time(7, 30), "07:30:00"),
        (None, None), ("#N/A", None), ("=1+1", None),  # never computed, so no value is stored
    ],
)  # fmt: skip
def test_values_become_text(value: Any, shown: str | None, tmp_path: Path) -> None:
    (row,) = read_table(write(tmp_path / "t.xlsx", [["x", "y"], [value, "here"]])).rows
    assert row.fields == {"x": shown, "y": "here"}


def test_empty_rows_and_columns_and_other_sheets(tmp_path: Path) -> None:
    rows = [
        [None, None, None, None],
        ["text", " label ", None, None],
        ["one", "a", None, "beside"],
        [None, " ", None, None],
        ["two", "b", None, None],
    ]
    file = write(tmp_path / "t.xlsx", rows, notes=[["mine"]], empty=[], more=[["x"], [1]])
    table = read_table(file)
    assert table.header == ("text", "label", "column 4")
    assert [row.fields for row in table.rows] == [
        {"text": "one", "label": "a", "column 4": "beside"},
        {"text": "two", "label": "b", "column 4": None},
    ]
    # A row is found in the sheet by its number, empty ones above it or not.
    assert [row.number for row in table.rows] == [1, 3]
    assert table.remarks == ("The sheet 'Sheet' is read; 'notes', 'more' are not.",)
    assert load_values(file, input_column="text").values == ["one", "two"]


def test_a_first_sheet_without_rows_is_passed_over(tmp_path: Path) -> None:
    table = read_table(write(tmp_path / "t.xlsx", [], data=[["text"], ["one"]]))
    assert [row.fields["text"] for row in table.rows] == ["one"]


def test_a_sheet_of_notes_is_passed_over(tmp_path: Path) -> None:
    notes, table = [["exported by Ann"], ["on Monday"]], [["text", "label"], ["one", "a"]]
    found = read_table(write(tmp_path / "t.xlsx", notes, tickets=table, old=table))
    assert [row.fields for row in found.rows] == [{"text": "one", "label": "a"}]
    assert found.remarks == ("The sheet 'tickets' is read; 'Sheet', 'old' are not.",)
    # Where no sheet is wider, the first one is what was meant.
    found = read_table(write(tmp_path / "t.xlsx", [["text"], ["one"]], notes=notes))
    assert [row.fields for row in found.rows] == [{"text": "one"}]


def test_a_title_above_the_header_is_left_out(tmp_path: Path) -> None:
    rows: list[list[Any]] = [
        ["Tickets of May"], [], ["all teams"], ["text", "label"], ["one", "a"], ["two", "a"],
    ]  # fmt: skip
    file = write(tmp_path / "t.xlsx", [["by Ann"]], tickets=rows)
    found = read_table(file)
    assert found.header == ("text", "label")
    assert [row.number for row in found.rows] == [1, 2]
    assert found.remarks == (
        "The sheet 'tickets' is read; 'Sheet' is not.",
        "What stands above the header is left out: 'Tickets of May', 'all teams'.",
    )


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([], "the workbook has no row"),
        ([["text", "label"]], "there is a header and no row"),
        ([["text", "text"], ["a", "b"]], "the column 'text' stands twice in the header"),
        ([[f"c{i}" for i in range(1001)], ["a"]], "the sheet has 1,001 columns"),
    ],
)
def test_sheets_that_are_no_table(rows: list[list[Any]], said: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=said) as caught:
        read_table(write(tmp_path / "t.xlsx", rows))
    assert "t.xlsx" in str(caught.value)


def test_files_that_are_no_workbook(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # What a password makes of a workbook, and what an old .xls is, begins with these bytes.
    locked = tmp_path / "locked.xlsx"
    locked.write_bytes(bytes.fromhex("d0cf11e0a1b11ae1") + bytes(2000))
    with pytest.raises(DataError, match=r"locked by a password, or an older \.xls"):
        read_table(locked)
    other = tmp_path / "other.xlsx"
    with zipfile.ZipFile(other, "w") as parts:
        parts.writestr("word/document.xml", "<a/>")
    with pytest.raises(DataError, match="not a workbook that can be read"):
        read_table(other)
    good = write(tmp_path / "good.xlsx", [["text"], ["one"]])
    broken = tmp_path / "broken.xlsx"
    with zipfile.ZipFile(good) as parts, zipfile.ZipFile(broken, "w") as copy:
        for part in parts.infolist():
            content = parts.read(part)
            copy.writestr(part, content[:80] if "sheet1" in part.filename else content)
    with pytest.raises(DataError, match="not a workbook that can be read"):
        read_table(broken)
    monkeypatch.setattr(excel, "MOST_BYTES", 1000)
    with pytest.raises(DataError, match="bytes unpacked; at most 1,000 are read"):
        read_table(good)
    (tmp_path / "old.xls").write_bytes(b"x")
    with pytest.raises(DataError, match=r"save it as \.xlsx or \.csv"):
        read_table(tmp_path / "old.xls")


def test_an_entity_that_grows_without_end_is_refused(tmp_path: Path) -> None:
    good = write(tmp_path / "good.xlsx", [["text"], ["one"]])
    bomb = tmp_path / "bomb.xlsx"
    entities = '<!ENTITY a0 "aaaaaaaaaa">' + "".join(
        f'<!ENTITY a{i} "{f"&a{i - 1};" * 10}">' for i in range(1, 10)
    )
    with zipfile.ZipFile(good) as parts, zipfile.ZipFile(bomb, "w") as copy:
        for part in parts.infolist():
            content = parts.read(part)
            if "sheet1" in part.filename:
                assert b">one<" in content
                content = content.replace(b">one<", b">&a9;<")
                content = f"<!DOCTYPE worksheet [{entities}]>".encode() + content
            copy.writestr(part, content)
    with pytest.raises(DataError, match="not a workbook that can be read"):
        read_table(bomb)


def test_a_folder_of_work_in_excel(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = [["message", "queue"]]
    rows += [[f"where is my card number {i}", "card"] for i in range(20)]
    rows += [[f"no money came to account {i}", "money"] for i in range(20)]
    write(tmp_path / "tickets.xlsx", rows)
    out = str(tmp_path / "pilot")
    assert main(["init", out, str(tmp_path / "tickets.xlsx")]) == 0
    assert "tickets.xlsx" in (tmp_path / "pilot" / "headstart.toml").read_text(encoding="utf-8")
