"""What is written is read back equal."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headstart.brief import infer_brief, read_brief, write_toml
from headstart.brief.writing import brief_text
from headstart.types.brief import Brief, Budget, DataSource, Requirement
from headstart.types.errors import PilotError

words = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=30)


@settings(max_examples=60, deadline=None)
@given(
    words, words, st.dictionaries(words, words, max_size=3), st.floats(0, 0.5), st.integers(2, 20)
)
def test_round_trip(
    name: str, column: str, definitions: dict[str, str], margin: float, folds: int
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder).resolve() / "data.csv"
        data.write_text("a,b\n")
        said = {"task.name", "data.label", "requirement.margin", "trial.folds", "budget.minutes"}
        blank = infer_brief(data)
        brief = Brief(
            name=name,
            data=DataSource(str(data), label_column=column, definitions=definitions),
            requirement=Requirement(margin=margin),
            budget=Budget(minutes=2.5),
            folds=folds,
            defaulted=tuple(
                field
                for field in blank.defaulted
                if field not in said and not (field == "labels" and definitions)
            ),
        )
        write_toml(brief, Path(folder) / "headstart.toml")
        assert read_brief(Path(folder)) == brief


def test_every_field_stands_in_the_file_with_its_meaning(tmp_path: Path) -> None:
    (tmp_path / "data.csv").write_text("a,b\n")
    text = brief_text(infer_brief(tmp_path / "data.csv"), "pilot")
    for field in ("carry_over", "metric", "level", "latency_ms", "failure_cost", "backbones"):
        assert f"# {field} =" in text
    assert "headstart run pilot" in text


def test_a_failing_write_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "data.csv").write_text("a,b\n")
    target = tmp_path / "headstart.toml"
    target.mkdir()
    with pytest.raises(PilotError, match="cannot be written"):
        write_toml(infer_brief(tmp_path / "data.csv"), target)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["data.csv", "headstart.toml"]
