"""What splitting the rows brings to light."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from headstart.audit.exhibits import count, exhibit, severity
from headstart.types.data import Dataset, Example, Exhibit, Finding, Place

SHOWN = 10


def _exhibits(groups: Iterable[Sequence[Example]], modality: str) -> tuple[Exhibit, ...]:
    return tuple(exhibit(rows[:SHOWN], modality) for rows in groups)


def _places(groups: Iterable[Sequence[Example]]) -> tuple[Place, ...]:
    return tuple(example.place for rows in groups for example in rows)


def _together(dataset: Dataset, contents: Sequence[str]) -> list[list[Example]]:
    """Rows of equal content, where there are several."""
    found: dict[str, list[Example]] = {}
    for content, example in zip(contents, dataset.examples, strict=True):
        found.setdefault(content, []).append(example)
    return [rows for rows in found.values() if len(rows) > 1]


def _how(dataset: Dataset) -> str:
    if dataset.modality == "text":
        return "equal after Unicode NFKC, case folding and collapsing spaces"
    return "equal bytes of the file"


def repeated_rows(dataset: Dataset, contents: Sequence[str]) -> list[Finding]:
    """Rows of equal content, kept together."""
    repeated = _together(dataset, contents)
    if not repeated:
        return []
    rows = sum(map(len, repeated))
    return [
        Finding(
            "exact-duplicates",
            severity(rows / len(dataset), 0.1) / 2,
            f"{rows} rows repeat each other",
            f"{rows} of {len(dataset)} rows fall into {len(repeated)} groups of the same "
            "content. Split at random, they would be trained on and tested on at once.",
            rows=_places(repeated),
            done="grouped: they never sit on both sides of a split",
            advice="Nothing, unless the repeats are an accident of the export.",
            method=_how(dataset),
            exhibits=_exhibits(repeated[:SHOWN], dataset.modality),
            numbers={"rows": rows, "groups": len(repeated)},
        )
    ]


def contradictory_labels(dataset: Dataset, contents: Sequence[str]) -> list[Finding]:
    """Rows of equal content with different labels."""
    repeated = _together(dataset, contents)
    torn = [rows for rows in repeated if len({example.label for example in rows}) > 1]
    if not torn:
        return []
    rows = sum(map(len, torn))
    return [
        Finding(
            "contradictory-labels",
            severity(rows / len(dataset), 0.3),
            f"{count(len(torn), 'repeated content')} with different labels",
            f"{rows} rows have a twin with another label: no model can get all of them right.",
            rows=_places(torn),
            advice="Decide which label is right, or whether the two classes are one.",
            method=_how(dataset),
            exhibits=_exhibits(torn[:SHOWN], dataset.modality),
            numbers={"rows": rows, "groups": len(torn)},
        )
    ]


def leaking_rows(holdout: Dataset, copied: NDArray[np.bool_]) -> list[Finding]:
    """Hold-out rows that are trained on too. Nothing is removed from the hold-out."""
    leaked = [e for e, known in zip(holdout.examples, copied, strict=True) if known]
    if not leaked:
        return []
    share = len(leaked) / len(holdout)
    return [
        Finding(
            "holdout-leak",
            1.0 if share == 1.0 else severity(share, 0.3),
            f"{count(len(leaked), 'hold-out row is', 'hold-out rows are')} also trained on",
            f"{len(leaked)} of {len(holdout)} hold-out rows ({share:.1%}) duplicate a "
            "development row. They are scored beside the others and do not decide.",
            rows=tuple(example.place for example in leaked),
            done="set aside from the rows that decide",
            advice="Draw the hold-out from other sources or a later time.",
            exhibits=_exhibits([[example] for example in leaked[:SHOWN]], holdout.modality),
            numbers={"rows": len(leaked), "share": share},
        )
    ]


def rows_of_known_groups(
    holdout: Dataset, known: NDArray[np.bool_], column: str | None
) -> list[Finding]:
    """Hold-out rows of a customer, device, … that has development rows too."""
    rows = [e for e, yes in zip(holdout.examples, known, strict=True) if yes]
    if not rows or column is None:
        return []
    part = len(rows) / len(holdout)
    return [
        Finding(
            "holdout-groups",
            severity(part, 0.1) / 2,
            f"{count(len(rows), 'hold-out row')} of a '{column}' that is trained on",
            f"{len(rows)} of {len(holdout)} hold-out rows ({part:.1%}) have the '{column}' of a "
            "development row. They are scored beside the others and do not decide.",
            rows=tuple(example.place for example in rows),
            done="set aside from the rows that decide",
            advice=f"Nothing where every '{column}' in use will be new; otherwise leave the group "
            "column out.",
            numbers={"rows": len(rows), "share": part},
        )
    ]


def unseen_labels(holdout: Dataset, labels: Sequence[str]) -> list[Finding]:
    """Labels of the hold-out that no development row has."""
    known = set(labels)
    new = [[label for label in own if label not in known] for own in holdout.sets]
    strange = [e for e, labels in zip(holdout.examples, new, strict=True) if labels]
    if not strange:
        return []
    counts = Counter(label for labels in new for label in labels)
    named = ", ".join(f"'{label}' ({n})" for label, n in counts.most_common(SHOWN))
    share = len(strange) / len(holdout)
    return [
        Finding(
            "unseen-labels",
            severity(share, 0.3),
            f"{len(counts)} hold-out labels are never seen in training",
            f"{len(strange)} of {len(holdout)} hold-out rows have a label without a "
            f"development row: {named}. Each counts as an error.",
            rows=tuple(example.place for example in strange),
            advice="Add examples of these labels, or see whether their names were changed.",
            numbers={"rows": len(strange), "labels": len(counts)},
        )
    ]


def small_classes(small: Sequence[str], counts: dict[str, int], k: int) -> list[Finding]:
    """Classes with fewer separate rows than folds."""
    if not small:
        return []
    named = ", ".join(f"'{label}' ({counts[label]})" for label in small[:SHOWN])
    more = f" and {len(small) - SHOWN} more" if len(small) > SHOWN else ""
    return [
        Finding(
            "small-classes",
            0.4,
            f"{count(len(small), 'class', 'classes')} too small for {k} folds",
            f"Fewer than {k} separate development rows: {named}{more}. In some folds they are "
            "not trained on, or not tested on.",
            advice=f"Add examples until each class has at least {k}, better 20.",
            numbers={"classes": len(small)},
        )
    ]
