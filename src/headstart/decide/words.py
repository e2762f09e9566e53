"""How numbers and other people's text are written for a reader."""

from __future__ import annotations

import re
import unicodedata

from headstart.metrics.words import significant

SHIP_WORDS = {"yes": "Ship it", "with-review": "Ship with review", "no": "Do not ship"}

BASIS_WORDS = {"hold-out": "on the hold-out", "cross-validation": "by cross-validation"}

FAMILY_WORDS = {
    "majority": "always the largest class",
    "zero-shot": "the generic model as it is",
    "classical": "classical features and a linear head",
    "scratch": "a small network from scratch",
    "random": "the same backbone with random weights",
    "frozen": "a frozen pretrained backbone with a new head",
    "adapted": "an adapted pretrained backbone",
}

NUMBER = re.compile(r"(?<![\w.−-])[+−-]?\d(?:[\d,.]*\d)?%?(?![\w])")
"""A number standing by itself in a sentence; `p95`, `F1` and `L6-v2` are names."""

_HIDDEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff]"
)


def baseline(metric: str, *, several: bool = False) -> str:
    """What the least is that a model must beat; several: a row may have several labels.

    >>> baseline("accuracy"), baseline("cost")
    ('always answering the largest class', 'the one answer for all that costs least')
    """
    if several and metric != "cost":
        return "giving every case the same labels"
    if metric == "cost":
        return "the one answer for all that costs least"
    return "always answering the largest class"


def count(value: float) -> str:
    """
    >>> count(12345)
    '12,345'
    """
    return f"{int(value):,}"


def confidence(value: float) -> str:
    """
    >>> confidence(0.95), confidence(0.975)
    ('95%', '97.5%')
    """
    return f"{100 * value:.6g}%"


def p_value(value: float) -> str:
    """
    >>> p_value(0.00004), p_value(0.0312)
    ('< 0.001', '= 0.031')
    """
    return "< 0.001" if value < 0.001 else f"= {value:.3f}"


def milliseconds(value: float) -> str:
    """
    >>> milliseconds(4.31)
    '4.3 ms'
    """
    return f"{significant(value)} ms"


def exact_milliseconds(value: float) -> str:
    """A budget as it was written.

    >>> exact_milliseconds(1.0), exact_milliseconds(12.25)
    ('1 ms', '12.25 ms')
    """
    return f"{value:g} ms"


def seconds(value: float) -> str:
    """
    >>> seconds(0.5), seconds(75.2)
    ('0.5 s', '75 s')
    """
    return f"{value:.1f} s" if value < 10 else f"{value:,.0f} s"


def duration(value: float) -> str:
    """Seconds, or minutes from two on.

    >>> duration(75.2), duration(3001.0)
    ('75 s', '50 minutes')
    """
    return seconds(value) if value < 120 else f"{value / 60:,.0f} minutes"


def megabytes(value: float) -> str:
    """
    >>> megabytes(91_300_000), megabytes(41_000)
    ('91 MB', '0.041 MB')
    """
    return f"{significant(value / 1e6)} MB"


def visible(text: str, limit: int | None = None) -> str:
    """Other people's text with nothing hidden: control and direction marks are written out.

    White space runs become one space; beyond `limit` characters it is cut with an ellipsis.

    >>> visible("pay\\u202eme\\n now\\x00")
    'pay⟨U+202E⟩me now⟨U+0000⟩'
    """
    flat = " ".join(text.split()) if text.strip() else ("⟨empty⟩" if not text else "⟨blank⟩")
    shown = _HIDDEN.sub(lambda match: f"⟨U+{ord(match.group()):04X}⟩", flat)
    if limit is not None and len(shown) > limit:
        cut = limit - 1
        while cut > 1 and unicodedata.combining(shown[cut]):
            cut -= 1
        shown = shown[:cut].rstrip() + "…"
    return shown


_MARKDOWN = re.compile(r"([\\`*_\[\]|#~!$])")
_TAG = re.compile(r"<(?=[A-Za-z/!?])")
_ENTITY = re.compile(r"&(?=[#A-Za-z])")


def markdown_text(text: str) -> str:
    r"""Plain text for inside a line or a table cell of Markdown: nothing in it is markup.

    >>> print(markdown_text("a|b <script> `x` & [y](z), p < 0.1, &lt;"))
    a\|b &lt;script> \`x\` & \[y\](z), p < 0.1, &amp;lt;
    """
    flat = _MARKDOWN.sub(r"\\\1", " ".join(text.splitlines()))
    return _TAG.sub("&lt;", _ENTITY.sub("&amp;", flat))


def listed(items: list[str], limit: int = 5) -> str:
    """Names in a sentence, the rest counted.

    >>> listed(["a", "b"]), listed(["a", "b", "c"], 2)
    ('a and b', 'a, b and 1 more')
    """
    if len(items) > limit:
        return f"{', '.join(items[:limit])} and {len(items) - limit} more"
    if len(items) < 2:
        return "".join(items)
    return f"{', '.join(items[:-1])} and {items[-1]}"
