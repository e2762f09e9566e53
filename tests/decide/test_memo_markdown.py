"""memo.md, the words both memos are written in, the chart's axis and the terminal summary."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from headstart.decide import memo_markdown, summary_text
from headstart.decide.chart import axis
from headstart.decide.words import NUMBER, listed, markdown_text, visible
from headstart.metrics.words import significant
from headstart.types.ledger import LedgerView

MARKDOWN = MarkdownIt("commonmark").enable(["table", "strikethrough"])


def inline(text: str) -> list[Any]:
    tokens = MARKDOWN.parse(text)
    return [child for token in tokens if token.children for child in token.children]


def test_the_same_view_gives_the_same_bytes(reports: Any) -> None:
    assert memo_markdown(reports.view) == memo_markdown(LedgerView(reports.rows()))


def test_every_table_row_has_as_many_cells_as_its_head(reports: Any, hostile_reports: Any) -> None:
    for view in (reports.view, hostile_reports.view):
        width = 0
        for line in memo_markdown(view).splitlines():
            cells = len(re.findall(r"(?<!\\)\|", line))
            if not cells:
                width = 0
                continue
            assert line.startswith("| "), line
            width = width or cells
            assert cells == width, line


def test_every_reference_has_its_row(reports: Any) -> None:
    text = memo_markdown(reports.view)
    body, _, appendix = text.partition("\n## Ledger\n")
    used = set(re.findall(r"\bL\d+\b", re.sub(r"L\d-v\d|Lite\d", "", body)))
    listed_rows = set(re.findall(r"^\| (L\d+) \|", appendix, re.MULTILINE))
    assert used
    assert used <= listed_rows


def test_sentences_with_numbers_cite_a_row(reports: Any) -> None:
    text = memo_markdown(reports.view)
    opening = text[text.index("## Why") : text.index("## What was tried")]
    for line in opening.splitlines():
        if NUMBER.search(line.lstrip("0123456789. -")):
            assert re.search(r"\[L\d+(, L\d+)*\]$", line), line


def test_untrusted_text_is_not_markup(hostile_reports: Any) -> None:
    text = memo_markdown(hostile_reports.view)
    kinds = {token.type for token in inline(text)}
    assert not kinds & {"link_open", "image", "html_inline", "code_inline", "em_open", "s_open"}
    assert not [token for token in MARKDOWN.parse(text) if token.type == "html_block"]
    headings = [line for line in text.splitlines() if line.startswith("#")]
    assert not [line for line in headings if "not a heading" in line and "Do not ship" not in line]
    assert "\u202e" not in text


@given(st.text(max_size=60))
def test_escaped_text_reads_back_as_it_was(text: str) -> None:
    shown = visible(text)
    tokens = inline(f"x{markdown_text(shown)}x")
    assert {token.type for token in tokens} <= {"text", "text_special"}
    assert "".join(token.content for token in tokens) == f"x{shown}x"


@given(st.text())
def test_visible_text_is_one_line_without_hidden_characters(text: str) -> None:
    shown = visible(text, 40)
    assert len(shown) <= 60
    assert "\n" not in shown
    assert not set(shown) & set("\x00\x1b\u202e\u2066\u200b\ufeff")


@pytest.mark.parametrize("text", ["83.5%", "−7.1", "+3", "1,234", "0.021"])
def test_numbers_are_recognised(text: str) -> None:
    assert NUMBER.fullmatch(text)
    assert NUMBER.search(f"about {text}, said it")[0] == text  # type: ignore[index]


@pytest.mark.parametrize("text", ["p95", "macro-F1", "MiniLM-L6-v2", "sha256", "Lite0"])
def test_names_are_not_numbers(text: str) -> None:
    assert not NUMBER.search(text)


@given(
    st.lists(st.floats(0, 1), min_size=1, max_size=12),
    st.sampled_from(["accuracy", "log_loss"]),
)
def test_the_axis_holds_every_value_with_few_round_ticks(values: list[float], metric: str) -> None:
    start, stop, ticks = axis(values, metric)
    assert start <= min(values) + 1e-9
    assert stop >= max(values) - 1e-9
    assert start < stop
    assert 2 <= len(ticks) <= 12
    assert ticks == sorted(set(ticks))


def test_small_helpers() -> None:
    assert listed(["a"]) == "a"
    assert listed([]) == ""
    assert significant(0) == "0"


def test_the_summary_is_short_and_says_the_answer(reports: Any) -> None:
    text = summary_text(reports.view, "pilot/memo.html")
    lines = text.splitlines()
    assert 6 <= len(lines) <= 10
    assert max(map(len, lines)) <= 100
    headline = {"yes": "Ship it", "with-review": "Ship with review", "no": "Do not ship"}
    assert lines[0].startswith(headline[reports.decision.ship])
    assert lines[-1].endswith("pilot/memo.html")
    assert "interval" in text


def test_the_summary_keeps_the_terminal_safe(hostile_reports: Any) -> None:
    text = summary_text(hostile_reports.view)
    assert not set(text) & set("\x00\x1b\u202e\r")
    assert len(text.splitlines()) <= 10
