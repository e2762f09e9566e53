"""The catalogue as text."""

from __future__ import annotations

from dataclasses import fields

from headstart.backbones import built_in, catalogue, find_card
from headstart.backbones.licences import allowed, licence_of
from headstart.backbones.reference import FORMS, canonical, parse_reference
from headstart.backbones.user_catalogue import user_catalogue_path
from headstart.types.errors import BackboneError
from headstart.types.model import BackboneCard


def list_text() -> str:
    """A line for each backbone, the user's own last, and how to name others.

    Raises:
        BackboneError: the user's own catalogue cannot be read.
    """
    own = len(catalogue()) - len(built_in())
    rows = [(card.name if card not in built_in() else card.ref, card) for card in catalogue()]
    width, licence = (max(map(len, column)) for column in zip(*_columns(rows), strict=True))
    lines = [
        f"{called:<{width}}  {card.modality:<5}  {card.licence:<{licence}}  "
        f"{card.feature_width or '?':>5} features  {_size(card)}"
        for called, card in rows
    ]
    if own:
        lines.append(f"Your own: {user_catalogue_path()}")
    return "\n".join([*lines, f"Others: {FORMS}; headstart catalogue add keeps one by name"])


def add_text(ref: str, name: str | None = None) -> str:
    """Keep a backbone in the user's own catalogue; says where, and what is to be completed.

    Raises:
        BackboneError: it cannot be found or used, is known already, or the catalogue cannot be
            read or written.
    """
    from headstart.backbones.own_entries import add_entry

    if parse_reference(ref) is None and all(card.name != ref for card in catalogue()):
        raise BackboneError(f"'{ref}' names no source", tip=f"write {FORMS}")
    added = add_entry(find_card(canonical(ref)), name=name)
    lines = [f"Wrote '{added.card.name}' to {added.path}"]
    if added.missing:
        lines.append(
            f"To complete there, in the lines that begin with #: {', '.join(added.missing)}"
        )
    lines.append(f"Then: headstart catalogue show {_word(added.card.name)}")
    return "\n".join(lines)


def remove_text(name: str) -> str:
    """Take a backbone out of the user's own catalogue; says what and where.

    Raises:
        BackboneError: there is none of that name, or the catalogue cannot be read or written.
    """
    from headstart.backbones.own_entries import remove_entry

    card, path = remove_entry(name)
    return f"Removed '{card.name}' ({card.ref}) from {path}"


def card_text(ref: str) -> str:
    """Every field of a card that is known, and what its licence's name says of commercial use.

    Raises:
        BackboneError: there is no such backbone.
    """
    card = find_card(ref)
    known = [(f.name, getattr(card, f.name)) for f in fields(card)]
    verdict, reason = allowed(licence_of(card.licence), "commercial")
    said = {True: "yes", False: "no", None: "to be settled"}[verdict]
    lines = [
        f"{name.replace('_', ' '):<14} {_shown(value)}"
        for name, value in known
        if value not in (None, "", ())
    ]
    return "\n".join([*lines, f"commercial use {said}. {reason} This is no legal advice."])


def _shown(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)


def _columns(rows: list[tuple[str, BackboneCard]]) -> list[tuple[str, str]]:
    return [(called, card.licence) for called, card in rows]


def _size(card: BackboneCard) -> str:
    return f"{card.size_mb:>6.1f} MB" if card.size_mb is not None else "     ? MB"


def _word(name: str) -> str:
    return f"'{name}'" if " " in name else name
