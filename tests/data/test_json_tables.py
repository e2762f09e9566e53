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


def as_text(value: Any, several: bool) -> str | None:
    if value is None or value != value or (value == [] and not several):
        return None
    if isinstance(value, list):
        return "|".join(map(str, value)) or "|"
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
    several = {
        name for row in rows for name, v in row.items() if isinstance(v, list) and len(v) > 1
    }
    assert [row.fields for row in found.rows] == [
        {key: as_text(value, key in several) for key, value in row.items()} for row in rows
    ]
    assert found.several == several


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


@pytest.mark.parametrize("indent", [None, 2])
def test_a_list_within_an_object(indent: int | None, tmp_path: Path) -> None:
    content = {"version": 1, "names": ["a", "b"], "data": GOOD}
    (tmp_path / "t.json").write_text(json.dumps(content, indent=indent))
    found = read_table(tmp_path / "t.json")
    assert [row.fields for row in found.rows] == GOOD
    assert found.remarks == ("The rows are those of 'data'.",)


def test_an_export_of_label_studio(tmp_path: Path) -> None:
    def marks(*labels: str) -> list[dict[str, Any]]:
        result = [{"type": "choices", "value": {"choices": list(labels)}}] if labels else []
        return [{"id": 7, "completed_by": 1, "result": result}]

    tasks = [{"id": i, "data": {"text": r["text"]}, "annotations": marks(r["label"])}
             for i, r in enumerate(GOOD)]  # fmt: skip
    tasks += [{"id": 20, "data": {"text": "no choice"}, "annotations": marks()},
              {"id": 21, "data": {"text": "untouched"}, "annotations": []}]  # fmt: skip
    path = tmp_path / "t.json"
    path.write_text(json.dumps(tasks))
    found = load_dataset(path)
    assert (found.input_column, found.label_column) == (
        "data.text",
        "annotations.result.value.choices",
    )
    assert [(one.value, one.label) for one in found.examples] == [
        (row["text"], row["label"]) for row in GOOD
    ]
    assert [(one.place.row, one.reason) for one in found.set_aside] == [
        (21, "the label is missing"),
        (22, "the label is missing"),
    ]
    # Several choices a row are several labels, which is for the user to say.
    tasks[0]["annotations"] = marks("a", "b")
    path.write_text(json.dumps(tasks))
    with pytest.raises(DataError, match="may hold several labels: they are lists") as caught:
        load_dataset(path)
    assert "--separator '|'" in caught.value.tip
    found = load_dataset(path, separator="|")
    assert list(found.sets[:2]) == [("a", "b"), ("b",)]


def test_chats_that_a_model_was_tuned_on(tmp_path: Path) -> None:
    def chat(row: dict[str, str], *more: str) -> dict[str, Any]:
        says = [("system", "Name the queue."), ("user", row["text"]), ("assistant", row["label"])]
        messages = [*says, *(("user", text) for text in more)]
        return {"messages": [{"role": role, "content": text} for role, text in messages]}

    chats = [*map(chat, GOOD), chat(GOOD[0], "and then?")]
    (tmp_path / "t.jsonl").write_text("\n".join(map(json.dumps, chats)))
    found = load_dataset(tmp_path / "t.jsonl")
    assert [(one.value, one.label) for one in found.examples] == [
        (row["text"], row["label"]) for row in GOOD
    ]
    # Of several turns nobody knows which one the label is for.
    assert [(one.place.row, one.reason) for one in found.set_aside] == [
        (21, "the label is missing")
    ]


def test_rows_that_were_rejected_in_prodigy_are_set_aside(tmp_path: Path) -> None:
    verdicts = {3: "reject", 4: "ignore"}
    rows = [
        {**row, "_task_hash": i, "answer": verdicts.get(i, "accept"), "meta": {"source": "mail"}}
        for i, row in enumerate(GOOD)
    ]
    (tmp_path / "t.jsonl").write_text("\n".join(map(json.dumps, rows)))
    found = load_dataset(tmp_path / "t.jsonl")
    assert [(one.place.row, one.reason) for one in found.set_aside] == [
        (4, "its label does not hold (answer: reject)"),
        (5, "its label does not hold (answer: ignore)"),
    ]
    assert ("meta.source", "mail") in found.examples[0].metadata


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ('{\n "data": {\n "text": "x"}\n}', "one object, and holds no list of objects"),
        ('{"a": [{"x": 1}], "b": [{}]}', "one object with several lists of objects: 'a', 'b'"),
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
