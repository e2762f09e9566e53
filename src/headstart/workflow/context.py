"""By what the hold-out errors are looked at: parts of development rows, or of inputs alone."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from headstart.audit import doubts_nearby, input_findings, parse_time, rank_labels
from headstart.evaluate import (
    Context,
    Known,
    Mark,
    Neighbours,
    OpenedHoldout,
    find_parts,
    time_marks,
)
from headstart.package import value_key
from headstart.types.brief import Brief
from headstart.types.data import AuditReport
from headstart.workflow.arms import Rows
from headstart.workflow.candidates import Candidate
from headstart.workflow.checks import tokenizer_of
from headstart.workflow.sources import Sources

ALIKE = "rows with a near-duplicate in the hold-out"


def context_of(
    brief: Brief,
    sources: Sources,
    split: AuditReport,
    rows: Rows,
    eyes: Candidate,
    wrong: NDArray[np.bool_],
    out_of_fold: NDArray[np.floating],
) -> Context:
    """Parts by columns, size and clusters; by time, audit findings and doubt about labels nearby.

    No label of the hold-out takes part in any of them.

    Args:
        eyes: the network by which errors are seen.
        wrong: whether the out-of-fold answer of each development row is wrong (n,).
        out_of_fold: its probabilities (n, classes).
    """
    data, time = sources.dataset, brief.data.time_column
    examples = [data.examples[int(i)] for i in split.development]
    seen = eyes.features(eyes.encoder, rows.values, rows.keys, []).matrix
    single = rows.separator is None

    def features(values: Sequence[str]) -> NDArray[np.floating]:
        keys = [value_key(rows.modality, value) for value in values]
        return eyes.features(eyes.encoder, values, keys, []).matrix

    def marks(
        opened: OpenedHoldout, kept: NDArray[np.int64], found: NDArray[np.floating] | None
    ) -> list[Mark]:
        values = [opened.values[i] for i in kept]
        findings = input_findings(
            values,
            rows.modality,
            training=rows.values,
            tokenize=tokenizer_of(eyes.encoder),
            max_tokens=eyes.card.max_tokens,
        )
        if split.holdout_alike is not None:
            findings[ALIKE] = split.holdout_alike[kept]
        made = [Mark(name, "finding", own) for name, own in findings.items()]
        if found is not None and single:
            flagged = rank_labels(rows.codes, out_of_fold, seen, groups=split.groups).flagged
            doubts = doubts_nearby(found, seen, rows.codes, flagged)
            made += [Mark(name, "doubt", own) for name, own in doubts.items()]
        if time is not None:
            texts = [opened.metadata[i].get(time, "").strip() for i in kept]
            made += time_marks(time, texts, np.array([_moment(text) for text in texts]))
        return made

    # Of the time there are thirds of the hold-out's own.
    metadata = [{k: v for k, v in example.metadata if k != time} for example in examples]
    known = Known(rows.modality, rows.values, metadata, seen)
    if single:
        parts = find_parts(known, wrong, rows.labels, rows.codes, brief.seed)
        return Context(parts, Neighbours(seen, rows.codes), features, marks)
    sets, codes = np.unique(rows.codes, axis=0, return_inverse=True)
    names = [(rows.separator or "").join(np.array(rows.labels)[one == 1]) for one in sets]
    parts = find_parts(known, wrong, names, codes.reshape(-1), brief.seed)
    return Context(parts, None, features, marks)


def _moment(text: str) -> float:
    """Seconds since 1970; NaN for what is no time, as in a hold-out of the user's own."""
    try:
        return parse_time(text)
    except (ValueError, OverflowError):
        return np.nan
