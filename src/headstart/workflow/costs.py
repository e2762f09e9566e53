"""What mistakes cost in this run: the brief's costs on the labels of the data."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from headstart.audit import column_costs
from headstart.metrics import costs_named, set_costs_named
from headstart.types.brief import Brief
from headstart.types.errors import DataError
from headstart.workflow.further import further_brief
from headstart.workflow.sources import Sources


def costs_between(brief: Brief, sources: Sources) -> NDArray[np.float64] | None:
    """Cost of answering j for a case of i, between the labels of the data (labels, labels); where a
    row may have several labels, of missing each and of giving it wrongly (2, labels). None: the
    brief names none. A cost may also be named for a label that only the hold-out has.

    Raises:
        DataError: a cost is named for a label that no row has.
    """
    several = sources.dataset.separator is not None
    labels = sources.dataset.single_labels
    others = () if sources.holdout is None else sources.holdout.single_labels
    every = [*labels, *sorted(set(others) - set(labels))]
    try:
        found = (set_costs_named if several else costs_named)(brief, every)
    except ValueError as error:
        raise DataError(
            str(error),
            place="[mistakes] in the brief",
            tip=f"the labels of the data are: {', '.join(sorted(every)[:20])}"
            + (" …" if len(every) > 20 else ""),
        ) from None
    if found is None:
        return None
    return found[:, : len(labels)] if several else found[: len(labels), : len(labels)]


def check_further_costs(brief: Brief, sources: Sources) -> None:
    """See that the costs of further label columns belong to their labels, before any work.

    Raises:
        DataError: a cost is named for a label that the column does not have.
    """
    for name in brief.column_costs:
        own = further_brief(brief, name, brief.requirement.metric or "")
        column_costs(sources.dataset, sources.holdout, name, own)
