"""What the memo says of probabilities that do, or do not, come true."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from headstart.decide import memo_html, memo_markdown
from headstart.types.adapt import TemperatureReport, VectorScaling
from headstart.types.result import BrierParts, Estimate, NotAvailable


def _chapter(page: str) -> str:
    section = page.split('<section id="calibration">')[1].split("</section>")[0]
    return re.sub(r"<[^>]+>", "", section)


def test_the_memo_has_the_picture_and_the_table(cases: Any) -> None:
    page = memo_html(cases["text-certified"].view)
    said = _chapter(page)
    for text in ("8.1 6.2 to 9.7 points away", "53.9%", "1,659", "95.7%", "98.1%", "0.763"):
        assert text in said, text
    assert "from 0.9412 to 0.9016" in said
    assert page.count('<circle class="dot"') >= 3
    assert 'cx="165.6"' in page  # 300 · 0.552
    assert "probabilities cannot be taken at their word" in re.sub(r"<[^>]+>", "", page)
    markdown = memo_markdown(cases["text-certified"].view)
    assert "## Do its probabilities come true?" in markdown
    assert "| 90% to 100% | 1,659 | 95.7% | 98.1% (97.3% to 98.6%) |" in markdown


def test_the_brier_score_is_taken_apart(cases: Any) -> None:
    base = cases["text-certified"]
    brier = BrierParts(reliability=0.0123, resolution=0.4567, uncertainty=0.6789, within=0.0012)
    measured = replace(base.evaluation.calibration, brier=brier)
    case = replace(base, evaluation=replace(base.evaluation, calibration=measured))
    for said in (_chapter(memo_html(case.view)), memo_markdown(case.view)):
        # 0.0123 − 0.4567 + 0.6789 + 0.0012
        assert "The Brier score, 0.236, is 0.012 of stated probabilities" in said
        assert "less 0.457 of telling cases apart (resolution), plus 0.679" in said
        assert "and 0.001 within" in said
    less = replace(base.evaluation.calibration, brier=replace(brier, within=-0.0062))
    case = replace(base, evaluation=replace(base.evaluation, calibration=less))
    assert "and −0.006 within" in memo_markdown(case.view)


def test_where_no_answer_is_sure_none_of_them_is_said_to_be_wrong(cases: Any) -> None:
    base = cases["text-certified"]
    none = replace(
        base.evaluation.calibration,
        sure=Estimate(0.0, 0.0, 0.037, 100, "Wilson"),
        sure_wrong=NotAvailable("no answer was given with a probability of 0.9 or more"),
    )
    case = replace(base, evaluation=replace(base.evaluation, calibration=none))
    for said in (_chapter(memo_html(case.view)), memo_markdown(case.view)):
        assert "of its answers have a probability of 90% or more. " in said


def test_all_three_log_losses_are_named(cases: Any) -> None:
    base = cases["text-certified"]
    vector = VectorScaling((1.1, 0.9), (0.2, -0.2), 0.8512, 0.05, 0.01, True)
    used = replace(base, temperature=TemperatureReport(1.0, 0.9412, 0.9016, 100, False, vector))
    for said in (_chapter(memo_html(used.view)), memo_markdown(used.view)):
        assert "a slope and a shift of its own" in said
        assert "from 0.9412 to 0.8512 (cross-fitted)" in said
        assert "would take it to 0.9016" in said
    idle = replace(vector, used=False, log_loss=0.9051)
    heat = TemperatureReport(1.3, 0.9412, 0.9016, 100, True, idle)
    said = _chapter(memo_html(replace(base, temperature=heat).view))
    assert "from 0.9412 to 0.9016" in said
    assert "A slope and a shift for each class would take it to 0.9051." in said


def test_what_was_not_measured_or_not_used_is_said(cases: Any) -> None:
    base = cases["text-certified"]
    unused = replace(base, temperature=TemperatureReport(1.0, 0.9, 0.91, 100, False))
    assert "would change the out-of-fold log-loss from 0.9000 to 0.9100" in _chapter(
        memo_html(unused.view)
    )
    why = NotAvailable("no row is left that may decide")
    none = replace(base, evaluation=replace(base.evaluation, calibration=why))
    assert "It is not known: no row is left" in _chapter(memo_html(none.view))
    constant = replace(base, temperature=NotAvailable("shares of classes are not scaled"))
    assert "as they are: shares of classes" in _chapter(memo_html(constant.view))
