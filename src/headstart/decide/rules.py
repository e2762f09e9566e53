"""The ship rules: an ordered table, the first rule that applies decides."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from headstart.decide.case import Case
from headstart.decide.certificate import cause, in_scope, limit, reviewed
from headstart.decide.reasons import evidence_reasons, measured, required
from headstart.decide.risks import risks
from headstart.decide.sentences import Sentence, capital, plain, say
from headstart.decide.steps import next_steps
from headstart.decide.today import TODAY, TODAY_POINTER, today_gap
from headstart.types.adapt import AdaptReport
from headstart.types.artifact import PackageReport
from headstart.types.brief import Brief
from headstart.types.data import AuditReport, CheckOutcome
from headstart.types.model import FittedModel, Scorecard
from headstart.types.result import Decision, EvaluationReport, NotAvailable, ShipVerdict

RULES_VERSION = "3"

HEADS = {
    "majority": "class shares",
    "zero-shot": "label names",
    "classical": "logistic regression",
    "frozen": "logistic regression",
    "adapted": "logistic regression",
}
"""The head of each approach, where the fitted model itself is not at hand."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One line of the table."""

    name: str
    ship: ShipVerdict
    applies: Callable[[Case], bool]
    says: Callable[[Case], Sentence]


def _not_better(case: Case) -> Sentence:
    against, least = case.evaluation.against_majority, case.baseline
    if case.adapt.approach == "majority":
        return say(f"No arm is worth more than {least}.")
    if isinstance(against, NotAvailable):
        return say(
            f"The model could not be shown to be better than {least}: ",
            (against.reason, "/evaluate/against_majority"),
            ".",
        )
    worse = " It is credibly worse." if against.verdict == "harms" else ""
    return say(
        capital(measured(case)),
        f", which is not credibly better than {least}.",
        worse,
    )


def _missed(case: Case) -> Sentence:
    return say(capital(measured(case)), ": the whole interval misses ", required(case), ".")


def _worse_than_today(case: Case) -> Sentence:
    return say(
        capital(measured(case)),
        ", and today's process is credibly better: on the rows that it answers the model scores ",
        today_gap(case),
        ".",
    )


def _not_better_than_today(case: Case) -> Sentence:
    found = case.against_today
    if isinstance(found, NotAvailable):
        return say(
            capital(measured(case)),
            ", but it is not known whether it is better than today's process: ",
            (found.reason, TODAY_POINTER if case.todays else TODAY),
            ".",
        )
    return say(
        capital(measured(case)),
        ", but it is not credibly better than today's process: on the rows that it answers the "
        "model scores ",
        today_gap(case),
        ".",
    )


def _no_level(case: Case) -> Sentence:
    return say(
        capital(measured(case)),
        f", credibly better than {case.baseline}, but the brief names no required level.",
    )


def _uncertain(case: Case) -> Sentence:
    if isinstance(case.estimate, NotAvailable) or case.bounds is None:
        return say("Whether ", required(case), " is met cannot be said: ", measured(case), ".")
    return say(
        capital(measured(case)),
        f", credibly better than {case.baseline}; ",
        required(case),
        " lies inside the interval, so meeting it is not certain.",
    )


def _good(case: Case) -> Sentence:
    """`Hold-out accuracy is … and meets the required …`, without a level only the first half."""
    found = capital(measured(case))
    return found if case.level is None else say(found, " and meets ", required(case))


def _slow(case: Case) -> Sentence:
    if isinstance(case.latency, NotAvailable):
        return say(
            _good(case),
            ", but a latency budget is named and latency could not be measured: ",
            (case.latency.reason, "/package/latency_ms/p95"),
            ".",
        )
    return say(_good(case), ", but the latency budget is broken.")


def _high_cost(case: Case) -> Sentence:
    return say(_good(case), ", but a failure is costly and no hold-out confirmed it.")


def _uncertified(case: Case) -> Sentence:
    return say(
        capital(measured(case)),
        ", but that ",
        limit(case),
        f" of the answers given without a person{in_scope(case, ' to cases')} are wrong ",
        cause(case),
        ".",
    )


def _high_cost_uncertified(case: Case) -> Sentence:
    return say(
        _good(case),
        ", but a failure is costly, and the brief names no largest share of wrong answers "
        "(max_error) that could be certified.",
    )


def _mostly_reviewed(case: Case) -> Sentence:
    return say(
        _good(case), ", but to keep to ", limit(case), " wrong answers, ", reviewed(case),
        " of the cases go to a person: more than half.",
    )  # fmt: skip


def _certified(case: Case) -> Sentence:
    return say(
        _good(case),
        ", and it is certified that ",
        limit(case),
        f" of the answers it gives without a person{in_scope(case, ' to cases')} are wrong; ",
        reviewed(case),
        " of the cases go to a person.",
    )


def _met(case: Case) -> Sentence:
    return say(
        capital(measured(case)),
        ": even the pessimistic end of the interval meets ",
        required(case),
        ".",
    )


RULES: tuple[Rule, ...] = (
    Rule("not-better-than-majority", "no", lambda case: not case.beats_majority, _not_better),
    Rule("level-missed", "no", lambda case: case.level_missed, _missed),
    Rule("worse-than-today", "no", lambda case: case.worse_than_today, _worse_than_today),
    Rule(
        "not-better-than-today",
        "with-review",
        lambda case: not case.better_than_today,
        _not_better_than_today,
    ),
    Rule(
        "limit-not-certified",
        "with-review",
        lambda case: case.limit_named and case.certificate is None,
        _uncertified,
    ),
    Rule(
        "no-level-named",
        "with-review",
        lambda case: case.level is None and case.certificate is None,
        _no_level,
    ),
    Rule(
        "level-not-certain",
        "with-review",
        lambda case: case.level is not None and not case.level_met,
        _uncertain,
    ),
    Rule("latency-over-budget", "with-review", lambda case: case.latency_kept is False, _slow),
    Rule("costly-without-hold-out", "with-review", lambda case: case.needs_holdout, _high_cost),
    Rule(
        "costly-without-certificate",
        "with-review",
        lambda case: case.needs_certificate,
        _high_cost_uncertified,
    ),
    Rule("mostly-reviewed", "with-review", lambda case: case.mostly_reviewed, _mostly_reviewed),
    Rule("certified", "yes", lambda case: case.certificate is not None, _certified),
    Rule("level-met", "yes", lambda case: True, _met),
)


def ship_rule(case: Case) -> Rule:
    """The first rule that applies; the last one always does."""
    return next(rule for rule in RULES if rule.applies(case))


def _chosen(case: Case) -> dict[str, Any]:
    arm, card, approach = case.chosen, case.scorecard, case.adapt.approach
    return {
        "arm": case.adapt.chosen,
        "description": arm.describe if arm else "",
        "backbone": arm.backbone if arm else None,
        "weights_sha256": card.weights_sha256 if card else None,
        "head": case.model.head if case.model else HEADS.get(approach, approach),
        "settings": dict(case.model.settings) if case.model else {},
    }


def _pieces(sentences: tuple[Sentence, ...]) -> list[list[list[str]]]:
    return [[[text, source] for text, source in sentence if text] for sentence in sentences]


def decide(
    brief: Brief,
    audit: AuditReport,
    adapt: AdaptReport,
    evaluation: EvaluationReport,
    package: PackageReport,
    scorecards: Iterable[Scorecard],
    model: FittedModel | None = None,
    checks: Iterable[CheckOutcome] = (),
) -> Decision:
    """The recommendation that follows from the evidence, by the rules of `RULES_VERSION`.

    scorecards: of the backbones that were tried. model: the fitted model, for its head's settings.
    checks: of the data; what is serious becomes a risk.
    Sentences hold no clock readings, so that they are the same on every run.
    """
    lent = (tuple(scorecards), model, tuple(checks))
    case = Case(brief, audit, adapt, evaluation, package, *lent)
    rule = ship_rule(case)
    sentences = {
        "reasons": (rule.says(case), *evidence_reasons(case)),
        "risks": risks(case),
        "next_steps": next_steps(case, rule.name),
    }
    return Decision(
        transfer=adapt.transfer,
        approach=adapt.approach,
        ship=rule.ship,
        reasons=tuple(plain(sentence) for sentence in sentences["reasons"]),
        risks=tuple(plain(sentence) for sentence in sentences["risks"]),
        next_steps=tuple(plain(sentence) for sentence in sentences["next_steps"]),
        chosen=_chosen(case),
        rule=rule.name,
        rules_version=RULES_VERSION,
        cited={name: _pieces(found) for name, found in sentences.items()},
    )
