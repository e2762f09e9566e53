"""Quality and confidence as the input gets worse."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from headstart.data import text_key
from headstart.metrics import log_loss
from headstart.stats import newcombe_paired, wilson
from headstart.types.brief import ModalityName
from headstart.types.result import NotAvailable, StressReport, StressRow

ROWS = {"text": 200, "image": 100}
"""Hold-out rows that are changed, each in every way."""
FEWEST = 20

Predict = Callable[[Sequence[str]], NDArray[np.floating]]
Answer = Callable[[NDArray[np.floating]], NDArray[np.int64]]


def stress_report(
    y: NDArray[np.int64],
    values: Sequence[str],
    modality: ModalityName,
    predict: Predict,
    answer: Answer,
    *,
    confidence: float,
    seed: int,
) -> StressReport | NotAvailable:
    """The same rows changed in every way of their modality, answered by the bundle itself.

    The change of accuracy is paired, with Newcombe's interval. Nothing is chosen by it.

    Args:
        y: codes of the rows that decide (n,).
        predict: raw values to probabilities (n, classes), zero for classes never trained on.
        answer: those to codes (n,).
    """
    if len(y) < FEWEST:
        return NotAvailable(f"{len(y)} rows are too few to change; {FEWEST} are needed")
    order = np.random.default_rng(seed).permutation(len(y))[: ROWS[modality]]
    rows = np.sort(order)
    codes, own = y[rows], [values[i] for i in rows]
    with tempfile.TemporaryDirectory(prefix="headstart-") as folder:
        before = predict(own)
        right = answer(before) == codes
        found = [_row("as they are", "", codes, before, right, right, confidence)]
        for kind, name, changed in _changes(own, modality, seed, Path(folder)):
            after = predict(changed)
            hit = answer(after) == codes
            found.append(_row(kind, name, codes, after, right, hit, confidence))
    return StressReport(tuple(found), len(rows))


def _changes(
    values: Sequence[str], modality: ModalityName, seed: int, folder: Path
) -> list[tuple[str, str, list[str]]]:
    """(kind, strength, changed values) of every way; images are files in the folder."""
    made = []
    if modality == "text":
        from headstart.modalities.text.perturb import STRESS as TEXTS

        for kind, (change, strengths) in TEXTS.items():
            for name, strength in strengths:
                changed = [change(one, _seed(one, seed), strength) for one in values]
                made.append((kind, name, changed))
        return made
    from headstart.modalities.image.perturb import STRESS as PICTURES
    from headstart.modalities.image.perturb import changed_file

    for number, (kind, (turn, strengths)) in enumerate(PICTURES.items()):
        for place, (name, strength) in enumerate(strengths):
            paths = []
            for i, one in enumerate(values):
                path = folder / f"{number}-{place}-{i}.png"
                path.write_bytes(changed_file(one, turn, _seed(one, seed), strength))
                paths.append(str(path))
            made.append((kind, name, paths))
    return made


def _seed(value: str, seed: int) -> int:
    """Of a row, by its text or path: its place among the others changes nothing."""
    return seed + int(text_key(value)[:8], 16)


def _row(
    kind: str,
    name: str,
    codes: NDArray[np.int64],
    proba: NDArray[np.floating],
    before: NDArray[np.bool_],
    after: NDArray[np.bool_],
    confidence: float,
) -> StressRow:
    n = len(codes)
    low, high = newcombe_paired(
        int((after & before).sum()),
        int((after & ~before).sum()),
        int((~after & before).sum()),
        int((~after & ~before).sum()),
        confidence,
    )
    return StressRow(
        kind=kind,
        strength=name,
        accuracy=wilson(int(after.sum()), n, confidence),
        change=float(after.mean() - before.mean()),
        low=low,
        high=high,
        stated=float(proba.max(axis=1).mean()),
        log_loss=log_loss(codes, proba),
    )
