"""Easy, ambiguous and hard rows. The hard ones are kept, and shown."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from headstart.audit.exhibits import count, exhibits_of, places_of, share
from headstart.ports import AuditInputs
from headstart.types.data import Finding

EASY, HARD = 0.75, 0.25


class Hardness:
    """Rows by the probability that models which have not seen them give their label.

    The confidence axis of dataset cartography (Swayamdipta et al. 2020), over folds instead of
    epochs.
    """

    name = "hardness"
    needs = ("probabilities",)

    def __call__(self, inputs: AuditInputs) -> Iterable[Finding]:
        assert inputs.probabilities is not None
        n = len(inputs.dataset)
        own = inputs.probabilities[np.arange(n), inputs.dataset.codes()]
        hard = np.flatnonzero(own <= HARD)
        if not len(hard):
            return
        hard = hard[np.argsort(own[hard], kind="stable")]
        easy = int((own >= EASY).sum())
        notes = [f"probability of its label {own[row]:.2f}" for row in hard[:10]]
        yield Finding(
            check=self.name,
            severity=0.05,
            title=f"{count(len(hard), 'hard row')}, {n - easy - len(hard):,} ambiguous, "
            f"{easy:,} easy",
            detail=f"{share(len(hard), n)} of the rows are given their own label with a "
            f"probability of at most {HARD:.0%} by models that have not seen them. They are kept: "
            "they are label errors, or the cases that the product will be judged by.",
            rows=places_of(inputs.dataset, hard),
            advice="Read the hardest below; where the label is right, collect more like it.",
            method="out-of-fold probability of the given label",
            exhibits=exhibits_of(inputs.dataset, hard, notes),
            numbers={"hard": len(hard), "ambiguous": n - easy - len(hard), "easy": easy},
        )
