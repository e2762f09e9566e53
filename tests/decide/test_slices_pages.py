"""What the memo says of parts that are worse and of patterns of errors."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

from headstart.decide import memo_html, memo_markdown


def _plain(html: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())


def test_worse_parts_are_marked_and_a_risk(cases: Any) -> None:
    page = memo_html(cases["text-certified"].view)
    section = _plain(page.split('<section id="slices">')[1].split("</section>")[0])
    assert "channel is 'fax' worse 140 31.0% 24.0% to 39.0%" in section
    assert "Of the parts, 2 could be tested, 1 had too few rows" in section
    assert "worse in a part of the rows" in _plain(page.split('<nav class="toc"')[0])
    assert "| channel is 'fax' (**worse**) | 140 | 31.0%" in memo_markdown(
        cases["text-certified"].view
    )


def test_errors_stand_in_groups_and_doubted_labels_apart(cases: Any) -> None:
    page = memo_html(cases["text-certified"].view)
    section = _plain(page.split('<section id="patterns">')[1].split("</section>")[0])
    assert "508 of 3,080 answers are wrong. In 41 of them ( 8% ) the label itself" in section
    assert "Confused pair: one and another ( 120 )" in section
    assert "| label in doubt |  | 41 |" in memo_markdown(cases["text-certified"].view)


def test_a_run_that_did_not_look_has_no_chapter(cases: Any) -> None:
    page = memo_html(cases["text-helps"].view)
    assert 'id="patterns"' not in page
    assert "It is not known: parts were not looked at" in _plain(page)


def test_changed_inputs_stand_in_a_table_and_a_brittle_model_is_a_risk(cases: Any) -> None:
    page = memo_html(cases["text-certified"].view)
    section = _plain(page.split('<section id="stress">')[1].split("</section>")[0])
    assert "in 10 % of the words" in section.replace("10%", "10 %")
    assert "77.0% −7.0 −11.0 to −3.1 79.0% 0.820" in section
    assert "It is brittle: a mild change takes" in _plain(page.split('<nav class="toc"')[0])
    assert "What if the input gets worse?" in memo_markdown(cases["text-certified"].view)
