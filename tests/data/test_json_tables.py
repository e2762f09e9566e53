"""JSON, one object a line or one list of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from headstart.data import json_rows, load_dataset
from headstart.data.reading import read_table
from headstart.types.errors import DataError

TEXT = st.text(st.characters(exclude_categories=("Cs",)), max_size=12)
VALUES = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), TEXT, st.lists(st.integers(), max_size=2)
)


def as_text(value: Any) -> str | None:
    if value is None or value != value:
        return None
    return value if isinstance(value, str) else json.dumps(value)


@given(
    st.lists(st.dictionaries(st.sampled_from("abc"), VALUES, min_size=1), min_size=1, max_size=8),
    st.sampled_from(["t.jsonl", "t.json"]),
    st.booleans(),
)
@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_objects_come_back_as_text(
    tmp_path: Path, rows: list[dict[str, Any]], name: str, escaped: bool
) -> None:
    if name == "t.json":
        content = json.dumps(rows, ensure_ascii=escaped, indent=1)
    else:
        content = "\n".join(json.dumps(row, ensure_ascii=escaped) for row in rows)
    (tmp_path / name).write_text(content, encoding="utf-8")
    found = read_table(tmp_path / name)
    assert [row.fields for row in found.rows] == [
        {key: as_text(value) for key, value in row.items()} for row in rows
    ]


GOOD = [{"text": f"where is my thing {i}", "label": "ab"[i % 2]} for i in range(20)]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ('{"text": "cut of', "not JSON (Invalid control character"),
        ("[1, 2]", "a JSON list, not an object"),
        ("null", "a JSON null, not an object"),
        ("true", "a JSON boolean, not an object"),
        ('"text"', "a JSON string, not an object"),
        ("3", "a JSON number, not an object"),
        ('{"text": ' + "[" * 100_000, "not JSON (maximum recursion depth"),
        ('{"text": ' + "9" * 5000 + "}", "not JSON (Exceeds the limit"),
        ('{"text": "' + "x" * 1_100_000 + '"}', "the line has 1,100,0"),
        ('{"text": "no label"}', "the label is missing"),
        ('{"label": "a"}', "the text is empty"),
        ('{"label": "a", "text": null}', "the text is empty"),
    ],
)
def test_a_damaged_line_costs_one_row(line: str, reason: str, tmp_path: Path) -> None:
    lines = [json.dumps(row) for row in GOOD]
    (tmp_path / "t.jsonl").write_text("\n".join([*lines[:7], line, "", *lines[7:]]))
    found = load_dataset(tmp_path / "t.jsonl")
    assert len(found) == 20
    (aside,) = found.set_aside
    assert aside.place.row == 8
    assert reason in aside.reason


def test_columns_are_those_of_all_objects(tmp_path: Path) -> None:
    rows = [{**row, **({"source": "mail"} if i > 10 else {})} for i, row in enumerate(GOOD)]
    (tmp_path / "t.json").write_text(json.dumps(rows))
    found = load_dataset(tmp_path / "t.json")
    assert found.examples[0].metadata == ()
    assert found.examples[15].metadata == (("source", "mail"),)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ('{\n "data": [\n {"text": "x"}\n ]\n}', "rows cannot be read"),
        ("[]", "there is no row"),
        ("[{}, {}]", "the objects have no field"),
        ("[" * 100_000, "the file is not JSON"),
        ('[{"text": "x"}', "the file is not JSON"),
        ('["a", "b"]', "2 of 2 rows cannot be read (the first: a JSON string, not an object)"),
    ],
)
def test_what_is_no_list_of_objects(content: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "t.json").write_text(content)
    with pytest.raises(DataError) as caught:
        read_table(tmp_path / "t.json")
    assert said in str(caught.value)
    assert str(tmp_path / "t.json") in str(caught.value)
    assert caught.value.tip


def test_a_list_too_large_to_parse_whole_is_sent_to_jsonl(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(json_rows, "MOST_LIST_BYTES", 500)
    (tmp_path / "t.json").write_text(json.dumps(GOOD))
    with pytest.raises(DataError, match="at most 500 are read") as caught:
        read_table(tmp_path / "t.json")
    assert "JSONL" in str(caught.value)
    (tmp_path / "t.jsonl").write_text("\n".join(map(json.dumps, GOOD)))
    assert len(read_table(tmp_path / "t.jsonl").rows) == 20
