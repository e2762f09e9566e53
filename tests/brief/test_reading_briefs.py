"""Every problem of a brief is named at once, before any work."""

from __future__ import annotations

from pathlib import Path

import pytest

from headstart.brief import infer_brief, read_brief
from headstart.types.errors import BriefError


@pytest.fixture
def pilot(tmp_path: Path) -> Path:
    (tmp_path / "data.csv").write_text("text,label\n")
    return tmp_path


def _problems(pilot: Path, content: str | bytes) -> str:
    raw = content.encode() if isinstance(content, str) else content
    (pilot / "headstart.toml").write_bytes(raw)
    with pytest.raises(BriefError) as caught:
        read_brief(pilot)
    assert "headstart.toml" in str(caught.value)
    return str(caught.value)


def test_a_short_brief_has_defaults_and_says_which(pilot: Path) -> None:
    (pilot / "headstart.toml").write_text('[data]\npath = "data.csv"\n[trial]\nseed = 0\n')
    brief = read_brief(pilot)
    assert brief.name == "data"
    assert brief.data.path == str((pilot / "data.csv").resolve())
    assert (brief.folds, brief.repeats, brief.seed) == (5, None, 0)
    assert "trial.folds" in brief.defaulted
    assert "trial.seed" not in brief.defaulted
    assert "data.path" not in brief.defaulted
    assert read_brief(pilot / "headstart.toml") == brief


def test_prediction_sets_are_for_rows_with_one_label(pilot: Path) -> None:
    said = _problems(
        pilot, '[data]\npath = "data.csv"\nseparator = ";"\n[requirement]\nsets = 0.9\n'
    )
    assert "[requirement] sets is 0.9, and [data] separator is ';'" in said
    assert "sets" in _problems(pilot, '[data]\npath = "data.csv"\n[requirement]\nsets = 90\n')


def test_all_problems_at_once(pilot: Path) -> None:
    said = _problems(
        pilot,
        """
        [data]
        path = "date.csv"
        labl = "x"
        [requirement]
        metric = "acuracy"
        confidence = 95
        [trial]
        folds = "5"
        [budgt]
        minutes = 1
        """,
    )
    assert "6 problems" in said
    assert "[data] labl is not known; did you mean 'label'?" in said
    assert "[requirement] metric is 'acuracy'; did you mean 'accuracy'?" in said
    assert "[requirement] confidence is 95; it must be less than or equal to 0.999" in said
    assert "[trial] folds is '5'; it must be a whole number" in said
    assert "[budgt] is not known; did you mean 'budget'?" in said
    assert str(pilot / "date.csv") in said


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "[data] is missing"),
        ("[data]\n", "[data] path is missing; it has no default"),
        ('[data]\npath = "data.csv\n', "line 2"),
        ('data = "data.csv"', "[data] is 'data.csv'; it must be a table"),
        (b'[data]\npath = "\xe9.csv"\n', "line 2 is not UTF-8"),
        ('[data]\npath = "data.csv"\n[requirement]\nlevel = 90.0', "90% is 0.9"),
        ('[data]\npath = "data.csv"\n[mistakes.costs]\na = -1.0', "a is negative"),
        ('[data]\npath = "data.csv"\n[mistakes.costs]\na = nan', "finite number"),
        (
            '[data]\npath = "data.csv"\nalso = ["area"]\n[columns.area.costs]\na = -1.0',
            "[columns.area.costs] a is negative",
        ),
        (
            '[data]\npath = "data.csv"\nalso = ["area"]\n[columns.aera.costs]\na = 1.0',
            "[columns.aera] names no further label column; did you mean 'area'?",
        ),
        (
            '[data]\npath = "data.csv"\n[columns.area.costs]\na = 1.0',
            "[columns.area] names no further label column; [data] also names none",
        ),
        (
            '[data]\npath = "data.csv"\nalso = ["area"]\n[columns.area.cost]\na = 1.0',
            "did you mean 'costs'?",
        ),
        ('[data]\npath = "data.csv"\n[trial]\nbackbones = "x"', "it must be a list"),
        ('[data]\npath = "data.csv"\n[budget]\nminutes = 0', "it must be greater than 0"),
    ],
)
def test_one_problem_with_its_place(pilot: Path, content: str | bytes, said: str) -> None:
    assert said in _problems(pilot, content)


def test_a_byte_order_mark_is_passed_over(pilot: Path) -> None:
    (pilot / "headstart.toml").write_bytes(b'\xef\xbb\xbf[data]\npath = "data.csv"\n')
    assert read_brief(pilot).name == "data"


def test_no_brief_names_the_command_that_writes_one(tmp_path: Path) -> None:
    with pytest.raises(BriefError, match="no brief here") as caught:
        read_brief(tmp_path)
    assert "headstart init" in str(caught.value)


def test_what_is_said_on_the_command_line(pilot: Path) -> None:
    brief = infer_brief(pilot / "data.csv", label_column="label", level=0.8, seed=3)
    assert brief.data.label_column == "label"
    assert brief.requirement.level == 0.8
    assert {"requirement.level", "trial.seed", "data.label"}.isdisjoint(brief.defaulted)
    assert "requirement.metric" in brief.defaulted
    with pytest.raises(BriefError, match="did you mean 'macro_f1'"):
        infer_brief(pilot / "data.csv", metric="macro-f1")
    with pytest.raises(BriefError, match=r"there is no file or folder .*dat\.csv"):
        infer_brief(pilot / "dat.csv")
