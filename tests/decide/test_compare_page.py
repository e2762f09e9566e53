"""Two runs side by side: every number traced, fits a phone, says what to mind."""

from __future__ import annotations

import json
import re
import runpy
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from headstart.decide import ComparedRuns, compare_html, compare_json, compare_text
from headstart.types.comparison import CommonRows, PairedAnswers, PairedRuns
from headstart.types.ledger import LedgerRow, LedgerView, flatten
from headstart.types.result import Comparison, Estimate, NotAvailable

memo = runpy.run_path(str(Path(__file__).with_name("test_memo_html.py")))
Page, link, says, unlinked = (memo[name] for name in ("Page", "link", "says", "unlinked"))
BASE = 10_000
PAIRED = PairedRuns(
    metric="accuracy",
    metric_reason="both runs were decided by it",
    better="a",
    rows=CommonRows(3080, 3000, 2950, 2900, 130, 50, False),
    right=PairedAnswers(2300, 200, 120, 280),
    differences={
        "accuracy": Comparison("one", "two", "accuracy", 0.0276, 0.0152, 0.0401, 0.00002,
                               "McNemar's exact test", 2900, 1, 1, "helps"),
        "log_loss": Comparison("one", "two", "log_loss", -0.031, -0.07, 0.01, 0.124,
                               "permutation test", 2900, 1, 1, "inconclusive"),
        "cost": NotAvailable("the two briefs do not name the same costs of mistakes"),
    },
    of_a={"accuracy": Estimate(0.8621, 0.849, 0.8741, 2900, "Wilson"),
          "log_loss": Estimate(0.512, 0.49, 0.534, 2900, "BCa")},
    of_b={"accuracy": Estimate(0.8345, 0.8205, 0.8476, 2900, "Wilson"),
          "log_loss": Estimate(0.543, 0.52, 0.566, 2900, "BCa")},
)  # fmt: skip


def compared(
    first: Any, second: Any, paired: Any = PAIRED, names: tuple[str, str] = ("one", "two")
) -> ComparedRuns:
    own = [
        LedgerRow(2 * BASE + i, at, value, {"code": "c"}, "")
        for i, (at, value) in enumerate(flatten(paired, "/compare"))
    ]
    return ComparedRuns(
        names, (first.view, LedgerView(second.rows(BASE + 1))), LedgerView(own), BASE
    )


@pytest.fixture
def runs(cases: Any) -> ComparedRuns:
    return compared(cases["text-certified"], cases["text-helps"])


def test_every_number_is_a_link_to_a_row_that_says_it(runs: ComparedRuns) -> None:
    rows = {row.id: row.value for view in (*runs.views, runs.paired) for row in view.rows}
    page = Page(compare_html(runs))
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
    assert linked > 60
    ids = [attrs["id"] for _, attrs in page.tags if "id" in attrs]
    assert len(ids) == len(set(ids))


def test_each_column_shows_its_own_run(runs: ComparedRuns, cases: Any) -> None:
    text = re.sub(r"\s+", " ", compare_text(runs))
    assert "one answers better. Accuracy: one 86.2% (84.9% to 87.4%)" in text
    assert "+2.8 points (+1.5 to +4.0), p < 0.001, on 2,900 common rows" in text
    assert "one alone is right on 200 rows, two alone on 120" in text
    assert "130 only in one, 50 only in two" in text
    assert "alone from a probability of" in text
    assert "0.8125" in text
    page = compare_html(runs)
    cells = page.split('<th scope="row">Certificate</th>')[1].split("</tr>")[0].split("</td>")
    assert "0.8125" in cells[0]
    assert "names no largest share" in cells[1]
    assert max(map(len, compare_text(runs).splitlines())) <= 100


def test_it_says_what_to_mind(cases: Any) -> None:
    first, second = cases["text-helps"], cases["image-harms"]
    again = replace(second, evaluation=replace(second.evaluation, openings=4))
    same = replace(PAIRED, rows=replace(PAIRED.rows, same=True), better="neither",
                   metric_reason="the two runs were decided by different metrics")  # fmt: skip
    text = re.sub(r"\s+", " ", compare_text(compared(first, again, same)))
    assert "Not enough evidence that either answers better." in text
    assert "two opened its hold-out 4 times" in text
    assert "one opened its hold-out" not in text
    assert "Both runs looked at the same hold-out." in text
    assert "trained on different data" in text
    assert "because the two runs were decided by different metrics" in text
    plain = compare_text(compared(first, first))
    for said in ("opened its hold-out", "same hold-out", "different data", "Accuracy decides"):
        assert said not in plain


def test_it_says_what_a_second_look_costs(cases: Any) -> None:
    first = cases["text-helps"]
    again = replace(first, evaluation=replace(first.evaluation, openings=2))
    wide = {name: replace(one, confidence=0.975) for name, one in PAIRED.of_a.items()}
    text = re.sub(r"\s+", " ", compare_text(compared(first, again, replace(PAIRED, of_a=wide))))
    assert "The paired intervals are at 97.5%, which pays for every pair of looks." in text
    assert "every pair of looks" not in compare_text(compared(first, again))


def test_without_a_paired_test_it_says_why(cases: Any) -> None:
    why = NotAvailable("two has no hold-out: it was judged by cross-validation")
    runs = compared(cases["text-helps"], cases["text-inconclusive"], why)
    assert "No paired test: two has no hold-out" in compare_text(runs)
    assert 'id="paired"' not in compare_html(runs)
    assert compare_json(runs)["paired"] == {"unavailable": why.reason}


def test_the_document_is_json_with_every_number(runs: ComparedRuns) -> None:
    document = json.loads(json.dumps(compare_json(runs)))
    assert [one["name"] for one in document["runs"]] == ["one", "two"]
    assert document["paired"]["differences"]["accuracy"]["p_value"] == 0.00002
    assert document["paired"]["differences"]["cost"]["unavailable"].startswith("the two briefs")
    assert document["paired"]["right"] == {"both": 2300, "only_a": 200, "only_b": 120,
                                           "neither": 280}  # fmt: skip
    assert document["runs"][0]["decision"]["ship"] in ("yes", "with-review", "no")
    assert compare_json(runs) == compare_json(runs)


@pytest.mark.parametrize("width", [390, 1280])
def test_it_fits_the_screen_and_asks_nobody(
    width: int, hostile_reports: Any, cases: Any, site: Any, tmp_path: Path
) -> None:
    name = "<script>alert(1)</script>" + "x" * 80
    runs = compared(hostile_reports, cases["text-certified"], names=(name, "two"))
    content = compare_html(runs)
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
