"""What to do next."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from statistics import NormalDist

from headstart.data import spelling
from headstart.decide.case import Case
from headstart.decide.certificate import cause
from headstart.decide.sentences import Piece, Sentence, names, quoted, say
from headstart.decide.words import count
from headstart.metrics.words import amount, difference, metric_value
from headstart.types.brief import LARGEST_SHARE
from headstart.types.result import Comparison, Estimate, NotAvailable

TOO_FAR = 10
"""Times the rows that there are, beyond which nobody is asked to label so many."""


def rows_to_certainty(value: float, level: float, confidence: float) -> int | None:
    """Hold-out rows at which an observed rate `value` puts its Wilson lower bound at `level`.

    The Wilson bound inverts the score test, so n = z² level (1 − level) / (value − level)².
    None where the rate is not above the level.

    >>> rows_to_certainty(0.85, 0.8, 0.95)
    246
    """
    if value <= level or not 0 < level < 1:
        return None
    z = NormalDist().inv_cdf(0.5 + confidence / 2)
    return math.ceil(z * z * level * (1 - level) / (value - level) ** 2)


def _certainty(case: Case) -> Sentence:
    found, level = case.estimate, case.level
    rows = None
    if isinstance(found, Estimate) and level is not None and case.metric == "accuracy":
        rows = rows_to_certainty(found.value, level, found.confidence)
    if rows is None or not isinstance(found, Estimate) or rows <= found.n:
        return say("Label more hold-out rows: that narrows the interval around the level.")
    return say(
        "Label about ",
        (count(rows - found.n), case.estimate_pointer),
        " more hold-out rows: if accuracy stays as it is, the required level would then be met "
        "with certainty enough.",
    )


def _name_level(case: Case) -> Sentence:
    bounds = case.bounds
    tail: list[str | Piece | Sentence] = ["."]
    if bounds is not None:
        tail = [
            "; a level up to ",
            (metric_value(case.metric, bounds[0]), case.estimate_pointer),
            " would be met with the evidence at hand.",
        ]
    return say("Name the level that the product needs (level in headstart.toml)", *tail)


def _labels_for_transfer(case: Case) -> Sentence | None:
    found = case.adapt.transfer_comparison
    if not isinstance(found, Comparison) or found.verdict != "inconclusive":
        return None
    pointer = "/adapt/transfer_comparison"
    if found.labels_needed is None or found.labels_needed <= found.n:
        return say(
            "To settle whether transfer helps, label more rows; the difference seen so far is too "
            "small to say how many."
        )
    if found.labels_needed > TOO_FAR * found.n:
        return say(
            "Label no rows to settle whether transfer helps: at the difference seen so far it "
            "would take about ",
            (count(found.labels_needed), pointer),
            " of them.",
        )
    return say(
        "To settle whether transfer helps, label about ",
        (count(found.labels_needed - found.n), pointer),
        " more rows (",
        (count(found.labels_needed), pointer),
        " in all, if the difference seen so far is the true one).",
    )


def most_confused(confusion: list[list[int]]) -> tuple[int, int, int] | None:
    """(true class, answer, how often) of the most frequent mistake.

    >>> most_confused([[5, 1], [3, 4]])
    (1, 0, 3)
    """
    wrong = [
        (times, -i, -j)
        for i, row in enumerate(confusion)
        for j, times in enumerate(row)
        if i != j and times
    ]
    if not wrong:
        return None
    times, i, j = max(wrong)
    return -i, -j, times


def _drowned(case: Case) -> Sentence | None:
    """A rare class that no answer names, since the large one is always so much more probable."""
    counts = case.audit.class_counts
    most = max(counts.values()) > LARGEST_SHARE * sum(counts.values())
    if not most or case.brief.weighs_mistakes or case.brief.data.separator is not None:
        return None
    for index, row in enumerate(case.evaluation.per_class):
        pointer = f"/evaluate/per_class/{index}"
        if row.n and isinstance(row.precision, NotAvailable):
            return say(
                "Say what it costs to miss ",
                quoted(row.label),
                " (",
                (count(row.n), f"{pointer}/n"),
                " row here" if row.n == 1 else " rows here",
                "): no answer names it. "
                "With its cost in headstart.toml ([mistakes.costs]) answers follow the cost.",
            )
    return None


def _pair(case: Case) -> Sentence | None:
    found = most_confused(case.evaluation.confusion)
    labels = case.evaluation.labels
    if found is None or max(found[:2]) >= len(labels) or _drowned(case):
        return None
    return say(
        "Look at ",
        quoted(labels[found[0]]),
        " answered as ",
        quoted(labels[found[1]]),
        " (",
        (count(found[2]), "/evaluate/confusion"),
        " times): define the two better, or merge them.",
    )


def _no_signal() -> Sentence:
    return say(
        "Do not build on this yet: check that the labels can be told from the input, then label "
        "more rows and run again."
    )


def _more_holdout(case: Case) -> Sentence | None:
    """The hold-out is too small to show what the folds show: a gain over the largest class."""
    found, against = case.estimate, case.evaluation.against_majority
    unclear = isinstance(against, Comparison) and against.verdict == "inconclusive"
    if not case.on_holdout or not unclear or not isinstance(found, Estimate):
        return None
    for index, one in enumerate(case.adapt.comparisons):
        if (one.a, one.b, one.verdict) != ("majority", case.adapt.chosen, "harms"):
            continue
        near, far = sorted((abs(one.low), abs(one.high)))
        gain = amount(case.metric, abs(one.difference), steps=case.steps)
        between = f"{difference(case.metric, near)} to {difference(case.metric, far)}"
        return say(
            "Label more hold-out rows, and run again: ",
            (count(found.n), case.estimate_pointer),
            " are too few to show the gain over the largest class that the folds show, ",
            (f"{gain} ({between})", f"/adapt/comparisons/{index}"),
            ".",
        )
    return None


def _by_rule(case: Case, rule: str) -> tuple[Sentence | None, ...]:
    if rule == "not-better-than-majority":
        return _more_holdout(case) or _no_signal(), _pair(case)
    if rule == "level-missed":
        return (
            _pair(case),
            say("Narrow the scope to the classes that work, label more rows, or lower the level."),
        )
    if rule == "worse-than-today":
        return (
            say("Keep today's process; label more training rows or try a larger backbone."),
            _pair(case),
        )
    if rule == "not-better-than-today":
        if not case.on_holdout:
            return (say("Label a hold-out file with today's answers, and name it with --holdout."),)
        return (
            say(
                "Label more hold-out rows that today's process has answered: that narrows the "
                "interval of the difference. Until then let a person check the answers."
            ),
            _pair(case),
        )
    if rule == "no-level-named":
        return _name_level(case), say("Until then let a person check the answers.")
    if rule == "level-not-certain":
        return _certainty(case), say("Until then let a person check the answers.")
    if rule == "latency-over-budget":
        lighter = "a smaller backbone" if case.adapt.approach == "frozen" else "a faster machine"
        return (say(f"Try {lighter}, or raise the latency budget."),)
    if rule == "limit-not-certified":
        return (
            say(
                "Label a hold-out file, or add rows to the one there is, and run again with "
                "--holdout: ",
                cause(case),
                ".",
            ),
            say("Until then let a person check every answer."),
        )
    if rule == "costly-without-certificate":
        return (
            say(
                "Name the largest share of wrong answers that may pass without a person (max_error "
                "in headstart.toml)."
            ),
            say("Until then let a person check the answers."),
        )
    if rule == "mostly-reviewed":
        return (
            say(
                "Label more training rows or try a larger backbone, so that more answers are sure "
                "enough; until then let the bundle mark what a person has to look at."
            ),
            _pair(case),
        )
    if rule == "certified":
        return (
            say(
                "Ship the bundle: it marks the answers below the threshold, which a person takes. "
                "Watch the first weeks with a sample of checked answers."
            ),
        )
    if rule == "costly-without-hold-out":
        return (say("Label a hold-out file and run again with --holdout."),)
    return (say("Ship the bundle, and watch the first weeks with a sample of checked answers."),)


def _approach(case: Case) -> Sentence | None:
    approach = case.adapt.approach
    if approach == "classical":
        return say(
            "Use the classical model in the bundle: no pretrained backbone credibly beats it by "
            "enough."
        )
    if approach == "zero-shot":
        return say("Use the generic model as it is: no training was worth it so far.")
    return None


def _thaw(case: Case) -> Sentence | None:
    """A rung that there was no time for."""
    ladder = case.adapt.ladder
    if isinstance(ladder, NotAvailable):
        return None
    for index, one in enumerate(ladder.outcomes):
        if one.needs_minutes is not None:
            return say(
                "Give thawing more time: ",
                quoted(one.rung),
                " was not tried; a budget of ",
                (count(one.needs_minutes), f"/adapt/ladder/outcomes/{index}/needs_minutes"),
                " minutes (--minutes) would let it be.",
            )
    return None


def _label_names(case: Case) -> Sentence | None:
    """Several names of one class, which no further label mends."""
    for index, one in enumerate(case.audit.findings):
        if one.check == "label-names":
            return say((one.advice.rstrip("."), f"/audit/findings/{index}/advice"), ".")
    return None


def _small(case: Case) -> Sentence | None:
    """Classes with too few rows, but for other names of a class."""
    names_of = Counter(map(spelling, case.audit.class_counts))
    small = [name for name in case.audit.small_classes if names_of[spelling(name)] == 1]
    if not small:
        return None
    pointer, column = "/audit/small_classes", case.brief.data.group_column
    collect = say("Collect more examples of ", names(tuple(small), pointer), ".")
    enough = 2 * case.audit.folds.k
    copied = tuple(name for name in small if case.audit.class_counts[name] >= enough)
    if not copied:
        return collect
    related = "copies of each other" if column is None else f"copies or of one '{column}'"
    return say(
        collect, " The rows of ", names(copied, pointer), f" are {related}: only others count."
    )


def _shares(case: Case) -> Sentence | None:
    """Rows that were labelled so many of each class."""
    if case.each_class is None:
        return None
    return say("Say how common each class is in use ([prevalence] in headstart.toml).")


MOST_LEVELS = 11
"""Labels, at most, that are taken for the steps of a scale."""


def looks_like_a_scale(labels: Sequence[str]) -> bool:
    """Whether the labels are three or more whole numbers that follow one another.

    >>> looks_like_a_scale(["1", "2", "3"]), looks_like_a_scale(["1", "2"])
    (True, False)
    """
    if not 3 <= len(labels) <= MOST_LEVELS or not all(one.isdecimal() for one in labels):
        return False
    numbers = sorted(int(one) for one in labels)
    return numbers == list(range(numbers[0], numbers[0] + len(numbers)))


def _order(case: Case) -> Sentence | None:
    """Labels that are numbers may be a scale, whose near mistakes are small."""
    data, labels = case.brief.data, case.evaluation.labels
    if data.order or data.separator is not None or not looks_like_a_scale(labels):
        return None
    return say(
        "The labels are numbers; if they are steps of a scale, name their order (--order), so that "
        "a near mistake counts less than a far one."
    )


def next_steps(case: Case, rule: str) -> tuple[Sentence, ...]:
    """What to do next, the first thing first."""
    found: list[Sentence | None] = [_label_names(case), _drowned(case), *_by_rule(case, rule)]
    if rule != "not-better-than-majority":
        found.append(_approach(case))
    found.append(_labels_for_transfer(case))
    found.append(_thaw(case))
    found.append(_order(case))
    found.append(_shares(case))
    found.append(_small(case))
    if isinstance(case.estimate, NotAvailable):
        found.append(say("Find out why the primary metric could not be measured."))
    return tuple(sentence for sentence in found if sentence)
