"""The built-in backbones' cards."""

from __future__ import annotations

import tomllib
from dataclasses import fields
from functools import cache
from importlib.resources import files
from typing import Any

from headstart.types.model import BackboneCard


@cache
def catalogue() -> tuple[BackboneCard, ...]:
    """Cards of the built-in backbones, in the catalogue's order.

    >>> [card.name for card in catalogue()][:2]
    ['all-MiniLM-L6-v2', 'efficientnet-lite0']
    """
    text = files("headstart.backbones").joinpath("catalogue.toml").read_text(encoding="utf-8")
    cards = tuple(_card(entry) for entry in tomllib.loads(text)["backbone"])
    refs = [card.ref for card in cards]
    if len(set(refs)) != len(refs):
        raise ValueError(f"the catalogue names a backbone twice: {refs}")
    return cards


def _card(entry: dict[str, Any]) -> BackboneCard:
    known = {field.name for field in fields(BackboneCard)}
    unknown = sorted(set(entry) - known)
    if unknown:
        raise ValueError(f"the catalogue's entry {entry.get('ref')} has unknown fields: {unknown}")
    values: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in entry.items()}
    return BackboneCard(**values)
