"""One class under several names."""

from __future__ import annotations

from pathlib import Path

import pytest

from headstart.audit import audit, further_column
from headstart.audit.labels import label_spellings
from headstart.data import load_dataset
from headstart.types.brief import Brief, DataSource
from headstart.types.errors import DataError

BRIEF = Brief("t", DataSource("t.csv"))


@pytest.mark.parametrize(
    ("counts", "found"),
    [
        ({"card": 9, "Card": 3, "CARD": 5, "cash": 9}, [("card", "CARD", "Card")]),
        ({"top up": 4, "top_up": 4, "Top-Up": 1}, [("top up", "top_up", "Top-Up")]),
        ({"1": 10, "1.0": 2, "10": 5}, [("1", "1.0")]),
        ({"refund": 40, "refudn": 1, "refunds": 2, "rfund": 2}, [("refund", "refudn", "refunds")]),
        ({"transfer": 100, "trasnfer": 5, "transfert": 6}, [("transfer", "trasnfer")]),
        # Two classes as large as each other are two classes.
        ({"received": 30, "receiver": 28}, []),
        # A letter before the others may turn a name into its contrary.
        ({"typical": 90, "atypical": 2}, []),
        # Numbers tell classes apart.
        ({"priority 1": 90, "priority 2": 1}, []),
        ({"male": 90, "mile": 1}, []),
        ({"a": 5, "b": 5}, []),
    ],
)  # fmt: skip
def test_names_of_one_class(counts: dict[str, int], found: list[tuple[str, ...]]) -> None:
    assert label_spellings(counts) == found


def write(folder: Path, labels: list[str], more: list[str] | None = None) -> Path:
    lines = ["text,label,area"]
    for i, label in enumerate(labels):
        lines.append(f"message {chr(97 + i % 26)} number {i},{label},{(more or labels)[i]}")
    path = folder / "t.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_the_finding_names_rows_and_the_way_out(tmp_path: Path) -> None:
    labels = ["refund"] * 20 + ["refudn"] * 2 + ["cash"] * 18
    data = load_dataset(write(tmp_path, labels), label_column="label", input_column="text")
    (found, *_) = audit(data, None, BRIEF).findings
    assert (found.check, found.title) == (
        "label-names",
        "1 class probably goes by several names",
    )
    assert [place.row for place in found.rows] == [21, 22]
    assert found.severity == pytest.approx(0.5 + 0.4 * (2 / 40) / 0.2)
    assert found.advice == (
        "Give one name to what is one class: 'refund' (20 rows), 'refudn' (2 rows)."
    )
    clean = load_dataset(
        write(tmp_path, [label.replace("refudn", "refund") for label in labels]),
        label_column="label", input_column="text",
    )  # fmt: skip
    assert all(one.check != "label-names" for one in audit(clean, None, BRIEF).findings)


def test_further_columns_have_the_finding_and_the_refusal(tmp_path: Path) -> None:
    labels = ["card", "cash"] * 20
    areas = ["north", "south", "north", "South"] * 10
    data = load_dataset(write(tmp_path, labels, areas), label_column="label", input_column="text")
    split = audit(data, None, BRIEF)
    found = further_column(data, None, split, "area", BRIEF).split.findings
    assert [one.check for one in found] == ["label-names"]
    (tmp_path / "held").mkdir()
    held = load_dataset(
        write(tmp_path / "held", labels, [area.upper() for area in areas]),
        label_column="label", input_column="text",
    )  # fmt: skip
    with pytest.raises(DataError, match="'NORTH' is 'north' there") as caught:
        further_column(data, held, audit(data, held, BRIEF), "area", BRIEF)
    assert "column 'area'" in str(caught.value)
