"""Whether the hold-out looks like the rows that are trained on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from headstart.audit.checks.ranking_curve import area_under_curve
from headstart.data import make_folds
from headstart.heads import fit_linear
from headstart.modalities import get_modality
from headstart.ports import AuditInputs
from headstart.types.data import Dataset, Finding
from headstart.types.result import NotAvailable

MOST = 1500
"""Rows of each side that are compared."""
FEWEST = 50
TELLING = 0.6
WORDS = 6


class Shift:
    """A classifier that tries to tell training rows from hold-out rows; labels take no part."""

    name = "shift"
    needs = ("features", "holdout", "holdout_features")

    def __call__(self, inputs: AuditInputs) -> Iterable[Finding] | NotAvailable:
        assert inputs.features is not None
        assert inputs.holdout is not None
        assert inputs.holdout_features is not None
        random = np.random.default_rng([inputs.seed, 5])
        chosen = [_some(random, len(m)) for m in (inputs.features, inputs.holdout_features)]
        if min(map(len, chosen)) < FEWEST:
            return NotAvailable(f"fewer than {FEWEST} rows on one side")
        matrix = np.concatenate([inputs.features[chosen[0]], inputs.holdout_features[chosen[1]]])
        side = np.repeat([0, 1], [len(rows) for rows in chosen]).astype(np.int64)
        score = _out_of_fold(matrix, side, inputs.seed)
        found = area_under_curve(score[side == 1], score[side == 0])
        if found.low is None or found.low < TELLING:
            return ()
        return (self._finding(found.low, found.value, chosen, inputs),)

    def _finding(
        self, low: float, value: float, chosen: Sequence[NDArray[np.int64]], inputs: AuditInputs
    ) -> Finding:
        looked = ""
        if inputs.dataset.modality == "text":
            assert inputs.holdout is not None
            looked = _words(inputs.dataset, inputs.holdout, chosen)
        return Finding(
            check=self.name,
            severity=round(min(0.8, 2 * (low - 0.5)), 3),
            title=f"The hold-out can be told from the training rows (AUC {value:.2f})",
            detail="A classifier on frozen features tells on which side a row stands more often "
            f"than chance would (AUC at least {low:.2f}, where 0.5 is chance).{looked}",
            advice="If production looks like the hold-out, this is the honest test; expect less "
            "than the cross-validated score. If it does not, draw another hold-out.",
            method="5-fold domain classifier, logistic regression; interval after Hanley and "
            "McNeil (1982)",
            numbers={"auc": value, "auc_low": low},
        )


def _some(random: np.random.Generator, n: int) -> NDArray[np.int64]:
    return np.sort(random.permutation(n)[:MOST]).astype(np.int64)


def _out_of_fold(
    matrix: NDArray[np.float32], side: NDArray[np.int64], seed: int
) -> NDArray[np.float64]:
    score = np.zeros(len(side))
    for train, test in make_folds(side, np.arange(len(side)), 5, 1, seed):
        head = fit_linear(matrix[train], side[train], 2, seed=seed, exact=False)
        score[test] = head.predict_proba(matrix[test])[:, 1]
    return score


def _words(dataset: Dataset, holdout: Dataset, chosen: Sequence[NDArray[np.int64]]) -> str:
    """The words by which a linear model tells the two sides apart."""
    text = get_modality("text")
    values = [dataset.examples[i].value for i in chosen[0]]
    values += [holdout.examples[i].value for i in chosen[1]]
    side = np.repeat([0, 1], [len(rows) for rows in chosen]).astype(np.int64)
    fitted = text.classical_fit(values)
    names = fitted.arrays["words"]
    matrix = text.classical_transform(fitted, values)[:, : len(names)]
    weight = matrix[side == 1].mean(axis=0) - matrix[side == 0].mean(axis=0)
    more = [str(names[i]) for i in np.argsort(-weight)[:WORDS]]
    fewer = [str(names[i]) for i in np.argsort(weight)[:WORDS]]
    return f" More frequent in the hold-out: {', '.join(more)}; rarer: {', '.join(fewer)}."
