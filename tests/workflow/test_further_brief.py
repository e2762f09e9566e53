"""What is asked of a further label column."""

from __future__ import annotations

from dataclasses import replace

from headstart.types.brief import Brief, ColumnCosts, DataSource, Requirement
from headstart.workflow.further import further_brief

BRIEF = Brief(
    "t",
    DataSource("t.csv", label_column="topic", also=("area",), out_of_scope="other"),
    requirement=Requirement(level=0.8, margin=0.02, max_error=0.05),
    review_cost=2.0,
    automated_value=1.0,
    mistake_costs={"card": 5.0},
)


def test_levels_and_limits_hold_for_every_column_and_costs_for_the_first() -> None:
    found = further_brief(BRIEF, "area", "accuracy")
    assert found.requirement == BRIEF.requirement
    assert (found.data.label_column, found.data.also) == ("area", ())
    assert found.data.out_of_scope is None
    assert not found.names_costs
    assert (found.review_cost, found.automated_value) == (None, 0.0)


def test_a_level_and_a_margin_in_costs_are_not_those_of_another_metric() -> None:
    required = Requirement(metric="cost", level=3.0, margin=0.5, max_error=0.05)
    found = further_brief(replace(BRIEF, requirement=required), "area", "cost")
    assert found.requirement == Requirement(max_error=0.05)


OWN = ColumnCosts({"north": 3.0}, {"south": 1.0}, {"north": {"south": 9.0}})


def test_a_column_has_the_costs_that_are_its_own() -> None:
    both = replace(BRIEF, column_costs={"area": OWN, "team": ColumnCosts()})
    found = further_brief(both, "area", "accuracy")
    assert (found.mistake_costs, found.false_alarm_costs) == ({"north": 3.0}, {"south": 1.0})
    assert found.cost_matrix == {"north": {"south": 9.0}}
    assert (found.column_costs, found.review_cost) == ({}, None)
    assert not further_brief(both, "team", "accuracy").names_costs
    # A level is required: it decides by its metric, and so does its margin.
    assert found.requirement == BRIEF.requirement


def test_a_margin_in_points_is_none_in_costs() -> None:
    asked = replace(
        BRIEF, requirement=Requirement(margin=0.02), column_costs={"area": OWN}, mistake_costs={}
    )
    found = further_brief(asked, "area", "accuracy")
    assert found.requirement.margin == Requirement().margin
    assert "requirement.margin" in found.defaulted
    # Both are decided by cost, in one unit: the margin that is named holds for both.
    paid = replace(asked, mistake_costs={"card": 5.0})
    assert further_brief(paid, "area", "cost").requirement.margin == 0.02
    # The metric is named, and it is not the cost.
    by_name = replace(asked, requirement=Requirement(metric="macro_f1", margin=0.02))
    assert further_brief(by_name, "area", "macro_f1").requirement.margin == 0.02
