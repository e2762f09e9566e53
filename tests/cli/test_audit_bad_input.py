"""Data that would fool or hang an audit, through the command itself."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from headstart.cli import main

NOUNS = {"card": ("visa", "plastic", "debit"), "cash": ("notes", "coins", "atm")}
DAYS = ("monday", "tuesday", "friday", "sunday", "noon", "night", "easter", "summer")
Audit = Callable[..., tuple[int, dict[str, Any], str]]


def table(path: Path, extra: str = "", value: Callable[[int], str] = lambda i: "") -> Path:
    """48 messages in two classes, with one more column."""
    lines = [f"text,label{',' + extra if extra else ''}"]
    for day in DAYS:
        for label, nouns in NOUNS.items():
            for verb, noun in zip(("where is", "i lost", "who took"), nouns, strict=True):
                more = f",{value(len(lines) - 1)}" if extra else ""
                lines.append(f"{verb} my {noun} since {day},{label}{more}")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


@pytest.fixture
def audit(
    tmp_path: Path,
    words: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Audit:
    monkeypatch.setenv("HEADSTART_CACHE", str(tmp_path / "cache"))

    def run(data: Path, *options: str) -> tuple[int, dict[str, Any], str]:
        out = ["--out", str(tmp_path / "pilot"), "--backbone", words, "--minutes", "0.1"]
        status = main(["audit", str(data), "--json", *out, *options])
        said = capsys.readouterr()
        return status, json.loads(said.out) if said.out else {}, " ".join(said.err.split())

    return run


def titles(found: dict[str, Any]) -> str:
    return "\n".join(one["title"] for one in found["findings"])


def test_two_hundred_thousand_rows_that_say_the_same(audit: Audit, tmp_path: Path) -> None:
    data = tmp_path / "t.csv"
    rows = "".join(f"where is my visa,{'ab'[i % 2]}\n" for i in range(200_000))
    data.write_text("text,label\n" + rows, encoding="utf-8")
    begin = time.monotonic()
    status, _, said = audit(data)
    assert status == 2
    assert "all 200000 rows have the same content" in said
    assert time.monotonic() - begin < 60


def test_every_row_its_own_class(audit: Audit, tmp_path: Path) -> None:
    data = tmp_path / "t.csv"
    lines = [f"where is my visa since {day},class {i}" for i, day in enumerate(DAYS * 3)]
    data.write_text("\n".join(["text,label", *lines]), encoding="utf-8")
    status, _, said = audit(data)
    assert status == 2
    assert "24 different labels" in said
    assert not (tmp_path / "pilot").exists()


def test_a_group_column_with_one_group(audit: Audit, tmp_path: Path) -> None:
    data = table(tmp_path / "t.csv", "shop", lambda i: "Rome")
    status, _, said = audit(data, "--group", "shop")
    assert status == 2
    assert "every row has the same 'shop', 'Rome'" in said
    assert not (tmp_path / "pilot").exists()


def test_times_in_several_zones_and_forms(audit: Audit, tmp_path: Path) -> None:
    forms = (
        "2026-03-{d:02d}T10:00:00+01:00",
        "2026-03-{d:02d}T10:00:00Z",
        "2026/03/{d:02d} 10:00",
        "{d:02d}.03.2026 10:00",
        "17725{d:05d}",
    )
    data = table(tmp_path / "t.csv", "at", lambda i: forms[i % 5].format(d=1 + i % 27))
    status, found, _ = audit(data, "--time", "at")
    assert status == 0
    assert found["rows"] == 48


def test_a_time_that_cannot_be_read_is_named_with_its_row(audit: Audit, tmp_path: Path) -> None:
    when = lambda i: "next week" if i == 6 else f"2026-03-{1 + i % 28:02d}"  # noqa: E731
    status, _, said = audit(table(tmp_path / "t.csv", "at", when), "--time", "at")
    assert status == 2
    assert "'next week' is no time that can be read" in said
    assert "row 7, column 'at'" in said


def test_a_holdout_with_labels_that_were_never_seen(audit: Audit, tmp_path: Path) -> None:
    held = tmp_path / "held.csv"
    held.write_text("text,label\nwhat is a fee,fees\nwhere is it,card\n", encoding="utf-8")
    status, found, _ = audit(table(tmp_path / "t.csv"), "--holdout", str(held))
    assert status == 0
    assert "1 hold-out labels are never seen in training" in titles(found)


def test_a_holdout_with_other_columns(audit: Audit, tmp_path: Path) -> None:
    held = tmp_path / "held.csv"
    held.write_text("message,intent\nwhere is it,card\n", encoding="utf-8")
    status, _, said = audit(table(tmp_path / "t.csv"), "--holdout", str(held))
    assert status == 2
    assert "held.csv" in said
    assert "'text'" in said
    assert not (tmp_path / "pilot").exists()
