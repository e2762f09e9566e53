"""The catalogue as text."""

from __future__ import annotations

from dataclasses import fields

from headstart.backbones import catalogue, find_card


def list_text() -> str:
    """A line for each built-in backbone, and how to name others."""
    cards = catalogue()
    width = max(len(card.ref) for card in cards)
    lines = [
        f"{card.ref:<{width}}  {card.modality:<5}  {card.licence:<10}  "
        f"{card.feature_width or '?':>5} features  {card.size_mb or 0:>6.1f} MB"
        for card in cards
    ]
    others = "Others: hf:ORG/NAME, timm:NAME, onnx:FILE, file:FOLDER"
    return "\n".join([*lines, others])


def card_text(ref: str) -> str:
    """Every field of a card that is known.

    Raises:
        BackboneError: there is no such backbone.
    """
    card = find_card(ref)
    known = [(f.name, getattr(card, f.name)) for f in fields(card)]
    return "\n".join(
        f"{name.replace('_', ' '):<14} {_shown(value)}"
        for name, value in known
        if value not in (None, "", ())
    )


def _shown(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)
