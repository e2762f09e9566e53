"""What is asked of a further label column."""

from __future__ import annotations

from dataclasses import replace

from headstart.types.brief import Brief, ColumnCosts, Requirement

MARGIN = "requirement.margin"


def further_brief(brief: Brief, name: str, metric: str) -> Brief:
    """What is asked of a further label column: the same, with the costs that are its own.

    metric: the first column's primary metric. Where that is the cost, its level is a cost too and
    no one else's; its margin is that of another column that has costs, in the same unit. A margin
    that is named for another metric is none in costs: a column that cost decides has its default.
    """
    required, defaulted = brief.requirement, brief.defaulted
    own = brief.column_costs.get(name, ColumnCosts())
    if metric == "cost":
        required = replace(required, metric=None, level=None)
    by_cost = own.named and required.metric is None and required.level is None
    if by_cost != (metric == "cost"):
        required = replace(required, margin=Requirement().margin)
        defaulted = tuple(dict.fromkeys((*defaulted, MARGIN))) if by_cost else defaulted
    return replace(
        brief,
        data=replace(
            brief.data,
            label_column=name,
            also=(),
            out_of_scope=None,
            order=(),
            current=None,
            prevalence={},
        ),
        requirement=required,
        mistake_costs=own.costs,
        false_alarm_costs=own.false_alarms,
        cost_matrix=own.matrix,
        column_costs={},
        review_cost=None,
        automated_value=0.0,
        defaulted=defaulted,
    )
