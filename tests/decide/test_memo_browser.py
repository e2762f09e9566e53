"""The memo in a real browser: narrow screens, no request, no complaint on the console."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from headstart.decide import audit_html, audit_json, audit_text, memo_html, picture_name
from headstart.types.data import CheckOutcome, Exhibit, Finding, Place
from headstart.types.ledger import LedgerRow, LedgerView, flatten
from headstart.types.result import NotAvailable


@pytest.mark.parametrize("case", ["text-helps", "text-certified", "image-harms", "hostile"])
def test_it_fits_a_phone_asks_nobody_and_does_not_complain(
    case: str, cases: Any, hostile_reports: Any, site: Any, tmp_path: Path
) -> None:
    reports = hostile_reports if case == "hostile" else cases[case]
    site.pages["/memo.html"] = memo_html(reports.view)
    site.pages["/"] = site.around(390)
    page, log = site.browse(tmp_path)
    found = re.search(r"measured (\d+) wide: (.*?)</pre>", page, re.DOTALL)
    assert found, page[-500:]
    assert int(found[1]) <= 390, found[2]
    assert found[2].strip() == ""
    assert set(site.asked) <= {"/", "/memo.html", "/favicon.ico"}
    assert "CONSOLE" not in log, [line for line in log.splitlines() if "CONSOLE" in line]


def checked(reports: Any) -> LedgerView:
    """The ledger of a run whose checks found something, and skipped something."""
    image = bool(reports.thumbnails)
    values = ("/photos/a.png", "/photos/b.png") if image else ("x" * 300, "<b>bold</b> & co")
    exhibit = Exhibit(
        (Place("t.csv", 3), Place("t.csv", 9)), values, ("a", "<i>b</i>"), "edited", 0.93
    )
    finding = Finding(
        "shortcuts", 0.7, "The length of the text alone predicts the label", "Right for 91%.",
        (Place("t.csv", 3),), advice="Ask.", method="a table", exhibits=(exhibit,) * 3,
        numbers={"accuracy": 0.91},
    )  # fmt: skip
    outcomes = (
        CheckOutcome("shortcuts", (finding,)),
        CheckOutcome("shift", skipped=NotAvailable("there is no hold-out file")),
    )
    rows = reports.rows()
    leaves = list(flatten(outcomes, "/checks"))
    if image:
        leaves += [(f"/pictures/{picture_name(value)}", reports.thumbnails[0]) for value in values]
    first = rows[-1].id + 1
    return LedgerView(
        [*rows, *(LedgerRow(first + i, at, value, {"code": "c"}, "2026") for i, (at, value) in
                  enumerate(leaves))]
    )  # fmt: skip


@pytest.mark.parametrize("case", ["text-helps", "image-harms"])
@pytest.mark.parametrize("page", ["audit", "memo"])
def test_what_the_checks_found_is_shown_on_both_pages(
    page: str, case: str, cases: Any, site: Any, tmp_path: Path
) -> None:
    view = checked(cases[case])
    content = audit_html(view) if page == "audit" else memo_html(view)
    assert "alone predicts the label" in content
    assert "<i>b</i>" not in content
    assert "serious" in content
    if case == "image-harms":
        assert cases[case].thumbnails[0] in content
    if page == "audit":
        assert "Not checked: shift, because <bdi>there is no hold-out file</bdi>" in content
        assert content == audit_html(view)
    site.pages["/memo.html"] = content
    site.pages["/"] = site.around(390)
    shown, log = site.browse(tmp_path)
    found = re.search(r"measured (\d+) wide: (.*?)</pre>", shown, re.DOTALL)
    assert found, shown[-500:]
    assert int(found[1]) <= 390, found[2]
    assert found[2].strip() == ""
    assert set(site.asked) <= {"/", "/memo.html", "/favicon.ico"}
    assert "CONSOLE" not in log, [line for line in log.splitlines() if "CONSOLE" in line]


def test_the_findings_as_text_and_json(cases: Any) -> None:
    view = checked(cases["text-helps"])
    assert audit_text(view).splitlines()[0].startswith("0.70  The length of the text")
    document = audit_json(view)
    first = document["findings"][0]
    assert (first["check"], first["severity"], first["numbers"]) == (
        "shortcuts", 0.7, {"accuracy": 0.91},
    )  # fmt: skip
    assert first["rows"][0]["row"] == 3
    assert document["skipped"] == [{"check": "shift", "reason": "there is no hold-out file"}]


def test_a_page_that_asks_and_overflows_is_noticed(site: Any, tmp_path: Path) -> None:
    bad = "<body><img src='/pixel.png'><p style='width:800px'>wide</p><script>nope()</script>"
    site.pages["/memo.html"] = bad
    site.pages["/"] = site.around(390)
    page, log = site.browse(tmp_path)
    found = re.search(r"measured (\d+)", page)
    assert found
    assert int(found[1]) >= 800
    assert "/pixel.png" in site.asked
    assert "CONSOLE" in log
