"""What splitting the rows brings to light."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from headstart.types.data import Dataset, Example, Exhibit, Finding, Place

SHOWN = 10


def _severity(share: float, floor: float) -> float:
    """From `floor`, up to 0.9 where a fifth of the rows or more is concerned."""
    return round(min(0.9, floor + (0.9 - floor) * share / 0.2), 3)


def _exhibits(groups: Iterable[Sequence[Example]]) -> tuple[Exhibit, ...]:
    return tuple(
        Exhibit(
            places=tuple(example.place for example in rows[:SHOWN]),
            values=tuple(example.value[:300] for example in rows[:SHOWN]),
            labels=tuple(example.label for example in rows[:SHOWN]),
        )
        for rows in groups
    )


def _places(groups: Iterable[Sequence[Example]]) -> tuple[Place, ...]:
    return tuple(example.place for rows in groups for example in rows)


def duplicate_findings(dataset: Dataset, contents: Sequence[str]) -> list[Finding]:
    """Rows of equal content: kept together, and pointed out where their labels differ."""
    together: dict[str, list[Example]] = {}
    for content, example in zip(contents, dataset.examples, strict=True):
        together.setdefault(content, []).append(example)
    repeated = [rows for rows in together.values() if len(rows) > 1]
    torn = [rows for rows in repeated if len({example.label for example in rows}) > 1]
    how = "equal after Unicode NFKC, case folding and collapsing spaces"
    how = how if dataset.modality == "text" else "equal bytes of the file"
    findings = []
    if repeated:
        rows = sum(map(len, repeated))
        findings.append(
            Finding(
                "exact-duplicates",
                _severity(rows / len(dataset), 0.1) / 2,
                f"{rows} rows repeat each other",
                f"{rows} of {len(dataset)} rows fall into {len(repeated)} groups of the same "
                "content. Split at random, they would be trained on and tested on at once.",
                rows=_places(repeated),
                done="grouped: they never sit on both sides of a split",
                advice="Nothing, unless the repeats are an accident of the export.",
                method=how,
                exhibits=_exhibits(repeated[:SHOWN]),
                numbers={"rows": rows, "groups": len(repeated)},
            )
        )
    if torn:
        rows = sum(map(len, torn))
        findings.append(
            Finding(
                "contradictory-labels",
                _severity(rows / len(dataset), 0.3),
                f"{len(torn)} repeated contents carry different labels",
                f"{rows} rows have a twin with another label: no model can get all of them right.",
                rows=_places(torn),
                advice="Decide which label is right, or whether the two classes are one.",
                method=how,
                exhibits=_exhibits(torn[:SHOWN]),
                numbers={"rows": rows, "groups": len(torn)},
            )
        )
    return findings


def holdout_findings(
    holdout: Dataset, clean: NDArray[np.bool_], labels: Sequence[str]
) -> list[Finding]:
    """What is wrong with the user's own hold-out. Nothing is removed from it."""
    findings = []
    leaked = [e for e, ok in zip(holdout.examples, clean, strict=True) if not ok]
    if leaked:
        share = len(leaked) / len(holdout)
        findings.append(
            Finding(
                "holdout-leak",
                1.0 if share == 1.0 else _severity(share, 0.3),
                f"{len(leaked)} hold-out rows are also trained on",
                f"{len(leaked)} of {len(holdout)} hold-out rows ({share:.1%}) duplicate a "
                "development row. They are scored beside the others and do not decide.",
                rows=tuple(example.place for example in leaked),
                done="set aside from the rows that decide",
                advice="Draw the hold-out from other sources or a later time.",
                exhibits=_exhibits([[example] for example in leaked[:SHOWN]]),
                numbers={"rows": len(leaked), "share": share},
            )
        )
    strange = [example for example in holdout.examples if example.label not in set(labels)]
    if strange:
        counts = Counter(example.label for example in strange)
        named = ", ".join(f"'{label}' ({n})" for label, n in counts.most_common(SHOWN))
        share = len(strange) / len(holdout)
        findings.append(
            Finding(
                "unseen-labels",
                _severity(share, 0.3),
                f"{len(counts)} hold-out labels are never seen in training",
                f"{len(strange)} of {len(holdout)} hold-out rows have a label without a "
                f"development row: {named}. Each counts as an error.",
                rows=tuple(example.place for example in strange),
                advice="Add examples of these labels, or see whether their names were changed.",
                numbers={"rows": len(strange), "labels": len(counts)},
            )
        )
    return findings


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
            f"{len(small)} classes are too small for {k} folds",
            f"Fewer than {k} separate development rows: {named}{more}. In some folds they are "
            "not trained on, or not tested on.",
            advice=f"Add examples until each class has at least {k}, better 20.",
            numbers={"classes": len(small)},
        )
    ]
