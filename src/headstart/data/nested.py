"""What is no single value: objects within objects, and lists, as columns of text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

BAR = "|"
"""Between the values of a list that stands in one cell."""


def flat(content: Mapping[str, Any]) -> dict[str, Any]:
    """A field for every value: what an object holds within it is called `outer.inner`, and a list
    of one object stands for that object. A chat of one message a role has a field for each role.

    >>> flat({"id": 1, "data": {"text": "hi"}, "marks": [{"value": {"choices": ["a"]}}]})
    {'id': 1, 'data.text': 'hi', 'marks.value.choices': ['a']}
    >>> flat({"chat": [{"role": "user", "content": "hi"}, {"role": "assistant", "content": "a"}]})
    {'chat.user': 'hi', 'chat.assistant': 'a'}
    """
    found: dict[str, Any] = {}
    waiting = list(content.items())[::-1]
    while waiting:
        name, value = waiting.pop()
        if isinstance(value, list):
            one = value[0] if len(value) == 1 and isinstance(value[0], dict) else value
            value = _by_role(value) or one
        if isinstance(value, dict):
            within = [(f"{name}.{inner}", one) for inner, one in value.items()]
            waiting += (within or [(name, None)])[::-1]
        else:
            found[name] = value
    return found


def _by_role(messages: list[Any]) -> dict[str, str]:
    """What each role says, where every one of them says one thing; empty: they are no such chat."""
    if not all(isinstance(one, dict) and {"role", "content"} <= one.keys() for one in messages):
        return {}
    said = {str(one["role"]): one["content"] for one in messages}
    alone = len(said) == len(messages) and all(isinstance(one, str) for one in said.values())
    return said if alone else {}


def joined(column: Sequence[Any]) -> tuple[list[Any], bool]:
    """A column whose lists of texts or whole numbers are joined by a bar, and whether some list has
    several values. An empty list is the bar alone there, and no value where none has several.

    Lists of anything else, or with a bar in a value, stay as they are.

    >>> joined([["a", "b"], ["a"], []])
    (['a|b', 'a', '|'], True)
    >>> joined([["a"], [], "b"])
    (['a', None, 'b'], False)
    """
    lists = [value for value in column if isinstance(value, list)]
    parts = [part for one in lists for part in one]
    if not all(isinstance(part, (str, int)) and BAR not in str(part) for part in parts):
        return list(column), False
    several = any(len(one) > 1 for one in lists)
    empty = BAR if several else None
    return [
        (BAR.join(map(str, value)) or empty) if isinstance(value, list) else value
        for value in column
    ], several
