"""What could go wrong."""

from __future__ import annotations

from headstart.decide.case import Case
from headstart.decide.certificate import limit
from headstart.decide.sentences import Piece, Sentence, names, quoted, say
from headstart.decide.words import confidence, count
from headstart.metrics.words import metric_name, metric_value, percent
from headstart.types.ledger import escape
from headstart.types.result import Estimate, NotAvailable

WEAK_RECALL = 0.5
"""A class recalled less often than this is named as a risk."""
CONFIDENT = 0.9
"""A wrong answer given with at least this probability is called confident."""
BRITTLE = 0.03
"""Fall of accuracy under the mildest change that is worth a word, where it is credibly larger."""
MOSTLY_FLAGGED = 0.9
"""Rows out of scope that must be flagged to go without a word."""
MISCALIBRATED = 0.05
"""Gap between stated probability and share that is right that is worth a word."""
LONG_SHARE = 0.05
"""Share of cut texts that is worth a word."""
REMARKS = 2
"""Remarks of the adapt stage that are repeated among the risks."""
SERIOUS = 0.5
"""Severity from which a finding is a risk."""


def _small(case: Case) -> Sentence | None:
    small = case.audit.small_classes
    if not small:
        return None
    return say(
        (count(len(small)), "/audit/small_classes"),
        " class has fewer separate rows than folds, so its numbers say little: "
        if len(small) == 1
        else " classes have fewer separate rows than folds, so their numbers say little: ",
        names(small, "/audit/small_classes"),
        ".",
    )


def _drawn_by_class(case: Case) -> Sentence | None:
    """Rows that were labelled so many of each class, and no file of cases as they come."""
    each = case.each_class
    if each is None or case.audit.holdout_kind == "file":
        return None
    label = max(case.audit.class_counts, key=lambda one: case.audit.class_counts[one])
    return say(
        "Every class has ",
        (count(each), f"/audit/class_counts/{escape(label)}"),
        " rows, as if drawn by class: scores hold for such a mix.",
    )


def _weak(case: Case) -> Sentence | None:
    weak = [
        (row.recall.value, index)
        for index, row in enumerate(case.evaluation.per_class)
        if isinstance(row.recall, Estimate) and row.n and row.recall.value < WEAK_RECALL
    ]
    if not weak:
        return None
    parts: list[str | Piece | Sentence] = []
    for position, (recall, index) in enumerate(sorted(weak)[:3]):
        row = case.evaluation.per_class[index]
        parts += [
            ", " if position else "",
            quoted(row.label),
            " (",
            (percent(recall, 0), f"/evaluate/per_class/{index}/recall"),
            " of ",
            (count(row.n), f"/evaluate/per_class/{index}/n"),
            ")",
        ]
    return say(
        "More than half of the cases of some classes are missed; found least often: ",
        *parts,
        ".",
    )


def _confident_errors(case: Case) -> Sentence | None:
    errors = case.evaluation.errors
    if not errors or errors[0].probability < CONFIDENT:
        return None
    return say(
        "Some wrong answers have a probability of up to ",
        (percent(errors[0].probability, 0), "/evaluate/errors/0"),
        ": a threshold alone does not catch every mistake.",
    )


def _outside(case: Case) -> Sentence | None:
    found = case.evaluation.outside
    if isinstance(found, NotAvailable):
        return None
    if not isinstance(found.alone, NotAvailable) and found.alone.value > 1.0 - MOSTLY_FLAGGED:
        return _answered_alone(case, found.alone, found.bearable or 0.0)
    if found.recall.value >= MOSTLY_FLAGGED:
        return None
    return say(
        "Of the rows out of scope, ",
        (percent(1.0 - found.recall.value), "/evaluate/outside/recall"),
        " are answered as if they were in scope.",
    )


def _answered_alone(case: Case, alone: Estimate, bearable: float) -> Sentence:
    """Each answer to a row out of scope is wrong, and the certificate does not count it."""
    return say(
        "Of the rows out of scope, ",
        (percent(alone.value), "/evaluate/outside/alone"),
        " are answered without a person, always wrongly; the certificate does not count them. As "
        "measured, the answers given alone keep to ",
        limit(case),
        " wrong ones while up to ",
        (percent(bearable), "/evaluate/outside/bearable"),
        " of the cases lie out of scope.",
    )


def _sets(case: Case) -> Sentence | None:
    """Prediction sets that credibly hold the true label less often than they should."""
    found = case.evaluation.prediction_sets
    if isinstance(found, NotAvailable) or (found.coverage.high or 1.0) >= found.level:
        return None
    root = "/evaluate/prediction_sets"
    return say(
        "Prediction sets should hold the true label for ",
        (confidence(found.level), f"{root}/level"),
        " of the cases, and do for ",
        (percent(found.coverage.value), f"{root}/coverage"),
        " of the hold-out's.",
    )


def _stress(case: Case) -> Sentence | None:
    """A kind of change that already hurts at its mildest."""
    found = case.evaluation.stress
    if isinstance(found, NotAvailable):
        return None
    seen: set[str] = set()
    for i, row in enumerate(found.rows):
        first = row.kind not in seen
        seen.add(row.kind)
        if first and row.strength and row.high < -BRITTLE:
            return say(
                "It is brittle: a mild change takes ",
                (f"{-100 * row.change:.1f}", f"/evaluate/stress/rows/{i}"),
                f" points of accuracy ({row.kind} ",
                (row.strength, f"/evaluate/stress/rows/{i}"),
                ").",
            )
    return None


def _slices(case: Case) -> Sentence | None:
    found = case.evaluation.slices
    if isinstance(found, NotAvailable):
        return None
    worse = [(i, row) for i, row in enumerate(found.rows) if row.worse]
    if not worse:
        return None
    i, row = worse[0]
    return say(
        "It is credibly worse in a part of the rows, ",
        quoted(row.name),
        ": ",
        (percent(row.error.value, 0), f"/evaluate/slices/rows/{i}/error"),
        " wrong there and ",
        (percent(row.rest.value, 0), f"/evaluate/slices/rows/{i}/rest"),
        " elsewhere.",
    )


def _calibration(case: Case) -> Sentence | None:
    found = case.evaluation.calibration
    if isinstance(found, NotAvailable) or (found.error.low or 0.0) < MISCALIBRATED:
        return None
    return say(
        "Its probabilities cannot be taken at their word: they are ",
        (f"{100 * found.error.value:.1f}", "/evaluate/calibration/error"),
        " points off, at least ",
        (f"{100 * (found.error.low or 0.0):.1f}", "/evaluate/calibration/error"),
        ".",
    )


def _holdout(case: Case) -> tuple[Sentence, ...]:
    found: list[Sentence] = []
    evaluation = case.evaluation
    if not case.on_holdout:
        found.append(
            say(
                "No rows were kept back: the same rows chose the model and judge it, so the "
                "estimate is somewhat optimistic."
            )
        )
    elif case.audit.holdout_kind == "carved" and case.brief.data.time_column is None:
        found.append(
            say(
                "The hold-out is a random part of the same data. It says nothing about later or "
                "different data; a file of newer rows would."
            )
        )
    if evaluation.openings > 1:
        found.append(_opened_again(case))
    if case.level_changed:
        found.append(
            say(
                "The required level was changed after the hold-out had been opened, so it was not "
                "set without knowing the result; take new rows to test it."
            )
        )
    if evaluation.unseen_labels:
        found.append(
            say(
                "The hold-out has labels that the training rows lack, which the model cannot "
                "answer: ",
                names(evaluation.unseen_labels, "/evaluate/unseen_labels"),
                ".",
            )
        )
    return tuple(found)


def _opened_again(case: Case) -> Sentence:
    """What a further look at the hold-out costs, and what it is paid with."""
    times = (count(case.evaluation.openings), "/evaluate/openings")
    if case.widened is None:
        return say(
            "The hold-out has been opened ",
            times,
            " times; each look after the first makes its numbers more optimistic.",
        )
    asked = (confidence(case.brief.requirement.confidence), "/brief/requirement/confidence")
    return say(
        "The hold-out has been opened ",
        times,
        " times: its intervals and tests are at ",
        (confidence(case.widened), case.estimate_pointer),
        ", so that those of all looks, each as wide, hold together at ",
        asked,
        ". That pays for the looks, not for what was fitted to an earlier one.",
    )


def _truncated(case: Case) -> Sentence | None:
    card = case.scorecard
    if card is None or card.truncated_share is None or card.truncated_share < LONG_SHARE:
        return None
    pointer = f"/select/{escape(card.card.ref)}/truncated_share"
    return say(
        (percent(card.truncated_share, 0), pointer),
        " of the texts are longer than the backbone reads; what follows the cut is not seen.",
    )


def _findings(case: Case) -> tuple[Sentence, ...]:
    every = [(f"/audit/findings/{i}", one) for i, one in enumerate(case.audit.findings)]
    every += [
        (f"/checks/{i}/findings/{j}", one)
        for i, check in enumerate(case.checks)
        for j, one in enumerate(check.findings)
    ]
    serious = [
        (pointer, one)
        for pointer, one in every
        if one.severity >= SERIOUS and one.check != "small-classes"
    ]
    serious.sort(key=lambda item: -item[1].severity)
    return tuple(
        say((one.title.rstrip("."), f"{pointer}/title"), ".") for pointer, one in serious[:3]
    )


def _leak(case: Case) -> Sentence | None:
    evaluation, metric = case.evaluation, case.metric
    whole, clean = evaluation.metrics_all.get(metric), case.estimate
    if not (case.on_holdout and evaluation.n < evaluation.n_all and isinstance(whole, Estimate)):
        return None
    if not isinstance(clean, Estimate):
        return None
    column, alike = case.brief.data.group_column, "near copies of training rows"
    if column is not None:
        alike += f" or share their '{column}'"
    return say(
        "Some of the ",
        (count(evaluation.n_all), "/evaluate/n_all"),
        f" hold-out rows are {alike}: {metric_name(metric, steps=case.steps)} is ",
        (metric_value(metric, whole.value), f"/evaluate/metrics_all/{escape(metric)}"),
        " with them, ",
        (metric_value(metric, clean.value), case.estimate_pointer),
        " on the ",
        (count(evaluation.n), "/evaluate/n"),
        " that decide.",
    )


def risks(case: Case) -> tuple[Sentence, ...]:
    """What could go wrong, the most general first."""
    found = (
        *_holdout(case),
        _drawn_by_class(case),
        _leak(case),
        *(say((remark, "/adapt/remarks")) for remark in case.adapt.remarks[:REMARKS]),
        *_findings(case),
        _weak(case),
        _small(case),
        _confident_errors(case),
        _slices(case),
        _stress(case),
        _outside(case),
        _sets(case),
        _calibration(case),
        _truncated(case),
    )
    return tuple(sentence for sentence in found if sentence)
