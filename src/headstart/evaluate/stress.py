"""Quality and confidence as the input gets worse."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
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

Proba = NDArray[np.floating]
Predict = Callable[[Sequence[str]], Proba]


@dataclass(frozen=True, slots=True)
class Judged:
    """Which answers are right, and how sure each is (n,); the mean log loss."""

    right: NDArray[np.bool_]
    stated: NDArray[np.floating]
    log_loss: float


Judge = Callable[[NDArray[np.int64], Proba], Judged]
"""Of some of the rows that decide, by their numbers, and their probabilities."""


def ways(modality: ModalityName) -> int:
    """How often rows are answered by `stress_report`: as they are, and changed in every way.

    >>> ways("image")
    16
    """
    if modality == "text":
        from headstart.modalities.text.perturb import STRESS as TEXTS

        return 1 + sum(len(strengths) for _, strengths in TEXTS.values())
    from headstart.modalities.image.perturb import STRESS as PICTURES

    return 1 + sum(len(strengths) for _, strengths in PICTURES.values())


def judge_labels(y: NDArray[np.int64], answer: Callable[[Proba], NDArray[np.int64]]) -> Judge:
    """Of rows with one label each: y their codes (n,), answer from probabilities to codes."""

    def judge(rows: NDArray[np.int64], proba: Proba) -> Judged:
        given = answer(proba)
        stated = proba[np.arange(len(given)), given]
        return Judged(given == y[rows], stated, log_loss(y[rows], proba))

    return judge


def stress_report(
    values: Sequence[str],
    modality: ModalityName,
    predict: Predict,
    judge: Judge,
    *,
    confidence: float,
    seed: int,
) -> StressReport | NotAvailable:
    """The same rows changed in every way of their modality, answered by the bundle itself.

    The change of accuracy is paired, with Newcombe's interval. Nothing is chosen by it.

    Args:
        values: of the rows that decide (n,).
        predict: raw values to probabilities (n, classes), zero for classes never trained on.
        judge: what those are worth.
    """
    if len(values) < FEWEST:
        return NotAvailable(f"{len(values)} rows are too few to change; {FEWEST} are needed")
    order = np.random.default_rng(seed).permutation(len(values))[: ROWS[modality]]
    rows = np.sort(order)
    own = [values[i] for i in rows]
    with tempfile.TemporaryDirectory(prefix="headstart-") as folder:
        before = judge(rows, predict(own))
        found = [_row("as they are", "", before, before, confidence)]
        for kind, name, changed in _changes(own, modality, seed, Path(folder)):
            found.append(_row(kind, name, before, judge(rows, predict(changed)), confidence))
    return StressReport(tuple(found), len(rows))


def _changes(
    values: Sequence[str], modality: ModalityName, seed: int, folder: Path
) -> Iterator[tuple[str, str, list[str]]]:
    """(kind, strength, changed values) of every way; images are files in the folder, which the
    next way writes over."""
    if modality == "text":
        from headstart.modalities.text.perturb import STRESS as TEXTS

        for kind, (change, strengths) in TEXTS.items():
            for name, strength in strengths:
                changed = [change(one, _seed(one, seed), strength) for one in values]
                yield kind, name, changed
        return
    from headstart.modalities.image.perturb import STRESS as PICTURES
    from headstart.modalities.image.perturb import in_view, written

    pictures = [(in_view(one), _seed(one, seed)) for one in values]
    paths = [folder / f"{number}.png" for number in range(len(values))]
    for kind, (turn, strengths) in PICTURES.items():
        for name, strength in strengths:
            for path, (image, own) in zip(paths, pictures, strict=True):
                path.write_bytes(written(turn(image, own, strength)))
            yield kind, name, [str(path) for path in paths]


def _seed(value: str, seed: int) -> int:
    """Of a row, by its text or path: its place among the others changes nothing."""
    return seed + int(text_key(value)[:8], 16)


def _row(kind: str, name: str, was: Judged, now: Judged, confidence: float) -> StressRow:
    before, after = was.right, now.right
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
        accuracy=wilson(int(after.sum()), len(after), confidence),
        change=float(after.mean() - before.mean()),
        low=low,
        high=high,
        stated=float(now.stated.mean()),
        log_loss=now.log_loss,
    )
