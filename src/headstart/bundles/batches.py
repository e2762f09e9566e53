"""Batches of model inputs from raw values, with the rows that could not be read."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from headstart.modalities import validate_text
from headstart.ports import Preprocessor
from headstart.types.errors import HeadstartError

WINDOW = 1024
"""Texts preprocessed before the first of them is run, so that rows of equal length can meet."""
TOKENS = 512
"""Tokens in a batch of texts: larger ones are no faster on a CPU."""
TEXTS = 64
"""Texts in a batch where the model does not read tokens."""
IMAGES = 4
"""Images in a batch: larger ones leave the processor's cache."""
AHEAD = 4 * IMAGES
"""Images decoded before the model asks for them."""
DECODERS = min(4, os.cpu_count() or 1)

MASK = "attention_mask"

Row = tuple[int, str]
Inputs = dict[str, NDArray[Any]]


@dataclass(frozen=True, slots=True)
class Batch:
    """Model inputs for `rows` (indices into the values), and the reason for each other row."""

    rows: list[int]
    inputs: Inputs
    errors: dict[int, str] = field(default_factory=dict)


def text_batches(values: Sequence[Row], preprocessor: Preprocessor) -> Iterator[Batch]:
    """Batches of texts, the longest first; texts of the same number of tokens are run together.

    So nothing is padded, and what is computed for a row does not depend on the rows beside it.
    """
    usable, errors = [], {}
    for row, text in values:
        reason = validate_text(text) or _undecodable(text)
        if reason is None:
            usable.append((row, text))
        else:
            errors[row] = reason
    if errors:
        yield Batch([], {}, errors)
    usable.sort(key=lambda item: (-len(item[1]), item[0]))
    step = WINDOW if preprocessor.spec.get("kind") == "tokens" else TEXTS
    for start in range(0, len(usable), step):
        part = usable[start : start + step]
        rows = [row for row, _ in part]
        inputs = preprocessor([text for _, text in part])
        if MASK in inputs and len(part) > 1:
            yield from _by_length(rows, inputs)
        else:
            yield Batch(rows, inputs)


def _undecodable(text: str) -> str | None:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return "the text holds half a surrogate pair, which is no character"
    return None


def _by_length(rows: list[int], inputs: Inputs) -> Iterator[Batch]:
    """Padded rows, taken apart by their number of tokens."""
    kept = inputs[MASK] != 0
    lengths = kept.sum(axis=1)
    if not lengths.all():
        yield Batch(rows, inputs)
        return
    for length in np.unique(lengths)[::-1].tolist():
        same = np.flatnonzero(lengths == length)
        size = max(TOKENS // length, 1)
        for start in range(0, len(same), size):
            part = same[start : start + size]
            cut = {
                name: array[part][kept[part]].reshape(len(part), length)
                for name, array in inputs.items()
            }
            yield Batch([rows[i] for i in part], cut)


def image_batches(values: Sequence[Row], preprocessor: Preprocessor) -> Iterator[Batch]:
    """Batches of images in order, decoded by a few threads and never far ahead of the model."""
    if len(values) == 1:
        yield _collect([(values[0][0], _read(preprocessor, values[0][1]))])
        return
    ahead: deque[tuple[int, Future[Inputs | str]]] = deque()
    with ThreadPoolExecutor(DECODERS, thread_name_prefix="headstart-decode") as pool:
        todo = iter(values)
        try:
            while True:
                while len(ahead) < AHEAD and (item := next(todo, None)) is not None:
                    ahead.append((item[0], pool.submit(_read, preprocessor, item[1])))
                if not ahead:
                    return
                part = [ahead.popleft() for _ in range(min(IMAGES, len(ahead)))]
                yield _collect([(row, future.result()) for row, future in part])
        finally:
            for _, future in ahead:
                future.cancel()


def _read(preprocessor: Preprocessor, path: str) -> Inputs | str:
    """Model inputs of one image, or why it cannot be read."""
    try:
        return preprocessor([path])
    except HeadstartError as error:
        return error.message
    except MemoryError:
        return "the image does not fit into this machine's memory"
    except OSError as error:
        return f"the file cannot be read ({error.strerror or error})"


def _collect(parts: Sequence[tuple[int, Inputs | str]]) -> Batch:
    good = [(row, part) for row, part in parts if not isinstance(part, str)]
    errors = {row: part for row, part in parts if isinstance(part, str)}
    names = good[0][1] if good else ()
    inputs = {name: np.concatenate([part[name] for _, part in good]) for name in names}
    return Batch([row for row, _ in good], inputs, errors)
