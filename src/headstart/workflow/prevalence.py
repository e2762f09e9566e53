"""How common each label is in use: the brief's shares on the labels of the data."""

from __future__ import annotations

from headstart.types.brief import Brief
from headstart.workflow.costs import check_names
from headstart.workflow.sources import Sources


def check_prevalence(brief: Brief, sources: Sources) -> None:
    """See that the shares belong to the labels, before any work.

    Raises:
        DataError: a label of the rows has no share, or a share is named for a label that no row
            has.
    """
    if brief.data.prevalence:
        check_names(
            brief.data.prevalence,
            sources.dataset.single_labels,
            said=("the shares lack", "a share is named for"),
            place="[prevalence] in the brief",
            tip="name the share of each of these labels",
        )
