"""What mistakes cost in this run: the brief's costs on the labels of the data."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from headstart.metrics import costs_named
from headstart.types.brief import Brief
from headstart.types.errors import DataError
from headstart.workflow.sources import Sources


def costs_between(brief: Brief, sources: Sources) -> NDArray[np.float64] | None:
    """Cost of answering j for a case of i, between the labels of the data (labels, labels); None
    where the brief names none, or a row may have several labels. A cost may also be named for a
    label that only the hold-out has.

    Raises:
        DataError: a cost is named for a label that no row has.
    """
    if sources.dataset.separator is not None:
        return None
    labels = sources.dataset.labels
    others = () if sources.holdout is None else sources.holdout.labels
    every = [*labels, *sorted(set(others) - set(labels))]
    try:
        found = costs_named(brief, every)
    except ValueError as error:
        raise DataError(
            str(error),
            place="[mistakes] in the brief",
            tip=f"the labels of the data are: {', '.join(sorted(every)[:20])}"
            + (" …" if len(every) > 20 else ""),
        ) from None
    return None if found is None else found[: len(labels), : len(labels)]
