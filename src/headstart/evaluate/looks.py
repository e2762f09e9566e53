"""What is reported of rows that were looked at before: every interval and test is widened."""

from __future__ import annotations

from dataclasses import fields, is_dataclass, replace
from typing import Any, TypeVar

from headstart.stats import confidence_at_look
from headstart.types.brief import Brief
from headstart.types.result import Comparison, Estimate, HoldoutAnswers, NotAvailable

Report = TypeVar("Report")


def at_look(brief: Brief, openings: int) -> Brief:
    """The brief with the confidence of every interval and test at this opening of the hold-out.

    The level, its margin and what is certified stay as they are: a certificate divides its own
    risk (`certificate`).
    """
    confidence = confidence_at_look(brief.requirement.confidence, openings)
    return replace(brief, requirement=replace(brief.requirement, confidence=confidence))


def asked_level(brief: Brief) -> float | NotAvailable:
    """The required level as it stood when the hold-out was opened."""
    level = brief.requirement.level
    return NotAvailable("the brief named no level") if level is None else level


def noted(report: Report, looks: int, what: str = "openings of the hold-out") -> Report:
    """The report, in which every interval and test says that it pays for all looks."""
    if looks < 2:
        return report
    said = f", α divided by the {looks} {what}"

    def note(found: Any) -> Any:
        if isinstance(found, Estimate):
            return found if found.low is None else replace(found, method=found.method + said)
        if isinstance(found, Comparison):
            return replace(found, test=found.test + said)
        if isinstance(found, dict):
            return {key: note(one) for key, one in found.items()}
        if isinstance(found, tuple):
            return tuple(note(one) for one in found)
        if not is_dataclass(found) or isinstance(found, (type, HoldoutAnswers)):
            return found
        return replace(found, **{one.name: note(getattr(found, one.name)) for one in fields(found)})

    noticed: Report = note(report)
    return noticed
