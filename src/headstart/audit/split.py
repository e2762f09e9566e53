"""What may be trained on, what is held out, and on which folds every arm is compared."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from headstart.audit.columns import group_ids, latest, times
from headstart.audit.labels.spellings import spelling_findings
from headstart.audit.near_duplicates import NearDuplicates, near_duplicate_findings
from headstart.audit.split_findings import (
    contradictory_labels,
    leaking_rows,
    repeated_rows,
    rows_of_known_groups,
    small_classes,
    unseen_labels,
)
from headstart.data.splitting import carve_holdout, make_folds
from headstart.metrics import ONE_LABEL, SET_METRICS, shares_named
from headstart.types.brief import LARGEST_SHARE, Brief
from headstart.types.data import AuditReport, Dataset, Example, Folds, HoldoutKind
from headstart.types.errors import DataError

HOLDOUT_SHARE = 0.2
FEWEST_FOR_HOLDOUT = 150
"""With fewer rows a fifth of them would decide nothing, and the model would miss them."""
FEWEST_LATE = 20
ARMS_SHARE = 0.1
COST_MARGIN = 0.01


def normalised(example: Example, modality: str) -> str:
    """What two exact duplicates share: the text but for case, width and spaces, or the file.

    >>> from headstart.types.data import Place
    >>> row = Example("k", "  Where's  MY ﬁle?", "a", Place("t.csv", 1))
    >>> normalised(row, "text")
    "where's my file?"
    """
    if modality != "text":
        return example.key
    folded = unicodedata.normalize("NFKC", example.value).casefold()
    return " ".join(unicodedata.normalize("NFKC", folded).split())


def duplicate_groups(contents: Sequence[str], *known: NDArray[np.int64]) -> NDArray[np.int64]:
    """Group ids, numbered by first row: rows of equal content, and rows already `known` to belong
    together, share one. All kinds of link chain.

    >>> duplicate_groups(["a", "b", "a", "c"], np.array([0, 1, 2, 1])).tolist()
    [0, 1, 0, 1]
    """
    n = len(contents)
    parent = list(range(n))

    def root(i: int) -> int:
        while parent[i] != i:
            parent[i] = parent[parent[i]]
            i = parent[i]
        return i

    def link(keys: Iterable[object]) -> None:
        first: dict[object, int] = {}
        for i, key in enumerate(keys):
            a, b = root(first.setdefault(key, i)), root(i)
            parent[max(a, b)] = min(a, b)

    link(contents)
    for ids in known:
        if len(ids) != n:
            raise ValueError(f"{len(ids)} group ids for {n} rows")
        link(ids.tolist())
    roots = [root(i) for i in range(n)]
    numbers = {r: i for i, r in enumerate(dict.fromkeys(roots))}
    return np.array([numbers[r] for r in roots], dtype=np.int64)


def choose_metric(codes: NDArray[np.int64], labels: Sequence[str], brief: Brief) -> tuple[str, str]:
    """The primary metric, and the sentence that says why."""
    _check_metric(brief.requirement.metric, several=codes.ndim == 2)
    if brief.requirement.metric is not None:
        return brief.requirement.metric, "The brief names it."
    if brief.names_costs and brief.requirement.level is None:
        return "cost", "The brief names what mistakes cost, and no level of another metric."
    if brief.data.order and brief.requirement.level is None:
        return "cost", (
            "The labels have an order, so a mistake counts the steps that it is off: the mean "
            "absolute error decides."
        )
    if codes.ndim == 2:
        return "macro_f1", "A row may have several labels, and each label counts the same."
    shares, of = shares_named(brief.data.prevalence, labels), "cases"
    if shares is None:
        shares, of = np.bincount(codes, minlength=len(labels)) / len(codes), "rows"
    largest = int(shares.argmax())
    share = f"The largest class, '{labels[largest]}', holds {shares[largest]:.0%}"
    if shares[largest] > LARGEST_SHARE:
        return "macro_f1", f"{share} of the {of}: accuracy would mostly measure that class."
    return "accuracy", f"{share} of the {of}, not over {LARGEST_SHARE:.0%}."


def _check_metric(name: str | None, *, several: bool) -> None:
    known = SET_METRICS if several else ONE_LABEL
    if name is not None and name not in known:
        rows = "rows that may have several labels" if several else "rows with one label each"
        raise DataError(
            f"'{name}' is no metric of {rows}",
            place="[requirement] metric in the brief",
            tip=f"use one of: {', '.join(known)}",
        )


def choose_margin(
    metric: str,
    codes: NDArray[np.int64],
    brief: Brief,
    costs: NDArray[np.float64] | None,
    labels: Sequence[str],
) -> float:
    """The smallest difference that is worth a more complex arm: the brief's; of costs, where it
    names none, a hundredth of what the cheapest answer for all would cost.

    codes: as in `Rows`; costs (labels, labels), or (2, labels) of several labels a row.
    """
    if metric != "cost" or costs is None or "requirement.margin" not in brief.defaulted:
        return brief.requirement.margin
    if codes.ndim == 2:
        missing, giving = costs[0] * codes.mean(axis=0), costs[1] * (1.0 - codes.mean(axis=0))
        return COST_MARGIN * float(np.minimum(missing, giving).sum())
    shares = shares_named(brief.data.prevalence, labels)
    if shares is None:
        shares = np.bincount(codes, minlength=len(costs)) / len(codes)
    return COST_MARGIN * float((shares @ costs).min())


def choose_repeats(rows: int, classes: int, k: int, brief: Brief) -> int:
    """Repeats of the folds: the brief's, or 2 to 10 by a fixed rule, never by the clock.

    The arms may take a tenth of the budget; the rest is for features, packaging and the hold-out. A
    fold of all arms took about these seconds on one core (texts, 400 to 8,000 rows, 2 to 77
    classes).
    """
    if brief.repeats is not None:
        return brief.repeats
    training = rows * (k - 1) / k
    seconds = 0.2 + training / 1000 * (1 + classes / 13)
    affordable = ARMS_SHARE * brief.budget.minutes * 60 / (k * seconds)
    return int(min(10, max(2, affordable)))


def audit(
    dataset: Dataset,
    holdout: Dataset | None,
    brief: Brief,
    near: NearDuplicates | None = None,
    costs: NDArray[np.float64] | None = None,
) -> AuditReport:
    """The split, the groups, the folds and the primary metric.

    Args:
        holdout: the user's own, or None to carve one.
        near: near-duplicates of these rows; without them only exact duplicates are kept together.
        costs: of answering j for a case of i (labels, labels), where the brief names some.

    Raises:
        DataError: fewer than two classes, or fewer separate rows than two folds need.
    """
    labels = dataset.single_labels
    if len(labels) < 2:
        raise DataError(
            f"there is one class only, '{labels[0]}'" if labels else "there is no labelled row",
            place=dataset.source,
            tip="give rows of at least two classes",
        )
    n, codes = len(dataset), dataset.targets()
    single = labels
    rows = (*dataset.examples, *(holdout.examples if holdout is not None else ()))
    contents = [normalised(example, dataset.modality) for example in rows]
    known = [] if near is None else [np.concatenate([near.groups, near.holdout_groups])]
    alike = duplicate_groups(contents, *known)
    repeated = np.bincount(alike)[alike] > 1
    if brief.data.group_column is not None:
        known.append(group_ids(dataset, holdout, brief.data.group_column))
    ids = duplicate_groups(contents, *known)
    counts = Counter(label for own_labels in dataset.sets for label in own_labels)
    findings = spelling_findings(dataset, counts)
    findings += contradictory_labels(dataset, contents[:n])
    if near is None:
        findings += repeated_rows(dataset, contents[:n])
    else:
        findings += near_duplicate_findings(near, dataset, holdout)

    kind: HoldoutKind = "none"
    development, held = np.arange(n), np.arange(0)
    clean = np.ones(0, dtype=bool)
    if holdout is not None:
        kind, held = "file", np.arange(len(holdout))
        copied = np.isin(alike[n:], alike[:n])
        if near is None:
            findings += leaking_rows(holdout, copied)
        else:
            copied |= near.leaking
        clean = ~np.isin(ids[n:], ids[:n]) & ~copied
        findings += rows_of_known_groups(holdout, ~clean & ~copied, brief.data.group_column)
        findings += unseen_labels(holdout, single)
    elif n >= FEWEST_FOR_HOLDOUT and brief.data.time_column is not None:
        late = latest(times(dataset, brief.data.time_column), HOLDOUT_SHARE)
        kind, development, held = "carved", np.flatnonzero(~late), np.flatnonzero(late)
        copied = np.isin(alike[held], alike[development])
        clean = ~np.isin(ids[held], ids[development])
        _check_late(dataset, codes[development], clean, brief.data.time_column)
        later = replace(dataset, examples=tuple(dataset.examples[int(i)] for i in held))
        findings += leaking_rows(later, copied)
        findings += rows_of_known_groups(later, ~clean & ~copied, brief.data.group_column)
    elif n >= FEWEST_FOR_HOLDOUT:
        shares = shares_named(brief.data.prevalence, labels)
        development, held = carve_holdout(codes, ids[:n], HOLDOUT_SHARE, brief.seed, shares)
        kind, clean = ("carved", np.ones(len(held), dtype=bool)) if len(held) else ("none", clean)
    metric, why = choose_metric(codes, labels, brief)
    folds, own = _folds(dataset, development, ids, brief)
    apart = _apart(dataset, development, own)
    small = tuple(label for label in single if apart[label] < folds.k)
    return AuditReport(
        development=development.astype(np.int64),
        groups=own,
        folds=folds,
        holdout_kind=kind,
        holdout=held.astype(np.int64),
        holdout_clean=clean,
        rows=n,
        class_counts={label: counts[label] for label in single},
        metric=metric,
        metric_reason=why,
        margin=choose_margin(metric, codes[development], brief, costs, labels),
        small_classes=small,
        findings=(*findings, *small_classes(small, apart, folds.k)),
        holdout_alike=repeated[held + n] if kind == "file" else repeated[held],
        copies=alike[development],
    )


def _apart(
    dataset: Dataset, development: NDArray[np.int64], groups: NDArray[np.int64]
) -> dict[str, int]:
    """Separate development rows of each label."""
    found: dict[str, set[int]] = {}
    sets = dataset.sets
    for row, group in zip(development.tolist(), groups.tolist(), strict=True):
        for label in sets[row]:
            found.setdefault(label, set()).add(group)
    return {label: len(found.get(label, ())) for labels in sets for label in labels}


def _check_late(
    dataset: Dataset, earlier: NDArray[np.int64], clean: NDArray[np.bool_], column: str
) -> None:
    """Whether a split by time leaves something to learn from, and something to judge by."""
    place = f"{dataset.source}, column '{column}'"
    if len(np.unique(earlier, axis=0)) < 2:
        raise DataError(
            "the earlier rows, from which the model learns, are all of one class",
            place=place,
            tip="add earlier rows of other classes, or leave --time out",
        )
    if clean.sum() < FEWEST_LATE:
        raise DataError(
            f"of {len(clean)} late rows, only {clean.sum()} are in no group that has earlier rows; "
            f"at least {FEWEST_LATE} are needed to judge by",
            place=place,
            tip="leave --group or --time out, or give a hold-out of your own",
        )


def _folds(
    dataset: Dataset, development: NDArray[np.int64], ids: NDArray[np.int64], brief: Brief
) -> tuple[Folds, NDArray[np.int64]]:
    """Folds over the development rows, and the rows' group ids numbered anew."""
    own = np.unique(ids[development], return_inverse=True)[1].astype(np.int64)
    separate = int(own.max()) + 1
    if separate < 2:
        raise DataError(
            f"all {len(dataset)} rows have the same content",
            place=dataset.source,
            tip="give rows that differ from each other",
        )
    k = min(brief.folds, separate)
    repeats = choose_repeats(len(development), len(dataset.single_labels), k, brief)
    codes = dataset.targets()[development]
    return make_folds(codes, own, k, repeats, brief.seed), own
