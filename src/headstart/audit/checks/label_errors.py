"""Labels that are probably wrong, contradict each other or cannot be told apart."""

from __future__ import annotations

from collections.abc import Iterable

from headstart.audit.labels import label_findings, rank_labels
from headstart.ports import AuditInputs
from headstart.types.data import Finding


class LabelErrors:
    """Out-of-fold answers and neighbours against the labels."""

    name = "labels"
    needs = ("probabilities",)

    def __call__(self, inputs: AuditInputs) -> Iterable[Finding]:
        assert inputs.probabilities is not None
        ranking = rank_labels(
            inputs.dataset.codes(), inputs.probabilities, inputs.features, groups=inputs.groups
        )
        return label_findings(
            inputs.dataset,
            ranking=ranking,
            probabilities=inputs.probabilities,
            copies=inputs.copies,
            definitions=inputs.definitions,
        )
