"""What a person is told about labels."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from headstart.audit.exhibits import SHOWN, count, exhibit, places_of, share
from headstart.audit.labels.agreement import consensus, krippendorff_alpha
from headstart.audit.labels.confusion import confused_pairs
from headstart.audit.labels.contradictions import contradictions
from headstart.audit.labels.ranking import LabelRanking, tempered, told_apart
from headstart.audit.near_duplicates.normalise import normalise
from headstart.audit.near_duplicates.pairs import Pairs
from headstart.types.data import Dataset, Finding
from headstart.types.result import Estimate

CHECK = "labels"


def label_findings(
    dataset: Dataset,
    *,
    ranking: LabelRanking | None = None,
    probabilities: NDArray[np.float32] | None = None,
    copies: NDArray[np.int64] | None = None,
    pairs: Pairs | None = None,
    definitions: Mapping[str, str] | None = None,
) -> tuple[Finding, ...]:
    """Suspicious labels, contradictions, classes confused both ways, definitions, annotators."""
    found: list[Finding | None] = [_contradicted(dataset, copies, pairs)]
    if ranking is not None:
        found.append(_suspicious(dataset, ranking))
    if probabilities is not None:
        found.append(_untold(dataset, probabilities) or _confused(dataset, probabilities))
    found.append(_definitions(dataset, definitions or {}))
    found.append(_annotators(dataset))
    return tuple(finding for finding in found if finding is not None)


def _suspicious(dataset: Dataset, ranking: LabelRanking) -> Finding | None:
    flagged = ranking.flagged
    if not len(flagged):
        return None
    n = len(dataset)
    precision = ranking.precision(len(flagged))
    top = min(20, len(flagged))
    first = f" ({ranking.precision(top):.0%} of the first {top})" if top < len(flagged) else ""
    labels = dataset.labels
    return Finding(
        check=CHECK,
        severity=round(min(0.95, 4 * len(flagged) * precision / n), 3),
        title=f"{count(len(flagged), 'label')} of {n:,} ({share(len(flagged), n)}) "
        f"{'is' if len(flagged) == 1 else 'are'} probably wrong",
        detail=f"About {precision:.0%} of them are estimated to be really wrong{first}."
        if len(flagged) > 1
        else f"It is estimated to be really wrong with a probability of {precision:.0%}.",
        rows=places_of(dataset, flagged),
        advice="Walk the list with 'headstart relabel': it starts with the clearest cases.",
        method="out-of-fold probabilities and the labels of 20 neighbours on frozen features, "
        "averaged in the logarithm; precision from a fitted noise model",
        exhibits=tuple(
            exhibit(
                [dataset.examples[int(row)]],
                dataset.modality,
                note=f"suggested: {labels[int(ranking.suggested[row])]}",
                score=round(float(ranking.wrong[row]), 4),
            )
            for row in flagged[:SHOWN]
        ),
        numbers={
            "flagged": len(flagged),
            "estimated_precision": precision,
            "estimated_wrong": float(ranking.wrong.sum()),
        },
    )


def _contradicted(
    dataset: Dataset, copies: NDArray[np.int64] | None, pairs: Pairs | None
) -> Finding | None:
    labels = [example.label for example in dataset.examples]
    found = contradictions(labels, groups=copies, pairs=pairs)
    if not found:
        return None
    rows = [row for one in found for row in one.rows]
    part = len(rows) / len(dataset)
    return Finding(
        check=CHECK,
        severity=round(min(0.95, 0.1 + 4 * part), 3),
        title=f"{count(len(found), 'group')} of near-duplicates with different labels",
        detail=f"{count(len(rows), 'row')} ({share(len(rows), len(dataset))}) whose copy has "
        "another label: at least one of the two is wrong, or the classes overlap.",
        rows=places_of(dataset, rows),
        advice="Decide each group by hand; these are the surest label errors there are.",
        method="labels within groups of near-duplicates",
        exhibits=tuple(
            exhibit(
                [dataset.examples[row] for row in one.rows[:4]],
                dataset.modality,
                note="" if one.majority is None else f"most say {one.majority}",
            )
            for one in found[:SHOWN]
        ),
        numbers={"groups": len(found), "rows": len(rows)},
    )


def _untold(dataset: Dataset, probabilities: NDArray[np.float32]) -> Finding | None:
    codes = dataset.codes()
    found = told_apart(tempered(probabilities.astype(np.float64), codes), codes)
    if found.told:
        return None
    return Finding(
        check=CHECK,
        severity=0.3,
        title="Labels cannot be checked: the model that would check them does not tell them apart",
        detail=f"Its answers out of fold to {count(found.n, 'row')} are no better than the shares "
        f"of the classes (log-loss {found.log_loss:.3f} against {found.of_shares:.3f}), so that no "
        "label is called wrong.",
        advice="Where other models do not tell them apart either, check that people can, from this "
        "input alone.",
        method="out-of-fold probabilities against the shares of the classes (one-sided t, 5%)",
        numbers={"log_loss": found.log_loss, "log_loss_of_shares": found.of_shares},
    )


def _confused(dataset: Dataset, probabilities: NDArray[np.float32]) -> Finding | None:
    found = confused_pairs(dataset.codes(), probabilities.argmax(axis=1), len(dataset.labels))
    if not found:
        return None
    names = [
        f"'{dataset.labels[p.a]}' and '{dataset.labels[p.b]}' "
        f"({p.a_as_b} of {p.a_rows} and {p.b_as_a} of {p.b_rows})"
        for p in found[:5]
    ]
    return Finding(
        check=CHECK,
        severity=round(min(0.45, found[0].share), 3),
        title=f"{count(len(found), 'pair')} of classes taken for each other both ways",
        detail="; ".join(names) + ".",
        advice="Merge such a pair if the product treats both alike, or write down what tells "
        "them apart and relabel.",
        method="out-of-fold predictions: at least a tenth of either class taken for the other",
        numbers={"pairs": len(found), "largest_share": found[0].share},
    )


def _definitions(dataset: Dataset, definitions: Mapping[str, str]) -> Finding | None:
    if not definitions:
        return None
    missing = [label for label in dataset.labels if not definitions.get(label, "").strip()]
    seen: dict[str, list[str]] = {}
    for label in dataset.labels:
        if label not in missing:
            seen.setdefault(normalise(definitions[label]), []).append(label)
    same = [labels for labels in seen.values() if len(labels) > 1]
    if not missing and not same:
        return None
    parts = []
    if missing:
        parts.append("without a definition: " + ", ".join(missing[:10]))
    parts += ["the same definition: " + ", ".join(labels) for labels in same[:5]]
    return Finding(
        check=CHECK,
        severity=0.4 if same else 0.2,
        title=f"{count(len(missing), 'label')} without a definition, "
        f"{count(len(same), 'definition')} used twice",
        detail="; ".join(parts) + ".",
        advice="Write one sentence for each label that says what belongs to it and what does not.",
        method="the brief's definitions, normalised",
        numbers={"missing": len(missing), "shared": len(same)},
    )


def annotator_columns(dataset: Dataset) -> tuple[str, ...]:
    """Other columns that hold this data set's labels, for at least 95% of their answers."""
    labels = set(dataset.labels)
    names: dict[str, list[int]] = {}
    for example in dataset.examples:
        for name, value in example.metadata:
            if value.strip():
                tally = names.setdefault(name, [0, 0])
                tally[0] += 1
                tally[1] += value.strip() in labels
    least = max(10, len(dataset) // 20)
    return tuple(n for n, (all_, own) in names.items() if all_ >= least and own >= 0.95 * all_)


def _annotators(dataset: Dataset) -> Finding | None:
    columns = annotator_columns(dataset)
    if len(columns) < 2:
        return None
    answers = []
    for example in dataset.examples:
        given = dict(example.metadata)
        answers.append([given.get(column, "").strip() or None for column in columns])
    try:
        alpha: Estimate = krippendorff_alpha(answers)
    except ValueError:
        return None
    agreed = consensus(answers)
    differ = [
        row
        for row, label in enumerate(agreed.labels)
        if label is not None and label != dataset.examples[row].label
    ]
    ties = sum(label is None for label in agreed.labels)
    return Finding(
        check=CHECK,
        severity=round(float(np.clip(0.9 - alpha.value, 0, 0.9)), 3),
        title=f"{len(columns)} annotators agree with alpha {alpha.value:.2f} "
        f"({alpha.low:.2f} to {alpha.high:.2f})",
        detail=f"Columns {', '.join(columns)}. {count(len(differ), 'row')} whose label is not "
        f"what most annotators gave, {count(ties, 'row')} without a majority.",
        rows=places_of(dataset, differ),
        advice="Below 0.67 the labels support only tentative conclusions; above 0.8 they are "
        "reliable (Krippendorff). Read the rows where the label is not the majority's.",
        method=alpha.method,
        exhibits=tuple(
            exhibit(
                [dataset.examples[row]], dataset.modality, note=f"most say {agreed.labels[row]}"
            )
            for row in differ[:SHOWN]
        ),
        numbers={"alpha": alpha, "not_the_majority": len(differ), "ties": ties},
    )
