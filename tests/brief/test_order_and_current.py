"""An order of the labels and a column of today's answers in the brief."""

from __future__ import annotations

from pathlib import Path

import pytest

from headstart.brief import infer_brief, read_brief, write_toml
from headstart.types.errors import BriefError


@pytest.fixture
def data(tmp_path: Path) -> Path:
    (tmp_path / "data.csv").write_text("text,label\n")
    return tmp_path / "data.csv"


def test_they_are_written_and_read_back(data: Path) -> None:
    brief = infer_brief(data, order=("1", "2", "3"), current="agent")
    assert (brief.data.order, brief.data.current) == (("1", "2", "3"), "agent")
    assert brief.weighs_mistakes
    assert not brief.names_costs
    write_toml(brief, data.parent / "headstart.toml")
    assert read_brief(data.parent) == brief
    plain = infer_brief(data)
    assert not plain.weighs_mistakes
    assert {"data.order", "data.current"} <= set(plain.defaulted)


@pytest.mark.parametrize(
    ("said", "problem"),
    [
        ({"order": ("a", "b", "a")}, "[data] order names a more than once"),
        ({"order": ("a",)}, "[data] order names 'a' alone"),
        ({"order": ("a", "b"), "separator": ";"}, "[data] order is named, and separator is ';'"),
        ({"order": ("a", "b"), "out_of_scope": "b"}, "[data] order names 'b', which is the label"),
        ({"current": "agent", "separator": ";"}, "[data] current is 'agent', and separator is ';'"),
        ({"current": "topic", "label_column": "topic"}, "which is the column of label too"),
        ({"current": "topic", "also": ("topic",)}, "which is the column of also too"),
    ],
)
def test_what_does_not_go_together_is_named(data: Path, said: dict, problem: str) -> None:
    with pytest.raises(BriefError) as caught:
        infer_brief(data, **said)
    assert problem in str(caught.value)
