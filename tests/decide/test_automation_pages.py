"""What the memo says of the share that should be automated."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from headstart.decide import decision_json, memo_html, memo_markdown
from headstart.types.result import NotAvailable


def _plain(html: str) -> str:
    return re.sub(r"<[^>]+>", "", html)


def test_the_curve_its_best_point_and_the_sentence(cases: Any) -> None:
    page = memo_html(cases["text-certified"].view)
    section = page.split('<section id="automation">')[1].split("</section>")[0]
    said = _plain(section)
    assert "from a probability of 0.4500 on: 55.0% of the cases without a person" in said
    assert "a person for every case 0.5" in said
    points = re.search(r'<polyline class="curve" points="([^"]+)"', section)
    assert points is not None
    assert len(points[1].split()) == 21
    assert points[1].split()[0].startswith("0.0,")
    assert points[1].split()[-1].startswith("520.0,")
    assert '<circle class="dot" cx="286.0"' in section  # 520 · 0.55
    assert "55.0% of the cases without a person" in _plain(page.split('<nav class="toc"')[0])
    markdown = memo_markdown(cases["text-certified"].view)
    assert "| 0.4500 (**cheapest**) | 55.0% |" in markdown


def test_without_a_cost_of_a_review_there_is_no_chapter(cases: Any) -> None:
    page = memo_html(cases["text-helps"].view)
    assert 'id="automation"' not in page
    assert "unavailable" in decision_json(cases["text-helps"].view)["holdout"]["automation"]


def test_why_there_is_no_curve(cases: Any) -> None:
    base = cases["text-certified"]
    why = NotAvailable("no row is left that may decide")
    none = replace(base, evaluation=replace(base.evaluation, automation=why))
    page = memo_html(none.view)
    assert "It is not known: no row is left that may decide" in _plain(page)
    assert "With reviews counted" not in page


def test_the_document_carries_it(cases: Any) -> None:
    document = decision_json(cases["text-certified"].view)
    found = document["holdout"]["automation"]
    assert (found["chosen"], found["review"], found["share"]["value"]) == (0.45, 0.5, 0.55)
    calibration = document["holdout"]["calibration"]
    assert calibration["error"]["value"] == 0.081
    assert calibration["sure_from"] == 0.9
