"""What the memo and decision.json say of a certificate."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from headstart.decide import decision_json, memo_html, memo_markdown


def test_the_memo_has_the_certificate_as_a_table(cases: Any) -> None:
    page = memo_html(cases["text-certified"].view)
    section = page.split('<section id="certificate">')[1].split("</section>")[0]
    said = re.sub(r"<[^>]+>", "", section)
    for text in ("at most 2% wrong", "0.8125", "80.0%", "78.5%", "81.4%", "20.0%", "31 of 2,464"):
        assert text in said, text
    assert "1.7%" in said
    assert "least sure" in page
    base = cases["text-certified"]
    data = replace(base.brief.data, out_of_scope="none of these")
    flags = replace(base, brief=replace(base.brief, data=data))
    assert "fit to ship, with 20.0% of the cases sent to people" in memo_markdown(flags.view)
    assert '<a href="#certificate">' in page
    markdown = memo_markdown(cases["text-certified"].view)
    assert "## May it answer alone?" in markdown
    assert "| Share that goes to a person | 20.0% | " in markdown


def test_the_classes_have_certificates_of_their_own(cases: Any) -> None:
    page = memo_html(cases["text-certified"].view)
    said = re.sub(
        r"<[^>]+>", " ", page.split('<section id="certificate">')[1].split("</section>")[0]
    )
    said = " ".join(said.split())
    assert "0.9000 70.0% 0 of 28" in said
    assert "1 of the 2 classes cannot be certified" in said
    assert "1 of the 2 classes cannot be" in memo_markdown(cases["text-certified"].view)


def test_a_refusal_says_what_is_missing(cases: Any) -> None:
    for text in (memo_html(cases["text-refused"].view), memo_markdown(cases["text-refused"].view)):
        assert "every answer goes to a person" in re.sub(r"<[^>]+>", "", text)
        assert "1,234" in text


def test_without_a_limit_there_is_no_section(cases: Any) -> None:
    assert "May it answer alone" not in memo_html(cases["text-helps"].view)
    assert "May it answer alone" not in memo_markdown(cases["text-helps"].view)


def test_the_document_carries_it(cases: Any) -> None:
    document = decision_json(cases["text-certified"].view)
    found = document["holdout"]["certificate"]
    assert (found["threshold"], found["limit"], found["confidence"]) == (0.8125, 0.02, 0.95)
    assert (found["coverage"], found["upper"], found["n"]) == (0.8, 0.0168, 3080)
    assert "/holdout/certificate/threshold" in document["ledger"]
    refused = decision_json(cases["text-refused"].view)["holdout"]["certificate"]
    assert "1,234 more" in refused["unavailable"]
    plain = decision_json(cases["text-helps"].view)["holdout"]["certificate"]
    assert "max_error" in plain["unavailable"]


def test_the_cost_of_mistakes_is_said_with_both_accuracies(cases: Any) -> None:
    said = re.sub(r"<[^>]+>", "", memo_html(cases["text-certified"].view))
    assert (
        "mistakes cost 0.412 a case (0.371 to 0.455) by the most probable answer and 0.347" in said
    )
    assert "one answer for all would cost 1.04." in said
    assert "Accuracy is 83.5% by the first and 82.1% by the second" in said
    document = decision_json(cases["text-certified"].view)
    assert document["holdout"]["costs"]["difference"]["value"] == -0.065
    assert "/holdout/costs/difference/value" in document["ledger"]


def test_costs_that_are_not_known_are_said_only_where_some_are_named(cases: Any) -> None:
    named, plain = memo_html(cases["text-helps"].view), memo_html(cases["image-harms"].view)
    assert "cost of mistakes is not known" in named
    assert "cost of mistakes" not in plain
