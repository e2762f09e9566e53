"""What the checks find in inputs, said of any row: it takes no label, so it may be asked of rows
that are sealed."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from headstart.audit.checks.boilerplate import recurring, sentences_of
from headstart.audit.checks.input_length import shredded
from headstart.audit.checks.picture_quality import faults
from headstart.audit.checks.pictures import measure_pictures
from headstart.audit.near_duplicates.cosine import unit_rows
from headstart.audit.personal import find_personal
from headstart.types.brief import ModalityName

NEAREST = 5
AGREE = 4
"""Of the nearest training rows, as many must have one label, or they disagree."""

Rows = dict[str, NDArray[np.bool_]]


def input_findings(
    values: Sequence[str],
    modality: ModalityName,
    *,
    training: Sequence[str],
    tokenize: Callable[[Sequence[str]], list[list[str]]] | None = None,
    max_tokens: int | None = None,
) -> Rows:
    """Name of a finding -> which of the values have it (n,).

    Args:
        training: values of the development rows; what is boilerplate is found there.
        tokenize: the backbone's own tokens of each text, not truncated; None without a tokenizer.
        max_tokens: how many of them it reads.
    """
    if modality == "image":
        found = faults(measure_pictures(values))
        return {
            f"pictures that {fault}": np.isin(np.arange(len(values)), rows)
            for fault, rows in found.items()
        }
    common = recurring([sentences_of(text) for text in training])
    marked = {
        "texts with personal data": np.array([bool(find_personal(text)) for text in values]),
        "texts with boilerplate": np.array(
            [any(part in common for part in sentences_of(text)) for text in values]
        ),
    }
    if tokenize is not None:
        tokens = tokenize(values)
        marked["texts that the tokenizer shreds"] = shredded(values, tokens)
        if max_tokens is not None:
            cut = np.array([len(one) > max_tokens for one in tokens])
            marked[f"texts that are cut at {max_tokens} tokens"] = cut
    return marked


def doubts_nearby(
    features: NDArray[np.floating],
    training: NDArray[np.floating],
    codes: NDArray[np.int64],
    flagged: NDArray[np.int64],
) -> Rows:
    """The same of rows whose nearest training rows, by cosine, leave their label in doubt.

    Args:
        features: (n, width). training: (m, width), with labels `codes` (m,).
        flagged: training rows whose label is probably wrong (`LabelRanking.flagged`).
    """
    count = min(NEAREST, len(training))
    product = unit_rows(features.astype(np.float32)) @ unit_rows(training.astype(np.float32)).T
    nearest = np.argpartition(-product, count - 1, axis=1)[:, :count]
    votes = np.array([np.bincount(codes[own]).max() for own in nearest])
    return {
        "a nearest training label is probably wrong": np.asarray(
            np.isin(nearest, flagged).any(axis=1)
        ),
        "the nearest training labels disagree": np.asarray(votes < min(AGREE, count)),
    }
