"""How common each label is in use: the brief's shares on the labels of the data."""

from __future__ import annotations

from headstart.types.brief import Brief
from headstart.types.errors import DataError
from headstart.workflow.costs import MOST, named
from headstart.workflow.sources import Sources


def check_prevalence(brief: Brief, sources: Sources) -> None:
    """See that the shares belong to the labels, before any work.

    Raises:
        DataError: a label of the rows has no share, or a share is named for a label that no row
            has.
    """
    shares, labels = brief.data.prevalence, sources.dataset.single_labels
    if not shares:
        return
    missing = [label for label in labels if label not in shares]
    strange = [label for label in shares if label not in labels]
    if missing or strange:
        lacks = f"the shares lack {named(missing)}" if missing else ""
        more = f"a share is named for {named(strange)}, which no row has" if strange else ""
        raise DataError(
            "; ".join(filter(None, (lacks, more))),
            place="[prevalence] in the brief",
            tip=f"name the share of each of these labels: {', '.join(labels[:MOST])}"
            + (" …" if len(labels) > MOST else ""),
        )
