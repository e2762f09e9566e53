"""Why: what was measured, said in sentences."""

from __future__ import annotations

from headstart.decide.case import Case
from headstart.decide.certificate import certificate_reason
from headstart.decide.sentences import (
    Sentence,
    capital,
    distance,
    estimate,
    folds,
    gap,
    quoted,
    say,
)
from headstart.decide.today import today_reason
from headstart.decide.words import count, exact_milliseconds
from headstart.metrics.words import difference, metric_name, metric_value, unit
from headstart.types.result import Comparison, NotAvailable

TRANSFER = "/adapt/transfer_comparison"


def basis(case: Case) -> str:
    """Where the deciding numbers come from."""
    return "hold-out" if case.on_holdout else "cross-validated"


def measured(case: Case) -> Sentence:
    """`hold-out accuracy is 83.5% (95% interval …)`."""
    found, name = case.estimate, metric_name(case.metric, steps=case.steps)
    if isinstance(found, NotAvailable):
        return say(f"{basis(case)} {name} is not known: ", (found.reason, case.estimate_pointer))
    return say(f"{basis(case)} {name} is ", estimate(case.metric, found, case.estimate_pointer))


def required(case: Case) -> Sentence:
    """`the required 80.0%`."""
    if case.level is None:
        return say("a required level")
    text = metric_value(case.metric, case.level)
    return say("the required ", (text, "/brief/requirement/level"))


def transfer_reason(case: Case) -> Sentence:
    """What the pretrained backbone is worth, with its test."""
    found = case.adapt.transfer_comparison
    if isinstance(found, NotAvailable):
        return say("Whether transfer helps cannot be said: ", (found.reason, TRANSFER), ".")
    head = {
        "helps": "Transfer helps: ",
        "harms": "Do not transfer: ",
        "inconclusive": "Not enough evidence for or against transfer: ",
    }[found.verdict]
    return say(
        head,
        quoted(found.a),
        " scores ",
        distance(found, TRANSFER, steps=case.steps),
        " than ",
        quoted(found.b),
        ", the best arm without a pretrained backbone (",
        gap(found, TRANSFER),
        "; ",
        folds(found, TRANSFER),
        ").",
        _power(case, found) if found.verdict == "inconclusive" else "",
    )


def _power(case: Case, found: Comparison) -> Sentence:
    if found.minimum_detectable is None:
        return say("")
    smallest = difference(found.metric, found.minimum_detectable).lstrip("+")
    return say(
        " With this many rows, only a true difference of ",
        (smallest, TRANSFER),
        f" {unit(found.metric, steps=case.steps)} or more would be found four times out of five.",
    )


def majority_reason(case: Case) -> Sentence | None:
    """The gain over always answering the largest class."""
    found = case.evaluation.against_majority
    if isinstance(found, NotAvailable) or case.adapt.approach == "majority":
        return None
    pointer = "/evaluate/against_majority"
    return say(
        capital(say(f"{case.baseline} is the least to beat: the chosen model scores ")),
        distance(found, pointer, steps=case.steps),
        " (",
        gap(found, pointer),
        ").",
    )


def latency_reason(case: Case) -> Sentence | None:
    """Whether the latency budget is kept; the measured time itself stands with the timings."""
    budget = case.brief.budget.latency_ms
    if budget is None:
        return None
    limit = (exact_milliseconds(budget), "/brief/budget/latency_ms")
    if isinstance(case.latency, NotAvailable):
        return say(
            "Whether the latency budget of ",
            limit,
            " is kept is not known: ",
            (case.latency.reason, "/package/latency_ms/p95"),
            ".",
        )
    kept = "within" if case.latency_kept else "over"
    return say("The measured p95 latency of one request is ", kept, " the budget of ", limit, ".")


def basis_reason(case: Case) -> Sentence | None:
    """Said whenever there is no hold-out."""
    if case.on_holdout:
        return None
    return say(
        "There were too few rows to seal a hold-out (",
        (count(case.evaluation.n), "/evaluate/n"),
        " usable rows), so cross-validated estimates decide.",
    )


def choice_reason(case: Case) -> Sentence:
    """Why this arm and no other; the adapt stage's own words stand with the evidence."""
    metric = case.adapt.metric
    margin = difference(metric, case.adapt.margin).lstrip("+")
    return say(
        quoted(case.adapt.chosen),
        " is the simplest arm over which no other arm gains credibly, and at least ",
        (margin, "/adapt/margin"),
        f" {unit(metric, steps=case.steps)}.",
    )


def evidence_reasons(case: Case) -> tuple[Sentence, ...]:
    """What stands behind the ship rule, the weightiest first."""
    found = (
        transfer_reason(case),
        certificate_reason(case),
        choice_reason(case),
        majority_reason(case),
        today_reason(case),
        basis_reason(case),
        latency_reason(case),
    )
    return tuple(sentence for sentence in found if sentence)
