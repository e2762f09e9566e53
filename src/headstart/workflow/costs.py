"""What mistakes cost in this run: the brief's costs on the labels of the data."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np
from numpy.typing import NDArray

from headstart.audit import column_costs
from headstart.metrics import costs_named, set_costs_named
from headstart.types.brief import Brief
from headstart.types.errors import DataError
from headstart.workflow.further import further_brief
from headstart.workflow.sources import Sources

MOST = 20
"""Labels that an error lists."""


def costs_between(brief: Brief, sources: Sources) -> NDArray[np.float64] | None:
    """Cost of answering j for a case of i, between the labels of the data (labels, labels); where a
    row may have several labels, of missing each and of giving it wrongly (2, labels). None: the
    brief names none. A cost may also be named for a label that only the hold-out has.

    Raises:
        DataError: a cost is named for a label that no row has, or the order lacks a label or names
            one that no row has.
    """
    _check_order(brief, sources)
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
            tip=f"the labels of the data are: {', '.join(sorted(every)[:MOST])}"
            + (" …" if len(every) > MOST else ""),
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


def _check_order(brief: Brief, sources: Sources) -> None:
    order = brief.data.order
    if not order:
        return
    parts = [sources.dataset] if sources.holdout is None else [sources.dataset, sources.holdout]
    labels = sorted({label for part in parts for label in part.single_labels})
    check_names(
        order,
        labels,
        said=("the order of the labels lacks", "the order names"),
        place="[data] order in the brief (--order)",
        tip="name each of these labels once, the lowest first",
    )


def check_names(
    names: Collection[str],
    labels: Sequence[str],
    *,
    said: tuple[str, str],
    place: str,
    tip: str,
) -> None:
    """See that the brief names the labels of the rows, each and no other.

    said: the words before labels that are not named, and before those that no row has.

    Raises:
        DataError: they differ.
    """
    missing = [label for label in labels if label not in names]
    strange = [label for label in names if label not in labels]
    if missing or strange:
        found = f"{said[0]} {_quoted(missing)}" if missing else ""
        more = f"{said[1]} {_quoted(strange)}, which no row has" if strange else ""
        raise DataError(
            "; ".join(filter(None, (found, more))),
            place=place,
            tip=f"{tip}: {', '.join(labels[:MOST])}" + (" …" if len(labels) > MOST else ""),
        )


def _quoted(labels: list[str]) -> str:
    """Labels in quotation marks, of many the first ones."""
    shown = ", ".join(f"'{label}'" for label in labels[:MOST])
    return shown + (" …" if len(labels) > MOST else "")
