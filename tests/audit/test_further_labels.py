"""Several label columns, and rows with several labels."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from headstart.audit.checks.coverage import Coverage
from headstart.audit.checks.further_labels import FurtherLabels
from headstart.audit.columns import label_values
from headstart.cli import main
from headstart.data import load_dataset
from headstart.ports import AuditInputs
from headstart.types.data import Dataset, Example, Finding, Place
from headstart.types.errors import DataError

AREAS = ("cards", "cash", "loans")
URGENCY = ("low", "high")


def world(n: int = 300, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Features in which area and urgency are both plain to see, (n, 12), (n,), (n,)."""
    random = np.random.default_rng(seed)
    area, urgency = random.integers(3, size=n), random.integers(2, size=n)
    features = random.normal(size=(n, 12)).astype(np.float32)
    features[np.arange(n), area] += 5
    features[:, 6] += 5 * urgency
    return features, area, urgency


def dataset(labels: list[str], separator: str | None = None, **columns: list[str]) -> Dataset:
    rows = tuple(
        Example(
            str(i),
            f"message {i}",
            label,
            Place("t.csv", i + 1),
            tuple((name, values[i]) for name, values in columns.items()),
        )
        for i, label in enumerate(labels)
    )
    return Dataset("text", rows, tuple(sorted(set(labels))), "t.csv", "0" * 64, separator=separator)


def findings(data: Dataset, features: np.ndarray, also: tuple[str, ...] = ()) -> list[Finding]:
    return list(FurtherLabels()(AuditInputs(data, features=features, also=also)))


def test_wrong_labels_of_another_column_are_found() -> None:
    features, area, urgency = world()
    said = [URGENCY[u] for u in urgency]
    wrong = list(range(0, 300, 25))
    for row in wrong:
        said[row] = URGENCY[1 - urgency[row]]
    (found,) = findings(dataset([AREAS[a] for a in area], urgency=said), features, ("urgency",))
    assert found.title.startswith("Column 'urgency': ")
    assert "probably wrong" in found.title
    rows = {place.row for place in found.rows}
    assert len(rows & {row + 1 for row in wrong}) >= 11
    assert len(rows) <= 14


def test_nothing_is_said_of_sound_columns() -> None:
    features, area, urgency = world()
    sound = dataset([AREAS[a] for a in area], urgency=[URGENCY[u] for u in urgency])
    assert findings(sound, features, ("urgency",)) == []
    assert findings(sound, features) == []


def test_rows_without_a_label_in_the_other_column_are_passed_over() -> None:
    features, area, urgency = world()
    said = [URGENCY[u] if i % 3 else "" for i, u in enumerate(urgency)]
    assert findings(dataset([AREAS[a] for a in area], urgency=said), features, ("urgency",)) == []


def test_a_label_that_decides_another_column_and_rows_at_odds_with_it() -> None:
    features, area, _ = world()
    team = [("blue", "green", "green")[a] for a in area]
    odd = [row for row in range(300) if area[row] == 0][:2]
    for row in odd:
        team[row] = "green"
    found = findings(dataset([AREAS[a] for a in area], team=team), features, ("team",))
    (against,) = [one for one in found if "at odds" in one.title]
    assert [place.row for place in against.rows] == [row + 1 for row in odd]
    assert against.exhibits[0].note == "team: green; usual: blue"


def test_labels_of_sets_are_judged_one_by_one() -> None:
    features, area, urgency = world(400)
    sets = [{AREAS[a]} | ({"urgent"} if u else set()) for a, u in zip(area, urgency, strict=True)]
    missing = [row for row in range(400) if urgency[row]][:8]
    surplus = [row for row in range(400) if not urgency[row]][:8]
    for row in missing:
        sets[row].discard("urgent")
    for row in surplus:
        sets[row].add("urgent")
    data = dataset(["|".join(sorted(one)) for one in sets], separator="|")
    (found,) = findings(data, features)
    planted = {(row + 1, "missing: urgent") for row in missing}
    planted |= {(row + 1, "superfluous: urgent") for row in surplus}
    shown = {(one.places[0].row, one.note) for one in found.exhibits}
    assert shown <= planted
    rows = {place.row for place in found.rows}
    assert len(rows & {row for row, _ in planted}) >= 15
    assert len(rows) <= 18


def test_labels_too_rare_to_judge_are_named() -> None:
    features, area, _ = world()
    labels = [AREAS[a] for a in area]
    labels[0] += "|odd"
    found = findings(dataset(labels, separator="|"), features)
    assert ["odd" in one.detail for one in found] == [True]


def test_coverage_counts_single_labels() -> None:
    labels = ["a"] * 25 + ["a|b"] * 25 + ["b|c"] * 3
    (found,) = Coverage()(AuditInputs(dataset(labels, separator="|")))
    assert found.numbers["classes"] == 1
    assert "'c' (3)" in found.detail


def test_a_label_column_must_be_there_and_hold_two_labels() -> None:
    data = dataset(["a", "b"], urgency=["low", "low"])
    with pytest.raises(DataError, match="did you mean 'urgency'"):
        label_values(data, "urgncy")
    with pytest.raises(DataError, match="fewer than two labels"):
        label_values(data, "urgency")


def tickets(folder: Path) -> Path:
    random = np.random.default_rng(0)
    words = {"cards": "visa plastic", "cash": "coins notes", "loans": "credit rates"}
    lines = ["text,labels,urgency"]
    for i in range(90):
        chosen = sorted(random.choice(AREAS, size=1 + i % 2, replace=False).tolist())
        body = " ".join(words[name] for name in chosen)
        urgent = "now" if i % 3 == 0 else "some day"
        label = " ; ".join(reversed(chosen)) if i % 5 else ";".join(chosen)
        lines.append(f"{body} {urgent} {i},{label},{'high' if i % 3 == 0 else 'low'}")
    path = folder / "tickets.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_sets_are_read_sorted_and_trimmed(tmp_path: Path) -> None:
    data = load_dataset(tickets(tmp_path), label_column="labels", separator=";")
    assert set(data.labels) <= {
        "cards", "cash", "loans", "cards;cash", "cards;loans", "cash;loans"
    }  # fmt: skip
    assert max(map(len, data.sets)) == 2
    again = replace(data, separator=None)
    assert again.sets[0] == (data.examples[0].label,)


def test_a_separator_that_is_nowhere(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"no label holds the separator '\|'"):
        load_dataset(tickets(tmp_path), label_column="labels", separator="|")


def test_the_command_looks_at_sets_and_further_columns_and_run_refuses_both_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HEADSTART_CACHE", str(tmp_path / "cache"))
    data, pilot = tickets(tmp_path), tmp_path / "pilot"
    with data.open("a", encoding="utf-8") as stream:
        stream.write("a visa full of coins,cards;odd,low\n")
    said = [str(data), "--label", "labels", "--separator", ";", "--also", "urgency"]
    assert main(["run", *said, "--out", str(pilot)]) == 2
    assert "--also is for rows with one label each" in capsys.readouterr().err
    assert not pilot.exists()
    assert main(["audit", *said, "--out", str(pilot), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert "no arm has answered the rows" in json.dumps(found)
    ours = [one for one in found["findings"] if one["check"] == "further-labels"]
    assert any("each of: odd" in one["detail"] for one in ours)
