"""One class that is written in several ways gets one name."""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path

import pytest

from headstart.data import column_values, known_name, load_dataset, one_name
from headstart.types.brief import Brief, ColumnCosts, DataSource
from headstart.types.errors import DataError
from headstart.workflow.sources import Sources, read_sources

WRITTEN = ("refund", "Refund", "card_arrival", "Card arrival", "refund", "card_arrival")
HEADER = ("text", "label", "area", "agent")


def table(path: Path, labels: tuple[str, ...], n: int = 30, **columns: tuple[str, ...]) -> Path:
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(HEADER)
        for i in range(n):
            area, agent = (columns.get(name, ("x", "y")) for name in ("area", "agent"))
            writer.writerow(
                (f"{path.stem}, message {i}", labels[i % len(labels)], area[i % len(area)],
                 agent[i % len(agent)])
            )  # fmt: skip
    return path


def read(path: Path, brief: dict[str, object] | None = None, **data: object) -> Sources:
    source = DataSource(str(path), "text", "label", **data)  # type: ignore[arg-type]
    return read_sources(Brief("t", source, **(brief or {})), lambda *_: None)  # type: ignore[arg-type]


def test_the_most_frequent_name_stays_and_a_remark_says_so(tmp_path: Path) -> None:
    found = load_dataset(table(tmp_path / "t.csv", WRITTEN))
    assert Counter(one.label for one in found.examples) == {"refund": 15, "card_arrival": 15}
    assert found.labels == ("card_arrival", "refund")
    (said,) = found.remarks
    assert "'Card arrival' (5 rows) as 'card_arrival', 'Refund' (5 rows) as 'refund'." in said
    assert "define both in [labels]" in said


@pytest.mark.parametrize(
    "names",
    [("a", "A"), ("1-5", "15"), ("A-", "A+"), ("refund", "refunds"), ("5", "5.5")],
)
def test_what_may_be_two_classes_stays_two(names: tuple[str, str]) -> None:
    assert one_name(dict.fromkeys(names, 9)) == {}
    assert known_name([names[1]], [names[0]]) == {}


def test_names_that_the_brief_uses_stay(tmp_path: Path) -> None:
    path = table(tmp_path / "t.csv", ("refund", "refund", "Refund", "card"))
    assert read(path).dataset.labels == ("card", "refund")
    costs = {"mistake_costs": {"Refund": 5.0}}
    assert read(path, costs).dataset.labels == ("Refund", "card")
    both = {"refund": "money back", "Refund": "the form of that name"}
    assert read(path, definitions=both).dataset.labels == ("Refund", "card", "refund")
    assert read(path, out_of_scope="Refund").outside


def test_one_class_in_two_spellings_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="there is one class, 'yes'"):
        load_dataset(table(tmp_path / "t.csv", ("yes", "Yes", "yes")))


def test_labels_of_sets_are_read_alike(tmp_path: Path) -> None:
    path = table(tmp_path / "t.csv", ("late; Rude", "rude;late", "rude", "Rude;rude"))
    found = load_dataset(path, separator=";")
    assert {one.label for one in found.examples} == {"late;rude", "rude"}


def test_a_holdout_is_read_by_the_names_of_the_training_rows(tmp_path: Path) -> None:
    path = table(tmp_path / "t.csv", ("refund", "card_arrival"))
    held = table(tmp_path / "h.csv", ("REFUND", "card arrival", "refund"))
    found = read(path, holdout=str(held))
    assert found.holdout is not None
    assert found.holdout.labels == ("card_arrival", "refund")
    assert any("Hold-out: Labels that only write" in one for one in found.report().remarks)
    # Of which of two it is one, nobody knows.
    apart = {"refund": "money back", "Refund": "the form of that name"}
    path = table(tmp_path / "two.csv", ("refund", "Refund", "card_arrival"))
    with pytest.raises(DataError, match="written in another way"):
        read(path, holdout=str(held), definitions=apart)


def test_further_columns_and_todays_answers_too(tmp_path: Path) -> None:
    columns = {"area": ("north", "North", "north", "south"), "agent": ("Refund", "", "CARD")}
    path = table(tmp_path / "t.csv", ("refund", "card"), **columns)
    held = table(tmp_path / "h.csv", ("refund", "card"), area=("NORTH", "south"))
    said = {"also": ("area",), "current": "agent", "holdout": str(held)}
    found = read(path, **said)
    assert found.holdout is not None
    assert set(column_values(found.dataset, "area")) == {"north", "south"}
    assert set(column_values(found.holdout, "area")) == {"north", "south"}
    assert {one.current for one in found.dataset.examples} == {"refund", "", "card"}
    assert any("In column 'area' labels" in one for one in found.dataset.remarks)
    apart = ColumnCosts(costs={"north": 2.0, "North": 3.0})
    found = read(path, {"column_costs": {"area": apart}}, also=("area",))
    assert set(column_values(found.dataset, "area")) == {"north", "North", "south"}
