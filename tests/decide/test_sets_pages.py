"""What the memo, decision.json and the risks say of prediction sets."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import jsonschema

from headstart.decide import decision_json, memo_html, memo_markdown
from headstart.decide.schema import decision_schema
from headstart.types.result import Estimate, NotAvailable


def changed(base: Any, found: Any) -> Any:
    return replace(base, evaluation=replace(base.evaluation, prediction_sets=found))


def _chapter(page: str) -> str:
    section = page.split('<section id="sets">')[1].split("</section>")[0]
    return re.sub(r"<[^>]+>", "", section)


def test_the_memo_has_the_numbers_and_the_sizes(cases: Any) -> None:
    view = cases["text-certified"].view
    said = _chapter(memo_html(view))
    for text in (
        "0.1235 or more", "for 90% of the cases", "84.7% 83.4% to 86.0%", "1.73", "50.0%", "2.5%",
        "5 or more", "10,003 training rows", "Clopper–Pearson", "90.9%",
    ):  # fmt: skip
        assert text in said, text
    markdown = memo_markdown(view)
    assert "## Which labels may it be?" in markdown
    assert "| 1 | 1,540 | 1,400 | 90.9% |" in markdown


def test_sets_that_hold_too_rarely_are_a_risk(cases: Any) -> None:
    base = cases["text-certified"]
    risk = "Prediction sets should hold the true label for 90% of the cases, and do for 84.7% of"
    assert any(one.startswith(risk) for one in base.decision.risks)
    fine = replace(
        base.evaluation.prediction_sets,
        coverage=Estimate(0.896, 0.885, 0.907, 3080, "Clopper–Pearson"),
    )
    assert not any("Prediction sets" in one for one in changed(base, fine).decision.risks)


def test_without_sets_there_is_a_reason_or_no_chapter(cases: Any) -> None:
    assert 'id="sets"' not in memo_html(cases["text-helps"].view)
    base = cases["text-certified"]
    why = NotAvailable("there is no hold-out to measure their coverage on")
    assert "There are none: there is no hold-out" in _chapter(memo_html(changed(base, why).view))
    document = decision_json(changed(base, why).view)["holdout"]["prediction_sets"]
    assert document == {"unavailable": why.reason}


def test_decision_json_has_them(cases: Any) -> None:
    found = decision_json(cases["text-certified"].view)["holdout"]["prediction_sets"]
    assert (found["level"], found["threshold"]) == (0.9, 0.12345)
    assert found["coverage"]["value"] == 2610 / 3080
    assert found["n_reference"] == 10003
    jsonschema.validate(decision_json(cases["text-certified"].view), decision_schema())
