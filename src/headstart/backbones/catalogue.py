"""The cards that are known by name: the built-in ones, then the user's own."""

from __future__ import annotations

import tomllib
from dataclasses import fields
from functools import cache
from importlib.resources import files
from typing import Any

from headstart.backbones.user_catalogue import user_catalogue
from headstart.types.errors import BackboneError
from headstart.types.model import BackboneCard


@cache
def built_in() -> tuple[BackboneCard, ...]:
    """Cards of the built-in backbones, in the catalogue's order.

    >>> [card.name for card in built_in()][:2]
    ['all-MiniLM-L6-v2', 'efficientnet-lite0']
    """
    text = files("headstart.backbones").joinpath("catalogue.toml").read_text(encoding="utf-8")
    cards = tuple(_card(entry) for entry in tomllib.loads(text)["backbone"])
    refs = [card.ref for card in cards]
    if len(set(refs)) != len(refs):
        raise ValueError(f"the catalogue names a backbone twice: {refs}")
    return cards


def catalogue() -> tuple[BackboneCard, ...]:
    """The built-in cards followed by the user's; the user's file is read at every call.

    Raises:
        BackboneError: the user's file cannot be read, or takes a built-in's name.
    """
    own = user_catalogue()
    taken = {name for card in built_in() for name in (card.name.lower(), card.ref.lower())}
    for entry in own:
        for name in (entry.card.name, entry.card.ref):
            if name.lower() in taken:
                raise BackboneError(
                    f"'{name}' is a built-in backbone already",
                    place=entry.place,
                    tip="give your own another name",
                )
    return (*built_in(), *(entry.card for entry in own))


def _card(entry: dict[str, Any]) -> BackboneCard:
    known = {field.name for field in fields(BackboneCard)}
    unknown = sorted(set(entry) - known)
    if unknown:
        raise ValueError(f"the catalogue's entry {entry.get('ref')} has unknown fields: {unknown}")
    values: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in entry.items()}
    return BackboneCard(**values)
