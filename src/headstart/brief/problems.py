"""What is wrong with a brief, in words: the place, the value, the valid values."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from pydantic import ValidationError

from headstart.brief.form import TABLES, BriefForm, CostsForm
from headstart.types.errors import did_you_mean

KINDS = {
    "string_type": "a text in quotes",
    "string_unicode": "UTF-8",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "dict_type": "a table",
    "list_type": "a list",
    "model_type": "a table",
}


def problems_of(error: ValidationError) -> list[str]:
    """One sentence for each problem that pydantic found, in order."""
    return [_sentence(one["type"], one["loc"], one) for one in error.errors(include_url=False)]


def _sentence(kind: str, where: Sequence[str | int], one: Any) -> str:
    place, value = _place(where), one.get("input")
    if kind == "missing":
        return f"{place} is missing; it has no default"
    if kind == "extra_forbidden":
        return f"{place} is not known; {did_you_mean(str(where[-1]), _valid(where[:-1]))}"
    if kind == "literal_error":
        choices = one["ctx"]["expected"].replace("'", "").replace(" or ", ", ").split(", ")
        return f"{place} is {value!r}; {did_you_mean(str(value), choices)}"
    if kind in KINDS:
        return f"{place} is {value!r}; it must be {KINDS[kind]}"
    limit = re.sub(r"^(Input|String|List|Tuple) should", "it must", one["msg"])
    limit = limit.replace(" after validation", "")
    return f"{place} is {_short(value)}; {limit}"


def _short(value: Any) -> str:
    shown = repr(value)
    return shown if len(shown) <= 60 else shown[:59] + "…"


def _place(where: Sequence[str | int]) -> str:
    """`[data] label` for ("data", "label").

    >>> _place(("data", "label")), _place(("mistakes", "costs", "a")), _place(("dta",))
    ('[data] label', '[mistakes.costs] a', '[dta]')
    """
    words = [str(part) for part in where]
    if len(words) == 1:
        return f"[{words[0]}]"
    return f"[{'.'.join(words[:-1])}] {words[-1]}"


def _valid(where: Sequence[str | int]) -> list[str]:
    if not where:
        return list(BriefForm.model_fields)
    if where[0] == "columns" and len(where) > 1:
        return list(CostsForm.model_fields)
    return list(TABLES[str(where[0])].model_fields) if str(where[0]) in TABLES else []
