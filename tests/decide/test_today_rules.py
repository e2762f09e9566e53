"""Today's process holds back a model that is not credibly better."""

from __future__ import annotations

import html
import re
from dataclasses import replace
from typing import Any

import jsonschema
import pytest

from headstart.decide import decision_json, decision_schema, memo_html, memo_markdown
from headstart.decide.readiness import readiness_text
from headstart.types.readiness import Answers
from headstart.types.result import Comparison, Estimate, NotAvailable, TodayReport


def against(base: Any, low: float, high: float, **more: Any) -> Any:
    """The case with today's process `low` to `high` below the model."""
    verdict: Any = "helps" if low > 0 else "harms" if high < 0 else "inconclusive"
    middle = (low + high) / 2
    shown = Comparison(
        "frozen", "today's process", "accuracy", middle, low, high, 0.03,
        "McNemar's exact test; Newcombe's paired interval", 3000, 1, 1, verdict,
    )  # fmt: skip
    share = Estimate(0.8, 0.78, 0.82, 3000, "Wilson")
    none = NotAvailable("the brief names no costs of mistakes")
    report = TodayReport(share, share, share, none, none, shown, **more)
    return named(base, report)


def named(base: Any, report: Any) -> Any:
    brief = replace(base.brief, data=replace(base.brief.data, current="agent"))
    return replace(base, brief=brief, evaluation=replace(base.evaluation, today=report))


@pytest.mark.parametrize(
    ("low", "high", "ship", "rule"),
    [
        (0.01, 0.05, "yes", "level-met"),
        (-0.01, 0.05, "with-review", "not-better-than-today"),
        (-0.05, -0.01, "no", "worse-than-today"),
    ],
)
def test_the_model_against_todays_process(
    cases: Any, low: float, high: float, ship: str, rule: str
) -> None:
    case = against(cases["text-helps"], low, high)
    found = case.decision
    assert (found.ship, found.rule) == (ship, rule)
    if ship != "yes":
        assert "today's process" in found.reasons[0]
        sources = [source for _, source in found.cited["reasons"][0]]
        assert "/evaluate/today/difference" in sources
    assert any(reason.startswith("Today's process (column ‘agent’)") for reason in found.reasons)


def test_an_unknown_comparison_is_not_yes(cases: Any) -> None:
    found = named(cases["text-helps"], NotAvailable("there is none")).decision
    assert (found.ship, found.rule) == ("with-review", "not-better-than-today")
    assert "there is none" in found.reasons[0]


def test_a_case_without_the_column_is_as_before(cases: Any) -> None:
    found = cases["text-helps"].decision
    assert found.ship == "yes"
    assert not any("oday's process" in reason for reason in found.reasons)


def test_the_chapter_has_the_reason_where_nothing_was_compared(cases: Any) -> None:
    view = named(cases["text-helps"], NotAvailable("there is no hold-out")).view
    for page in (memo_html(view), memo_markdown(view)):
        assert "It is not known: " in page.split("Is it better than today?")[1]
    assert 'id="today"' not in memo_html(cases["text-helps"].view)


def test_document_memo_and_readiness_tell_it(cases: Any) -> None:
    case = against(cases["text-helps"], -0.05, -0.01, strange=3, strange_answers=("unsure",))
    document = decision_json(case.view)
    jsonschema.Draft202012Validator(decision_schema()).validate(document)
    today = document["holdout"]["today"]
    assert (today["column"], today["strange"]) == ("agent", 3)
    assert today["difference"]["verdict"] == "harms"
    for page in (memo_html(case.view), memo_markdown(case.view)):
        assert "unsure" in page
        assert "are no label and count as wrong" in page
        assert "Is it better than today?" in page
        assert "−3.0" in page.split("The model less today")[1][:200]
    assert "Does it beat today's process?" in readiness_text(case.view, Answers())


def test_the_table_has_both_on_answered_and_on_all_rows(cases: Any) -> None:
    view = cases["text-certified"].view
    section = memo_html(view).split('<section id="today">')[1].split("</section>")[0]
    said = re.sub(r"<[^>]+>", "", section)
    for text in (
        "Today (agent)", "95.8%", "78.0% 76.5% to 79.5%", "83.5% 82.1% to 84.8%", "74.7%", "0.241",
        "0.187", "accuracy: +5.5 points (+3.6 to +7.4, p", "2,950 rows; McNemar's exact test",
        "12 answers are no label",
    ):  # fmt: skip
        assert text in html.unescape(said), text
    assert "| Accuracy, all rows | 74.7%" in memo_markdown(view)
