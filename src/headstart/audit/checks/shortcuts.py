"""Things beside the content that alone predict the label."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from headstart.audit.checks.pictures import measure_pictures
from headstart.audit.near_duplicates.normalise import normalise
from headstart.data import make_folds
from headstart.ports import AuditInputs
from headstart.stats import wilson
from headstart.types.data import Dataset, Finding

FEWEST = 60
BINS = 10
GAIN = 0.15
"""By how much the lower end of the score must exceed that of the largest class."""
MOST_WORDS = 500
FEWEST_WITH = 10
"""Texts with a word, and without it, from which the word is tried."""
UNSEEN = 0.45
"""Most severe for a column that the model does not see."""


Values = NDArray[Any]


class Shortcuts:
    """One property at a time, as a lookup table from training folds: how often is it right?"""

    name = "shortcuts"
    needs: tuple[str, ...] = ()

    def __call__(self, inputs: AuditInputs) -> Iterable[Finding]:
        dataset = inputs.dataset
        n, codes = len(dataset), dataset.codes()
        if n < FEWEST:
            return
        largest = np.bincount(codes).max() / n
        groups = inputs.groups if inputs.groups is not None else np.arange(n)
        if len(np.unique(groups)) < 5:
            return
        folds = make_folds(codes, groups, 5, 1, inputs.seed).assignment[0]
        seen, unseen = _seen(dataset), _columns(dataset)
        confidence = 1 - 0.05 / max(1, len(seen) + len(unseen))
        for visible, properties in ((True, seen), (False, unseen)):
            for what, values in properties.items():
                right = sum(_fold(values, codes, folds == k) for k in range(5))
                score = wilson(right, n, confidence)
                if score.low is None or score.low < largest + GAIN:
                    continue
                severity = (score.low - largest) / (1 - largest)
                yield Finding(
                    check=self.name,
                    severity=round(min(0.9 if visible else UNSEEN, severity), 3),
                    title=f"{what} alone predicts the label: right for {score.value:.0%}",
                    detail=f"The largest class holds {largest:.0%}. "
                    + (
                        "A model can see this in what it is given, and may answer by it instead "
                        "of by the content."
                        if visible
                        else "The model is not given this column, but it may betray how the rows "
                        "were collected."
                    ),
                    advice="Ask whether it will hold in production. If not, collect rows in which "
                    "the two do not go together.",
                    method="a lookup table (ten bins for numbers) over 5 folds; Wilson interval, "
                    "Bonferroni over the properties tried",
                    numbers={"accuracy": score, "largest_class": float(largest)},
                )
        if dataset.modality == "text":
            yield from self._word(dataset, codes, folds, largest)

    def _word(
        self, dataset: Dataset, codes: NDArray[np.int64], folds: NDArray[np.int64], largest: float
    ) -> Iterable[Finding]:
        """A single word whose presence alone predicts the label, picked on the training folds."""
        words, holds = _presence(dataset.values)
        if not words:
            return
        right, picked = 0, []
        for fold in range(5):
            test = folds == fold
            best = max(range(len(words)), key=lambda i: _table_hits(holds[i][~test], codes[~test]))
            picked.append(words[best])
            right += _fold(holds[best].astype(np.int64), codes, test)
        n = len(codes)
        score = wilson(right, n, 1 - 0.05 / len(words))
        if score.low is None or score.low < largest + GAIN:
            return
        named = ", ".join(f"'{word}'" for word in dict.fromkeys(picked))
        yield Finding(
            check=self.name,
            severity=round(min(UNSEEN, (score.low - largest) / (1 - largest)), 3),
            title=f"A single word alone predicts the label: right for {score.value:.0%}",
            detail=f"Whether the text holds {named}; the largest class holds {largest:.0%}. That "
            "is as it should be where the word is what the label means, and a shortcut where it "
            "comes from how the rows were collected.",
            advice="Ask whether the word will be there in production. If not, cut it out before "
            "training.",
            method="the word picked on four folds and judged on the fifth; Wilson interval, "
            "Bonferroni over the words tried",
            numbers={"accuracy": score, "largest_class": float(largest), "words": len(words)},
        )


def _seen(dataset: Dataset) -> dict[str, Values]:
    """Properties of what the model is given."""
    if dataset.modality == "image":
        measured = measure_pictures(dataset.values)
        names = {
            "width": "The width of the picture",
            "height": "The height of the picture",
            "bytes": "The size of the file",
            "brightness": "The brightness",
            "sharpness": "The sharpness",
        }
        found: dict[str, Values] = {names[key]: measured[key] for key in names}
        found["The kind of file"] = np.array([Path(v).suffix.lower() for v in dataset.values])
        if dataset.input_column is not None:  # else the folder is the label
            found["The folder of the file"] = np.array(
                [str(Path(v).parent) for v in dataset.values]
            )
        return found
    values = dataset.values
    letters = np.array([max(1, sum(map(str.isalpha, value))) for value in values])
    capitals = np.array([sum(map(str.isupper, value)) for value in values])
    return {
        "The length of the text": np.array([float(len(value)) for value in values]),
        "The share of capital letters": capitals / letters,
        "The first character": np.array([value.strip()[:1] for value in values]),
        "The last character": np.array([value.strip()[-1:] for value in values]),
    }


def _presence(values: list[str]) -> tuple[list[str], list[NDArray[np.bool_]]]:
    """The most frequent words, and which texts hold each."""
    texts = [set(normalise(value).split()) for value in values]
    counts = Counter(word for text in texts for word in text)
    n = len(values)
    often = [w for w, c in counts.most_common(MOST_WORDS) if FEWEST_WITH <= c <= n - FEWEST_WITH]
    return often, [np.array([word in text for text in texts]) for word in often]


def _table_hits(holds: NDArray[np.bool_], codes: NDArray[np.int64]) -> int:
    """Rows that a table of one yes-or-no property gets right on the rows it was made from."""
    classes = int(codes.max()) + 1
    return int(
        np.bincount(codes[holds], minlength=classes).max()
        + np.bincount(codes[~holds], minlength=classes).max()
    )


def _columns(dataset: Dataset) -> dict[str, Values]:
    """The other columns of the table, numbers as numbers."""
    names = dict.fromkeys(name for example in dataset.examples for name, _ in example.metadata)
    found: dict[str, Values] = {}
    for name in names:
        texts = [dict(example.metadata).get(name, "") for example in dataset.examples]
        try:
            found[f"The column '{name}'"] = np.array([float(t) if t else np.nan for t in texts])
        except ValueError:
            found[f"The column '{name}'"] = np.array(texts)
    return found


def _fold(values: Values, codes: NDArray[np.int64], test: NDArray[np.bool_]) -> int:
    """Test rows whose label is the most frequent one of their value among the other rows."""
    if values.dtype.kind == "f":
        numbers = values.astype(np.float64)
        known = numbers[~test & ~np.isnan(numbers)]
        if not len(known):
            return 0
        edges = np.unique(np.quantile(known, np.linspace(0, 1, BINS + 1)[1:-1]))
        values = np.where(np.isnan(numbers), -1, np.digitize(numbers, edges))
    table: dict[object, Counter[int]] = {}
    for value, code in zip(values[~test].tolist(), codes[~test].tolist(), strict=True):
        table.setdefault(value, Counter())[code] += 1
    usual = int(np.bincount(codes[~test]).argmax())
    best = {value: found.most_common(1)[0][0] for value, found in table.items()}
    said = np.array([best.get(value, usual) for value in values[test].tolist()])
    return int((said == codes[test]).sum())
