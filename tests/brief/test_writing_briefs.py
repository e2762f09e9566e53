"""What is written is read back equal."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headstart.brief import infer_brief, read_brief, write_toml
from headstart.brief.form import TABLES
from headstart.brief.writing import brief_text
from headstart.types.brief import Brief, Budget, ColumnCosts, DataSource, Requirement, said_as
from headstart.types.errors import BriefError, PilotError
from headstart.types.ledger import flatten

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


@settings(max_examples=30, deadline=None)
@given(words, st.dictionaries(words, st.floats(0, 1e6), max_size=3))
def test_costs_of_columns_round_trip(column: str, costs: dict[str, float]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder).resolve() / "data.csv"
        data.write_text("a,b\n")
        blank = infer_brief(data, also=(column,))
        own = ColumnCosts(costs, costs, dict.fromkeys(costs, costs))
        defaulted = tuple(name for name in blank.defaulted if name != "columns")
        brief = replace(blank, column_costs={column: own}, defaulted=defaulted)
        write_toml(brief, Path(folder) / "headstart.toml")
        assert read_brief(Path(folder)) == brief


def test_every_field_stands_in_the_file_with_its_meaning(tmp_path: Path) -> None:
    (tmp_path / "data.csv").write_text("a,b\n")
    text = brief_text(infer_brief(tmp_path / "data.csv"), "pilot")
    for field in ("carry_over", "metric", "level", "latency_ms", "failure_cost", "backbones"):
        assert f"# {field} =" in text
    assert "headstart run pilot" in text


def test_every_field_has_its_name_in_the_file(tmp_path: Path) -> None:
    """What the memo calls a field is what the file calls it, so that it is known who set it."""
    (tmp_path / "data.csv").write_text("a,b\n")
    brief = infer_brief(tmp_path / "data.csv")
    named = {
        said_as(pointer.removeprefix("/").replace("/", ".")) for pointer, _ in flatten(brief, "")
    } - {"defaulted"}
    tables = {"labels", "prevalence", "columns"}
    fields = {f"{table}.{key}" for table, form in TABLES.items() for key in form.model_fields}
    assert named == fields | tables
    assert set(brief.defaulted) == named - {"data.path"}
    text = brief_text(replace(brief, folds=7, defaulted=()), "pilot")
    assert "\nfolds = 7\n" in text


def test_a_failing_write_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "data.csv").write_text("a,b\n")
    target = tmp_path / "headstart.toml"
    target.mkdir()
    with pytest.raises(PilotError, match="cannot be written"):
        write_toml(infer_brief(tmp_path / "data.csv"), target)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["data.csv", "headstart.toml"]


def test_costs_limits_and_the_matrix_are_read_back_equal(tmp_path: Path) -> None:
    data = tmp_path / "data.csv"
    data.write_text("a,b\n")
    said = {"requirement.max_error", "requirement.certainty", "mistakes.review", "labels"}
    said |= {"mistakes.costs", "mistakes.matrix"}
    brief = Brief(
        name="fraud",
        data=DataSource(str(data), definitions={"fraud": "stolen", 'a "b" = c': "else"}),
        requirement=Requirement(max_error=0.02, certainty=0.9),
        mistake_costs={"fraud": 50.0},
        cost_matrix={"fraud": {'a "b" = c': 80.0, "fraud": 0.5}, 'a "b" = c': {"fraud": 2.0}},
        review_cost=1.5,
        defaulted=tuple(set(infer_brief(data).defaulted) - said),
    )
    write_toml(brief, tmp_path / "headstart.toml")
    found = read_brief(tmp_path)
    assert found.requirement == brief.requirement
    assert found.cost_matrix == brief.cost_matrix
    assert found.mistake_costs == brief.mistake_costs
    assert found.review_cost == 1.5


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("[mistakes.matrix]\nfraud = { card = -1.0 }", "matrix.fraud] card is negative"),
        ("[mistakes.matrix]\nfraut = { card = 1.0 }", "fraut is no label"),
        ("[mistakes.matrix]\nfraud = { cart = 1.0 }", "did you mean 'card'"),
        ("[mistakes.costs]\ncart = 1.0", "cart is no label"),
        ("[requirement]\nmax_error = 1.5", "max_error"),
        ("[mistakes]\nreview = -2", "review"),
    ],
)
def test_costs_that_cannot_be_meant_are_named(tmp_path: Path, line: str, said: str) -> None:
    (tmp_path / "data.csv").write_text("a,b\n")
    (tmp_path / "headstart.toml").write_text(
        f'[task]\nname = "x"\n[data]\npath = "data.csv"\n'
        f'[labels]\nfraud = "stolen"\ncard = "lost"\n{line}\n'
    )
    with pytest.raises(BriefError) as found:
        read_brief(tmp_path)
    assert said in str(found.value)
