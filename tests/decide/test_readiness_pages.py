"""Readiness and interview pages: filled from the ledger, gaps first, every number traced."""

from __future__ import annotations

import re
import runpy
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from headstart.decide import (
    KEYS,
    interview_html,
    interview_markdown,
    readiness_html,
    readiness_markdown,
    readiness_text,
)
from headstart.types.data import Finding
from headstart.types.ledger import LedgerView
from headstart.types.readiness import Answers
from headstart.types.result import Estimate, OutsideReport

memo = runpy.run_path(str(Path(__file__).with_name("test_memo_html.py")))
Page, link, says, unlinked = (memo[name] for name in ("Page", "link", "says", "unlinked"))
NOBODY = Answers()
PAGES = {
    "readiness": lambda view: readiness_html(view, NOBODY),
    "interview": interview_html,
}


def states(view: LedgerView, answers: Answers = NOBODY) -> dict[str, str]:
    """Key -> state, read off the page."""
    page = readiness_html(view, answers).split("<h2>Model selection</h2>")[1]
    found = re.findall(r'<tr class="(\w+)">.*?<span class="mono muted">(\w+)</span>', page)
    return {key: state for state, key in found}


def line(view: LedgerView, key: str, answers: Answers = NOBODY) -> str:
    page = readiness_html(view, answers).split("<h2>Model selection</h2>")[1]
    return next(part for part in page.split("<tr ") if f">{key}</span>" in part)


def cell(view: LedgerView, key: str, answers: Answers = NOBODY) -> str:
    """What is known on a line."""
    return re.sub(r"<[^>]+>", "", line(view, key, answers).split("<td>")[1])


@pytest.mark.parametrize("which", PAGES)
def test_every_number_is_a_link_to_a_row_that_says_it(which: str, reports: Any) -> None:
    rows = {row.id: row.value for row in reports.rows()}
    page = Page(PAGES[which](LedgerView(reports.rows())))
    assert list(unlinked(page)) == []
    linked = 0
    for text, around in page.texts:
        found = link(around)
        if found is None:
            continue
        target = found["href"][1:]
        assert target in page.anchors
        assert says(text, rows[int(target[1:])]), f"{text} is not in {rows[int(target[1:])]}"
        linked += 1
    assert linked > 12
    ids = [attrs["id"] for _, attrs in page.tags if "id" in attrs]
    assert len(ids) == len(set(ids))


def test_what_the_run_measured_is_filled_in(cases: Any) -> None:
    view = cases["text-certified"].view
    found = states(view)
    assert set(found) <= set(KEYS)
    for key in ("frozen_baseline", "simple_baselines", "transfer_tested", "leakage_checked",
                "sealed_holdout", "opened_once", "calibration_checked", "cost_of_mistakes",
                "answers_alone", "bundle_checked"):  # fmt: skip
        assert found[key] == "done", key
    for key in ("production_like", "rollback_rehearsed", "monitoring", "permission"):
        assert found[key] == "asked", key
    assert "not yet" in cell(view, "rollback_rehearsed")
    assert "8.1% (6.2% to 9.7%)" in cell(view, "calibration_checked")
    assert "nothing was thawed" in cell(view, "frozen_baseline")


def test_what_was_measured_and_is_wrong_is_a_gap(cases: Any) -> None:
    cross = cases["text-inconclusive"]
    found = states(cross.view)
    assert found["sealed_holdout"] == found["rows_in_each_class"] == "gap"
    assert "opened_once" not in found
    refused = states(cases["text-refused"].view)
    assert refused["answers_alone"] == "gap"
    assert "Add hold-out rows and run again" in line(cases["text-refused"].view, "answers_alone")
    assert "Set requirement.max_error" in line(cases["text-helps"].view, "answers_alone")
    image = cases["image-harms"]
    assert states(image.view)["opened_once"] == "gap"
    assert states(image.view)["serious_findings"] == "gap"
    slow = replace(image.brief, budget=replace(image.brief.budget, latency_ms=0.5))
    assert states(replace(image, brief=slow).view)["latency"] == "gap"
    fast = replace(image.brief, budget=replace(image.brief.budget, latency_ms=500.0))
    assert states(replace(image, brief=fast).view)["latency"] == "done"
    required = replace(image.brief, requirement=replace(image.brief.requirement, level=0.84))
    assert states(replace(image, brief=required).view)["level_reached"] == "gap"
    required = replace(image.brief, requirement=replace(image.brief.requirement, level=0.5))
    assert states(replace(image, brief=required).view)["level_reached"] == "done"


def test_groups_of_near_duplicates_are_counted(cases: Any) -> None:
    base = cases["text-helps"]
    copies = Finding("near-duplicates", 0.1, "4 rows repeat another row nearly", "Few.",
                     numbers={"groups": 3, "copies": 4})  # fmt: skip
    audit = replace(base.audit, findings=(copies,))
    assert "yes, 3 groups kept on one side" in cell(
        replace(base, audit=audit).view, "leakage_checked"
    )


def test_cases_that_are_none_of_the_classes(cases: Any) -> None:
    base = cases["text-helps"]
    assert states(base.view)["out_of_scope"] == "asked"
    share = Estimate(0.71, 0.66, 0.75, 400, "Wilson")
    found = OutsideReport("energy", 3080, 400, share, share, share, 0.9, share, ())
    view = replace(base, evaluation=replace(base.evaluation, outside=found)).view
    assert states(view)["out_of_scope"] == "done"
    assert "71.0% (66.0% to 75.0%) of them" in cell(view, "out_of_scope")
    assert "without a person" not in cell(view, "out_of_scope")
    alone = replace(found, alone=Estimate(0.12, 0.09, 0.16, 400, "Wilson"))
    view = replace(base, evaluation=replace(base.evaluation, outside=alone)).view
    assert "answers 12.0% (9.0% to 16.0%) without a person" in cell(view, "out_of_scope")


def test_an_answer_settles_what_was_asked_and_never_what_was_measured(cases: Any) -> None:
    view = cases["image-harms"].view
    said = Answers(
        {
            "monitoring": "Ana, every morning",
            "rollback_rehearsed": "not before May",
            "production_like": "No <b>idea</b>",
            "opened_once": "that is fine",
            "permission": "notarised by the board",
        },
        {"monitoring": "Ben"},
        "Ana",
    )
    found = states(view, said)
    assert found["monitoring"] == found["permission"] == "answered"
    assert found["rollback_rehearsed"] == found["production_like"] == found["opened_once"] == "gap"
    page = readiness_html(view, said)
    assert "<b>idea</b>" not in page
    assert "that is fine" in page
    gaps = page.split('<section id="gaps">')[1].split("</section>")[0]
    assert re.findall(r'<tr class="(\w+)">', gaps) == sorted(
        re.findall(r'<tr class="(\w+)">', gaps), key=["gap", "asked"].index
    )
    assert "monitoring" not in re.findall(r'mono muted">(\w+)<', gaps)
    assert "<b><bdi>Ana</bdi></b>: Take new rows" in gaps
    assert "nobody yet" not in page
    assert "nobody yet" in readiness_html(view, NOBODY)


def test_without_gaps_it_is_ready(cases: Any) -> None:
    view = cases["text-certified"].view
    every = Answers(dict.fromkeys(KEYS, "yes"))
    open_ = [key for key, state in states(view, every).items() if state == "gap"]
    page = readiness_html(view, every)
    assert ("Not ready yet" in page) == bool(open_)
    assert readiness_text(view, every).count("gap  ") == len(open_)
    for key in open_:
        assert f"gap  {key}: " in readiness_text(view, every)


@pytest.mark.parametrize("made", [readiness_markdown, interview_markdown])
def test_markdown_cites_rows_that_it_lists(made: Any, reports: Any) -> None:
    view = reports.view
    text = made(view, NOBODY) if made is readiness_markdown else made(view)
    body, ledger = text.split("## Ledger")
    cited = set(re.findall(r"(?<![-\w])L\d+\b(?!-)", body))
    listed = set(re.findall(r"^\| (L\d+) \|", ledger, re.MULTILINE))
    assert cited
    assert cited <= listed
    assert "\n\n\n" not in text


def test_the_interview_has_five_areas_with_the_pilots_figures(cases: Any) -> None:
    text = interview_markdown(cases["text-certified"].view)
    areas = ["Judgement of transfer", "Training workflow", "Data quality", "Failure analysis",
             "Production thinking"]  # fmt: skip
    assert [line[3:] for line in text.splitlines() if line.startswith("## ")] == [*areas, "Ledger"]
    for word in ("- Good: ", "- Fair: ", "- Poor: ", "Rating: ☐ 1 ☐ 2 ☐ 3 ☐ 4", "Notes:"):
        assert text.count(word) == len(areas), word
    assert "20.0% of the cases go to people" in text
    page = interview_html(cases["text-certified"].view)
    assert page.count('class="notes"') == page.count('aria-label="Rating') == len(areas)


def test_the_interview_shows_no_row_of_the_data(cases: Any) -> None:
    reports = cases["text-helps"]
    page = interview_html(reports.view) + interview_markdown(reports.view)
    for error in reports.evaluation.errors:
        assert error.value[:30] not in page
        assert error.place not in page
    for thumbnail in cases["image-harms"].thumbnails:
        assert thumbnail not in interview_html(cases["image-harms"].view)


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("which", PAGES)
def test_it_fits_the_screen_and_asks_nobody(
    which: str, width: int, hostile_reports: Any, site: Any, tmp_path: Path
) -> None:
    content = PAGES[which](hostile_reports.view)
    assert "<script>" not in content
    site.pages["/memo.html"] = content
    site.pages["/"] = site.around(width)
    page, log = site.browse(tmp_path)
    found = re.search(r"measured (\d+) wide: (.*?)</pre>", page, re.DOTALL)
    assert found, page[-500:]
    assert int(found[1]) <= width, found[2]
    assert found[2].strip() == ""
    assert set(site.asked) <= {"/", "/memo.html", "/favicon.ico"}
    assert "CONSOLE" not in log
