"""What is asked of a further label column."""

from __future__ import annotations

from dataclasses import replace

from headstart.types.brief import Brief, DataSource, Requirement
from headstart.workflow.output import further_brief

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
