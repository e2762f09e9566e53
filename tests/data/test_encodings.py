"""Files in another encoding: refused with the command that converts them, or set aside by row."""

from __future__ import annotations

import codecs
import json
import shlex
from pathlib import Path

import pytest

from headstart.data import load_dataset
from headstart.data.reading import read_table
from headstart.types.errors import DataError

FRENCH = [(f"où est ma carte numéro {i}", ("perdue", "volée")[i % 2]) for i in range(20)]


def table(rows: list[tuple[str, str]], header: str = "text,label") -> str:
    return f"{header}\n" + "".join(f"{text},{label}\n" for text, label in rows)


def refused(path: Path) -> str:
    with pytest.raises(DataError) as caught:
        load_dataset(path)
    return str(caught.value)


@pytest.mark.parametrize("name", ["t.csv", "t.jsonl", "t.json"])
def test_latin_1_names_the_first_place_and_the_command(name: str, tmp_path: Path) -> None:
    rows = [{"text": text, "label": label} for text, label in FRENCH]
    content = {
        "t.csv": table(FRENCH),
        "t.jsonl": "\n".join(json.dumps(row, ensure_ascii=False) for row in rows),
        "t.json": json.dumps(rows, ensure_ascii=False),
    }[name]
    (tmp_path / name).write_bytes(content.encode("latin-1"))
    said = refused(tmp_path / name)
    assert str(tmp_path / name) in said
    assert "Latin-1 (Windows-1252)" in said
    assert f"iconv -f WINDOWS-1252 -t UTF-8 {name} > utf8-{name}" in said
    assert "row 1" in said or "byte 0xF9 after 12 bytes" in said


def test_the_command_can_be_pasted_whatever_the_file_is_called(tmp_path: Path) -> None:
    path = tmp_path / "it's & more.csv"
    path.write_bytes(table(FRENCH).encode("latin-1"))
    command = refused(path).split("convert it: ")[1]
    assert shlex.split(command) == [
        "iconv", "-f", "WINDOWS-1252", "-t", "UTF-8", path.name, ">", f"utf8-{path.name}"
    ]  # fmt: skip


def test_a_header_in_latin_1_is_refused_even_above_plain_rows(tmp_path: Path) -> None:
    rows = [(f"row number {i}", "ab"[i % 2]) for i in range(20)]
    (tmp_path / "t.csv").write_bytes(table(rows, "texté,label").encode("latin-1"))
    said = refused(tmp_path / "t.csv")
    assert "the header is not UTF-8" in said
    assert "t.csv, the header" in said
    assert "WINDOWS-1252" in said


def test_a_few_rows_that_are_not_utf_8_are_set_aside_and_remarked_on(tmp_path: Path) -> None:
    """Among rows that speak for UTF-8, some from elsewhere do not make the file Latin-1."""
    good = table(FRENCH).encode()
    (tmp_path / "t.csv").write_bytes(good + "café de plus,perdue\n".encode("latin-1"))
    found = load_dataset(tmp_path / "t.csv")
    assert len(found) == 20
    (aside,) = found.set_aside
    assert (aside.place.row, aside.reason) == (21, "not UTF-8 (byte 0xE9 after 3 characters)")
    assert aside.excerpt == "caf\ufffd de plus | perdue"
    assert any(
        remark.startswith("1 of 21 rows are not UTF-8 and were set aside")
        and "iconv -f WINDOWS-1252" in remark
        for remark in found.remarks
    )


@pytest.mark.parametrize(
    ("mark", "encoding", "named"),
    [
        (codecs.BOM_UTF16_LE, "utf-16-le", "UTF-16"),
        (codecs.BOM_UTF16_BE, "utf-16-be", "UTF-16"),
        (codecs.BOM_UTF32_LE, "utf-32-le", "UTF-32"),
        (b"", "utf-16-le", "UTF-16LE"),
        (b"", "utf-16-be", "UTF-16BE"),
    ],
)
def test_wide_encodings_are_named(mark: bytes, encoding: str, named: str, tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_bytes(mark + table(FRENCH).encode(encoding))
    said = refused(tmp_path / "t.csv")
    assert f"the file is {named}, not UTF-8" in said
    assert f"iconv -f {named} -t UTF-8 t.csv" in said


@pytest.mark.parametrize("name", ["t.csv", "t.jsonl", "t.json"])
def test_a_byte_order_mark_belongs_to_no_column(name: str, tmp_path: Path) -> None:
    rows = [{"text": text, "label": label} for text, label in FRENCH]
    content = {
        "t.csv": table(FRENCH),
        "t.jsonl": "\n".join(map(json.dumps, rows)),
        "t.json": json.dumps(rows),
    }[name]
    (tmp_path / name).write_bytes(codecs.BOM_UTF8 + content.encode())
    found = load_dataset(tmp_path / name)
    assert (found.input_column, found.label_column) == ("text", "label")
    assert [(e.value, e.label) for e in found.examples] == FRENCH
    assert found.set_aside == ()


def test_half_a_surrogate_pair_in_json_costs_its_row(tmp_path: Path) -> None:
    lines = [json.dumps({"text": text, "label": label}) for text, label in FRENCH]
    lines[3] = '{"text": "\\ud83d alone", "label": "perdue"}'
    lines[5] = '{"text": "a pair \\ud83d\\ude00", "label": "perdue"}'
    (tmp_path / "t.jsonl").write_text("\n".join(lines))
    found = load_dataset(tmp_path / "t.jsonl")
    assert [(one.place.row, one.reason) for one in found.set_aside] == [
        (4, "not UTF-8 (half a surrogate pair)")
    ]
    assert found.examples[4].value == "a pair \U0001f600"


@pytest.mark.parametrize("name", ["t.csv", "t.jsonl"])
def test_a_nul_byte_costs_its_row(name: str, tmp_path: Path) -> None:
    rows = [*FRENCH[:5], ("a \0 byte", "perdue"), *FRENCH[5:]]
    lines = [json.dumps({"text": text, "label": label}) for text, label in rows]
    content = table(rows) if name == "t.csv" else "\n".join(lines)
    (tmp_path / name).write_bytes(content.encode())
    found = load_dataset(tmp_path / name)
    assert len(found) == 20
    (aside,) = found.set_aside
    assert aside.place.row == 6
    assert "NUL byte" in aside.reason
    assert "\0" not in aside.excerpt


def test_a_file_of_zero_bytes_is_binary(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_bytes(b"text,label\n" + bytes(5000))
    with pytest.raises(DataError, match="binary") as caught:
        read_table(tmp_path / "t.csv")
    assert "CSV in UTF-8" in str(caught.value)
