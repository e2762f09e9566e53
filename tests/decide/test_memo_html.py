"""memo.html: every number traced, nothing from outside, nothing interpreted, nothing unbounded."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any

import pytest

from headstart.decide import memo_html
from headstart.decide.words import NUMBER
from headstart.types.ledger import LedgerView

VOID = {"meta", "img", "br", "link", "line", "circle", "path", "input"}
OWN_WORDS = {"bdi", "script", "style", "title", "desc"}
"""Where text is somebody else's, or not read as text."""
TWO_MINUTES = 300
"""Words, at 150 a minute."""


class Page(HTMLParser):
    """Text with what stands around it, links, anchors, attributes; refuses crossed tags."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.stack: list[tuple[str, dict[str, str]]] = []
        self.texts: list[tuple[str, tuple[tuple[str, dict[str, str]], ...]]] = []
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.feed(html)
        self.close()
        assert not self.stack, f"never closed: {self.stack}"

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        found = {key: value or "" for key, value in attrs}
        self.tags.append((tag, found))
        if tag not in VOID:
            self.stack.append((tag, found))

    def handle_startendtag(self, tag: str, attrs: Any) -> None:
        self.tags.append((tag, {key: value or "" for key, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        assert self.stack, f"</{tag}> closes nothing"
        assert self.stack[-1][0] == tag, f"</{tag}> inside {self.stack[-1]}"
        self.stack.pop()

    def handle_data(self, data: str) -> None:
        if data.strip():
            self.texts.append((data.strip(), tuple(self.stack)))

    @property
    def anchors(self) -> set[str]:
        return {attrs["id"] for _, attrs in self.tags if "id" in attrs}


def link(around: tuple[tuple[str, dict[str, str]], ...]) -> dict[str, str] | None:
    """The ledger link that a text stands in."""
    found = [attrs for tag, attrs in around if tag == "a" and attrs.get("href", "")[:2] == "#L"]
    return found[-1] if found else None


def unlinked(page: Page) -> Iterator[str]:
    for text, around in page.texts:
        exempt = any(
            tag in OWN_WORDS
            or attrs.get("id") in {"ledger"}
            or {"axis", "mast", "mono"} & set(attrs.get("class", "").split())
            for tag, attrs in around
        )
        if not exempt and link(around) is None and NUMBER.search(text):
            yield text


def leaves(value: Any) -> Iterator[float]:
    if isinstance(value, dict):
        for item in value.values():
            yield from leaves(item)
    elif isinstance(value, list):
        yield len(value)
        for item in value:
            yield from leaves(item)
    elif isinstance(value, str):
        for match in NUMBER.finditer(value):
            yield float(match.group().strip("%").replace(",", "").replace("−", "-"))
    elif isinstance(value, (int, float)):
        yield value


def says(text: str, value: Any) -> bool:
    """Whether `text` is one of the row's numbers, rounded, or the difference of two."""
    bare = text.lstrip("<= ").replace(",", "").replace("−", "-").strip("+")
    bare = re.sub(r"(%| ms| s| MB)$", "", bare)
    shown = float(bare)
    digits = len(bare.partition(".")[2])
    half = 0.5000001 * 10.0**-digits if "e" not in bare else abs(shown) * 0.05
    own = list(leaves(value))
    if len(own) < 50:
        own += [a - b for a in own for b in own]
    if text.startswith("<"):
        return any(0 <= number < shown for number in own)
    sizes = [scale * number for number in own for scale in (1, 100, 1e-6)]
    near = max(half, abs(shown) * 0.05 if "MB" in text or "ms" in text else 0)
    return any(abs(abs(shown) - abs(number)) <= near for number in sizes)


def test_every_number_is_a_link_to_a_row_that_says_it(reports: Any) -> None:
    rows = {row.id: row.value for row in reports.rows()}
    page = Page(memo_html(LedgerView(reports.rows())))
    assert list(unlinked(page)) == []
    linked = 0
    for text, around in page.texts:
        found = link(around)
        if found is None:
            continue
        target = found["href"][1:]
        assert target in page.anchors, f"{text} links to {target}, which is not on the page"
        if "derived" not in found.get("class", ""):
            assert says(text, rows[int(target[1:])]), f"{text} is not in {rows[int(target[1:])]}"
            linked += 1
    assert linked > 80


def test_a_wrong_number_would_be_noticed() -> None:
    row = {"kind": "Estimate", "value": 0.835, "low": 0.82, "high": 0.85, "n": 3080}
    assert says("83.5%", row)
    assert says("3,080", row)
    assert not says("83.9%", row)
    assert not says("3,081", row)
    assert list(unlinked(Page("<p>It is 83.5% right.</p>"))) == ["It is 83.5% right."]


def test_the_same_view_gives_the_same_bytes(reports: Any) -> None:
    assert memo_html(LedgerView(reports.rows())) == memo_html(LedgerView(reports.rows()))


def test_nothing_comes_from_outside(reports: Any) -> None:
    html = memo_html(reports.view)
    page = Page(html)
    for tag, attrs in page.tags:
        for name in ("src", "href", "action", "srcset", "data", "poster", "xlink:href"):
            if name in attrs:
                assert attrs[name].startswith(("#", "data:image/")), (tag, attrs)
        assert tag not in {"link", "iframe", "object", "embed", "base", "form"}
    assert "url(" not in html
    assert "@import" not in html
    assert "default-src 'none'" in html


def test_every_link_on_the_page_has_its_target(reports: Any) -> None:
    page = Page(memo_html(reports.view))
    targets = {attrs["href"][1:] for tag, attrs in page.tags if tag == "a"}
    assert targets <= page.anchors


def test_ids_are_unique(reports: Any) -> None:
    ids = [attrs["id"] for _, attrs in Page(memo_html(reports.view)).tags if "id" in attrs]
    assert len(ids) == len(set(ids))


def test_page_one_comes_first_in_a_leaders_order(reports: Any) -> None:
    html = memo_html(reports.view)
    order = [html.index(mark) for mark in ('id="verdict"', "<h2>Why", 'id="arms"', 'id="classes"',
             'id="mistakes"', 'id="data"', 'id="cost"', 'id="brief"', 'id="ledger"')]  # fmt: skip
    assert order == sorted(order)
    headline = {"yes": "Ship it", "with-review": "Ship with review", "no": "Do not ship"}
    assert headline[reports.decision.ship] in html


def test_page_one_shows_the_metric_the_gains_and_the_latency(cases: Any) -> None:
    page = memo_html(cases["text-helps"].view)
    labels = re.findall(r'<div class="label">(.*?)</div>', page)
    assert labels == [
        "Accuracy on the hold-out",
        "Gain over the largest class",
        "Gain from transfer",
        "p95 latency of one request",
    ]
    assert '<div class="value">' in page
    assert "83.5%" in re.sub(r"<[^>]+>", "", page.split('<div class="tiles">')[1][:900])


def test_every_reason_risk_and_step_is_on_the_page(reports: Any) -> None:
    page = Page(memo_html(reports.view))
    text = re.sub(r"\s+", "", "".join(text for text, _ in page.texts))
    decision = reports.decision
    for sentence in (*decision.reasons, *decision.risks, *decision.next_steps):
        assert re.sub(r"\s+", "", sentence) in text


def test_untrusted_text_stays_text(hostile_reports: Any) -> None:
    page = Page(memo_html(hostile_reports.view))
    scripts = [tag for tag, _ in page.tags if tag == "script"]
    assert len(scripts) == 1
    for tag, attrs in page.tags:
        assert not any(name.startswith("on") for name in attrs), (tag, attrs)
        assert tag not in {"b", "i"} or not attrs.get("onload")
        if tag == "img":
            assert attrs["src"].startswith("data:image/jpeg")
    everything = " ".join(text for text, _ in page.texts)
    assert "<script>alert(1)</script>" in everything
    assert "{{ 7*7 }}" in everything
    assert "\x00" not in everything
    assert "\u202e" not in everything
    assert "⟨U+202E⟩" in everything
    assert "שלום" in everything


def test_untrusted_text_in_numbers_is_still_linked(hostile_reports: Any) -> None:
    assert list(unlinked(Page(memo_html(hostile_reports.view)))) == []


def test_many_classes_and_rows_stay_readable(cases: Any) -> None:
    html = memo_html(cases["text-helps"].view)
    assert len(html.encode()) < 300_000
    page = Page(html)
    cells = [text for text, around in page.texts if ("details", {}) not in around]
    assert len(cells) < 1_200
    assert "2,970" in html
    assert "Most often confused" in html
    assert 'class="matrix"' not in html


def test_few_classes_show_the_matrix_and_pictures(cases: Any) -> None:
    html = memo_html(cases["image-harms"].view)
    assert 'class="matrix"' in html
    assert html.count("<img ") == 14


def test_hundreds_of_classes_and_errors_are_capped(cases: Any) -> None:
    from dataclasses import replace

    base = cases["text-helps"]
    labels = tuple(f"class {i:04d} of many" for i in range(900))
    evaluation = base.evaluation
    row = evaluation.per_class[0]
    many = replace(
        base,
        evaluation=replace(
            evaluation,
            labels=labels,
            per_class=tuple(replace(row, label=label) for label in labels),
            confusion=[[1] * 900 for _ in labels],
            errors=evaluation.errors * 40,
        ),
    )
    assert len(memo_html(many.view).encode()) < 700_000


@pytest.mark.parametrize("missing", ["/package", "/thumbnails", "/run", "/timings", "/select"])
def test_a_memo_does_without_what_was_not_recorded(cases: Any, missing: str) -> None:
    rows = [r for r in cases["image-harms"].rows() if not r.pointer.startswith(missing)]
    assert "Ship with review" in memo_html(LedgerView(rows))


def test_the_chart_is_described_for_who_cannot_see_it(reports: Any) -> None:
    html = memo_html(reports.view)
    assert re.search(
        r'<svg class="chart beside" role="img"[^>]*aria-labelledby="arms-beside-title', html
    )
    assert "Best in cross-validation:" in html


def test_defaulted_fields_are_marked(cases: Any) -> None:
    html = memo_html(cases["text-inconclusive"].view)
    section = html[html.index('id="brief"') : html.index('id="definitions"')]
    lines = [line for line in section.splitlines() if line.startswith("<tr>")]
    marked = {re.search(r"<bdi>(.*?)</bdi>", line)[1] for line in lines if ">default<" in line}  # type: ignore[index]
    assert marked == {
        "task.name", "task.value", "task.carry_over", "requirement.metric", "mistakes.failure_cost"
    }  # fmt: skip


def test_what_a_leader_reads_is_said_in_two_minutes(reports: Any, leaders_words: Any) -> None:
    assert 50 < leaders_words(memo_html(reports.view)) <= TWO_MINUTES
