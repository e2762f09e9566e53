"""The same data set with other rows or labels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from headstart.data.keys import dataset_key
from headstart.types.data import Dataset, Example


def with_examples(dataset: Dataset, examples: Sequence[Example], **changes: Any) -> Dataset:
    """The data set with these examples, and the labels and the hash that follow from them.

    changes: further fields; `labels` where others than those of the examples are meant.
    """
    found = {
        "labels": tuple(sorted({one.label for one in examples})),
        "sha256": dataset_key((one.key, one.label) for one in examples),
        **changes,
    }
    return replace(dataset, examples=tuple(examples), **found)
