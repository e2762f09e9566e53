"""A further label column keeps the split of the first one."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from headstart.audit import audit, column_costs, further_column
from headstart.data import load_dataset
from headstart.types.brief import Brief, DataSource, Requirement
from headstart.types.data import Dataset
from headstart.types.errors import DataError

BRIEF = Brief("t", DataSource("t.csv"))


def dataset(tmp_path: Path, areas: Sequence[str], name: str = "t.csv") -> Dataset:
    """Rows of three topics, and the given areas beside them."""
    rng = random.Random(len(areas))
    lines = ["text,topic,area"]
    for number, area in enumerate(areas):
        words = " ".join(rng.choices("abcdefghijklmnopqrstuvwxyz", k=12))
        lines.append(f"{words} {number},topic {number % 3},{area}")
    (tmp_path / name).write_text("\n".join(lines) + "\n")
    return load_dataset(tmp_path / name, label_column="topic")


def areas(n: int, empty: int, seed: int = 0) -> list[str]:
    rng = random.Random(seed)
    found = [rng.choice(("north", "south", "east")) for _ in range(n)]
    for place in rng.sample(range(n), empty):
        found[place] = ""
    return found


def test_no_row_changes_sides(tmp_path: Path) -> None:
    whole = dataset(tmp_path, areas(300, 60))
    split = audit(whole, None, BRIEF)
    found = further_column(whole, None, split, "area", BRIEF)
    assert (found.unlabelled, len(found.dataset), found.split.rows) == (60, 240, 240)

    def keys(data: Dataset, rows: np.ndarray) -> list[str]:
        return [data.examples[int(i)].key for i in rows]

    labelled = {example.key for example in found.dataset.examples}
    wanted = [key for key in keys(whole, split.development) if key in labelled]
    assert keys(found.dataset, found.split.development) == wanted
    wanted = [key for key in keys(whole, split.holdout) if key in labelled]
    assert keys(found.dataset, found.split.holdout) == wanted
    assert len(found.split.holdout_clean) == len(found.split.holdout_alike) == len(wanted)

    # Every row stands in the fold, and in the group, that it stands in for the first column.
    first = {
        key: (fold.tolist(), group)
        for key, fold, group in zip(
            keys(whole, split.development),
            split.folds.assignment.T,
            split.groups.tolist(),
            strict=True,
        )
    }
    own = keys(found.dataset, found.split.development)
    groups: dict[int, int] = {}
    for key, fold, group in zip(
        own, found.split.folds.assignment.T, found.split.groups.tolist(), strict=True
    ):
        assert fold.tolist() == first[key][0]
        assert groups.setdefault(first[key][1], group) == group
    assert len(set(groups.values())) == len(groups)


def test_labels_rows_and_metric_are_the_columns_own(tmp_path: Path) -> None:
    mostly = ["north"] * 260 + ["south"] * 40
    random.Random(3).shuffle(mostly)
    whole = dataset(tmp_path, mostly)
    split = audit(whole, None, BRIEF)
    found = further_column(whole, None, split, "area", BRIEF)
    assert (split.metric, found.split.metric) == ("accuracy", "macro_f1")
    assert found.dataset.labels == ("north", "south")
    assert found.dataset.label_column == "area"
    assert found.split.class_counts == {"north": 260, "south": 40}
    assert found.dataset.sha256 != whole.sha256
    named = Brief("t", DataSource("t.csv"), requirement=Requirement(metric="accuracy"))
    assert further_column(whole, None, split, "area", named).split.metric == "accuracy"


def test_a_label_that_is_only_held_out_was_never_trained_on(tmp_path: Path) -> None:
    whole = dataset(tmp_path, areas(300, 0))
    split = audit(whole, None, BRIEF)
    values = areas(300, 0)
    values[int(split.holdout[0])] = "moon"
    whole = dataset(tmp_path, values, "u.csv")
    found = further_column(whole, None, split, "area", BRIEF)
    assert "moon" not in found.dataset.labels
    held = [found.dataset.examples[int(i)].label for i in found.split.holdout]
    assert "moon" in held
    assert (found.dataset.codes()[found.split.development] >= 0).all()


def test_a_hold_out_file_keeps_its_labelled_rows(tmp_path: Path) -> None:
    whole = dataset(tmp_path, areas(160, 0))
    held = dataset(tmp_path, areas(90, 30, seed=5), "h.csv")
    split = audit(whole, held, BRIEF)
    found = further_column(whole, held, split, "area", BRIEF)
    assert found.holdout is not None
    assert found.split.holdout_kind == "file"
    assert len(found.split.holdout) == len(found.holdout) == 60
    assert found.unlabelled == 30

    bare = dataset(tmp_path, [""] * 90, "b.csv")
    split = audit(whole, bare, BRIEF)
    found = further_column(whole, bare, split, "area", BRIEF)
    assert (found.split.holdout_kind, len(found.split.holdout)) == ("none", 0)


def test_too_few_labels_for_the_folds_are_an_error(tmp_path: Path) -> None:
    few = [""] * 290 + ["north"] * 8 + ["south"] * 2
    whole = dataset(tmp_path, few)
    split = audit(whole, None, BRIEF)
    with pytest.raises(DataError, match="too few for the 5 folds") as error:
        further_column(whole, None, split, "area", BRIEF)
    assert "column 'area'" in str(error.value)
    assert "--also" in str(error.value.tip)


def test_a_column_that_is_not_there_is_named(tmp_path: Path) -> None:
    whole = dataset(tmp_path, areas(60, 0))
    with pytest.raises(DataError, match="no other column 'aera'"):
        further_column(whole, None, audit(whole, None, BRIEF), "aera", BRIEF)


def test_costs_are_those_of_the_columns_own_labels(tmp_path: Path) -> None:
    """Also of a label that only the hold-out has, which is learned by nobody."""
    whole = dataset(tmp_path, areas(300, 0))
    held = dataset(tmp_path, ["north", "west"] * 20, "h.csv")
    brief = replace(
        BRIEF, mistake_costs={"south": 5.0, "west": 2.0}, false_alarm_costs={"east": 1.0}
    )
    found = further_column(whole, held, audit(whole, held, BRIEF), "area", brief)
    assert found.dataset.labels == ("east", "north", "south")
    assert found.costs is not None
    assert found.costs.tolist() == [[0.0, 1.0, 1.0], [2.0, 0.0, 1.0], [6.0, 5.0, 0.0]]
    assert found.split.metric == "cost"
    shares = np.bincount(found.dataset.codes()) / 300
    expected = 0.01 * min(shares @ found.costs)
    defaulted = replace(brief, defaulted=("requirement.margin",))
    again = further_column(whole, held, audit(whole, held, BRIEF), "area", defaulted)
    assert again.split.margin == pytest.approx(expected)
    every = column_costs(whole, held, "area", brief)
    assert every is not None
    assert every.shape == (4, 4)
    strange = replace(BRIEF, mistake_costs={"nroth": 1.0})
    with pytest.raises(DataError, match="nroth") as caught:
        column_costs(whole, held, "area", strange)
    assert "[columns.area]" in str(caught.value)
    assert "east, north, south, west" in str(caught.value)
    assert further_column(whole, held, audit(whole, held, BRIEF), "area", BRIEF).costs is None
