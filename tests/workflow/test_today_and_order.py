"""The column of today's answers and the order of the labels, before any work."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import pytest

from headstart.types.brief import Brief, DataSource
from headstart.types.data import Dataset
from headstart.types.errors import DataError
from headstart.workflow.costs import costs_between
from headstart.workflow.output import further_brief
from headstart.workflow.relabel import relabelled_csv
from headstart.workflow.sources import Sources, read_sources

LEVELS = ("high", "low", "medium")


def table(path: Path, agents: tuple[str, ...] = ("low", "", "high")) -> Path:
    with path.open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(("text", "label", "agent", "shop"))
        for i in range(30):
            row = (
                f"message number {i} says so",
                LEVELS[i % 3],
                agents[i % len(agents)],
                f"s{i % 4}",
            )
            writer.writerow(row)
    return path


def read(path: Path, **data: object) -> Sources:
    source = DataSource(str(path), "text", "label", **data)  # type: ignore[arg-type]
    return read_sources(Brief("t", source), lambda *_: None)


def dataset(tmp_path: Path, **data: object) -> Dataset:
    return read(table(tmp_path / "t.csv"), **data).dataset


def test_todays_answers_leave_the_other_columns(tmp_path: Path) -> None:
    found = dataset(tmp_path, current="agent")
    assert [one.current for one in found.examples[:4]] == ["low", "", "high", "low"]
    assert {name for one in found.examples for name, _ in one.metadata} == {"shop"}
    plain = dataset(tmp_path)
    assert {one.current for one in plain.examples} == {""}
    assert found.sha256 == plain.sha256


def test_relabelling_keeps_todays_answers(tmp_path: Path) -> None:
    rows = list(csv.DictReader(relabelled_csv(dataset(tmp_path, current="agent"), {}).splitlines()))
    assert [row["agent"] for row in rows[:3]] == ["low", "", "high"]


def test_some_answers_that_are_no_label_are_kept(tmp_path: Path) -> None:
    path = table(tmp_path / "t.csv", ("low", "unsure"))
    assert read(path, current="agent").dataset.examples[1].current == "unsure"


@pytest.mark.parametrize(
    ("agents", "column", "said"),
    [
        (("lo", "hi"), "agent", "none of today's answers is a label: 'hi', 'lo'"),
        (("", ""), "agent", "no row has an answer of today's process"),
        (("low",), "agnt", "there is no other column 'agnt'"),
        (("low",), "label", "the column 'label' is named twice"),
    ],
)
def test_a_column_that_cannot_be_used_is_an_error(
    tmp_path: Path, agents: tuple[str, ...], column: str, said: str
) -> None:
    with pytest.raises(DataError) as caught:
        read(table(tmp_path / "t.csv", agents), current=column)
    assert said in str(caught.value)
    assert "t.csv" in str(caught.value)


def test_a_holdout_without_the_column_is_an_error(tmp_path: Path) -> None:
    held = tmp_path / "h.csv"
    held.write_text("text,label\n" + "\n".join(f"later message {i},low" for i in range(5)) + "\n")
    with pytest.raises(DataError, match=r"h\.csv: there is no other column 'agent'"):
        read(table(tmp_path / "t.csv"), current="agent", holdout=str(held))


@pytest.mark.parametrize(
    ("order", "said"),
    [
        (("low", "high"), "the order of the labels lacks 'medium'"),
        (("low", "medium", "hihg"), "lacks 'high'; the order names 'hihg', which no row has"),
        (("low", "medium", "high", "huge"), "the order names 'huge', which no row has"),
    ],
)
def test_an_order_names_every_label_and_no_other(
    tmp_path: Path, order: tuple[str, ...], said: str
) -> None:
    sources = read(table(tmp_path / "t.csv"))
    brief = Brief("t", DataSource("t.csv", order=order))
    with pytest.raises(DataError) as caught:
        costs_between(brief, sources)
    assert said in str(caught.value)
    assert "[data] order" in str(caught.value)
    assert "high, low, medium" in str(caught.value)


def test_an_order_gives_costs_in_steps(tmp_path: Path) -> None:
    brief = Brief("t", DataSource("t.csv", order=("low", "medium", "high")))
    found = costs_between(brief, read(table(tmp_path / "t.csv")))
    assert found is not None
    assert found.tolist() == [[0.0, 2.0, 1.0], [2.0, 0.0, 1.0], [1.0, 1.0, 0.0]]


def test_costs_are_steps_where_the_order_alone_gives_them() -> None:
    ordered = Brief("t", DataSource("t.csv", order=("low", "high")))
    assert ordered.counts_steps
    assert not replace(ordered, mistake_costs={"low": 3.0}).counts_steps
    assert not Brief("t", DataSource("t.csv")).counts_steps


def test_order_and_todays_process_belong_to_the_first_column() -> None:
    data = DataSource("t.csv", also=("area",), order=("a", "b"), current="agent")
    found = further_brief(Brief("t", data), "area", "cost").data
    assert (found.order, found.current) == ((), None)
