"""Rows without labels keep their number and order, whatever is wrong with them."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from headstart.data import load_values
from headstart.types.errors import DataError


def write(path: Path, content: str) -> Path:
    path.write_text(content, encoding="utf-8")
    return path


def test_every_row_and_column_is_kept(tmp_path: Path) -> None:
    path = write(tmp_path / "t.csv", 'id,text\n1,"hello, you"\n2,\n"broken\n4,there\n')
    found = load_values(path)
    assert found.values == ["hello, you", None, None, "there"]
    assert found.header == ("id", "text")
    assert [row["id"] for row in found.rows] == ["1", "2", "broken", "4"]
    assert [(one.place.row, one.reason) for one in found.set_aside] == [
        (2, "the text is empty"),
        (3, "a quote is opened and not closed"),
    ]
    assert [one.place for one in found.set_aside] == [found.places[1], found.places[2]]


def test_one_column_needs_no_name_and_its_blank_lines_are_rows(tmp_path: Path) -> None:
    found = load_values(write(tmp_path / "t.txt", "message\nhello\n\nthere\n\n\n"))
    assert found.values == ["hello", None, "there"]
    assert [place.column for place in found.places] == ["message"] * 3


def test_a_column_can_be_named(tmp_path: Path) -> None:
    path = write(tmp_path / "t.csv", "text,other\na b c,d e f\ng h i,j k l\n")
    assert load_values(path).values == ["a b c", "g h i"]
    assert load_values(path, input_column="other").values == ["d e f", "j k l"]
    with pytest.raises(DataError, match="there is no column 'othr'") as caught:
        load_values(path, input_column="othr")
    assert caught.value.tip == "did you mean 'other'?"
    assert caught.value.place == str(path)


def test_paths_of_images_are_resolved_and_may_not_lead_out(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    for name in ("in/a.png", "secret.png"):
        Image.new("RGB", (4, 4)).save(tmp_path / name)
    path = write(tmp_path / "in" / "t.csv", "path\na.png\n../secret.png\nnone.png\n")
    found = load_values(path)
    assert found.values == [str(tmp_path / "in" / "a.png"), None, None]
    assert [one.reason for one in found.set_aside] == [
        f"the path leads out of {tmp_path / 'in'}",
        "there is no such file",
    ]
    assert load_values(path, modality="text").values == ["a.png", "../secret.png", "none.png"]


def test_images_of_a_folder_stand_in_order_of_their_names(tmp_path: Path) -> None:
    for name in ("b.png", "a.jpg", "10.png", "9.png"):
        Image.new("RGB", (4, 4)).save(tmp_path / name)
    (tmp_path / "notes.txt").write_text("mine")
    found = load_values(tmp_path)
    names = ["10.png", "9.png", "a.jpg", "b.png"]
    assert found.values == [str(tmp_path / name) for name in names]
    assert found.rows == [{"path": str(tmp_path / name)} for name in names]
    (tmp_path / "sub").mkdir()
    (tmp_path / "9.png").rename(tmp_path / "sub" / "9.png")
    assert len(load_values(tmp_path).values) == 3
    for path in tmp_path.glob("*.*"):
        path.unlink()
    assert load_values(tmp_path).values == [str(tmp_path / "sub" / "9.png")]


@pytest.mark.parametrize(
    ("name", "said", "tip"),
    [
        ("tickest.csv", "there is no such file", "did you mean 'tickets.csv'"),
        ("none/t.csv", "there is no such file", "there is no folder"),
        ("tickets.csv/t.csv", "cannot be read (Not a directory)", "check that it is a file"),
        ("x" * 300 + ".csv", "cannot be read (File name too long)", "check that it is a file"),
        ("t\0.csv", "cannot be read (embedded null byte)", "check that it is a file"),
        ("tickets", "'tickets' is not a kind of table", "ends in .csv, .tsv, .txt, .jsonl"),
    ],
)
def test_paths_that_lead_to_no_table(name: str, said: str, tip: str, tmp_path: Path) -> None:
    write(tmp_path / "tickets.csv", "text\nhello\n")
    write(tmp_path / "tickets", "text\nhello\n")
    with pytest.raises(DataError) as caught:
        load_values(tmp_path / name)
    assert caught.value.place == str(tmp_path / name)
    assert said in caught.value.message
    assert tip in str(caught.value.tip)
