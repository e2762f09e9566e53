"""From a reference to a card, and from a card to an encoder."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches
from itertools import chain
from pathlib import Path

from headstart.backbones.catalogue import built_in, catalogue
from headstart.backbones.reference import FORMS, parse_reference
from headstart.backbones.user_catalogue import is_named, user_catalogue
from headstart.backbones.views import View, split_view, viewed
from headstart.ports import BackboneSource, Encoder
from headstart.types.errors import BackboneError
from headstart.types.model import BackboneCard


def find_card(ref: str, *, cache: Path | None = None) -> BackboneCard:
    """The card of a reference: `pkg:`, `hf:`, `timm:`, `onnx:`, `file:`, `api:`, or the bare name
    of a built-in or of one in the user's own catalogue; with `?layer=4&pooling=cls`, of a view of
    it.

    Raises:
        BackboneError: nothing of that name can be found (near names are suggested), or the user's
            catalogue cannot be read.
        MissingExtraError: the source needs a package that is not installed.

    >>> find_card("all-MiniLM-L6-v2").feature_width
    384
    """
    reference = parse_reference(ref)
    scheme = reference.scheme if reference is not None else ""
    # An endpoint's options are its source's alone: it sees to it that no key in them is repeated.
    whole, view = split_view(ref) if scheme != "api" else (ref, View())
    if reference is not None:
        # The user's own entry holds what was reviewed, and needs neither network nor files.
        own = user_catalogue() if scheme != "pkg" or view else ()
        for entry in own:
            if is_named(entry.card, ref):
                return entry.card
        for entry in own:
            if is_named(entry.card, whole):
                return viewed(entry.card, view)
        return viewed(_source(scheme, whole, cache).card(whole), view)
    # Built-ins first: they can be had whatever the user's file holds.
    for card in chain(built_in(), _own()):
        if is_named(card, whole.strip()):
            return viewed(card, view)
    ref = whole
    names = {card.name.lower(): card.name for card in catalogue()}
    near = get_close_matches(ref.lower(), names, n=3, cutoff=0.6)
    if near:
        tip = "did you mean " + " or ".join(f"'{names[name]}'" for name in near) + "?"
    else:
        tip = f"use one of: {', '.join(names.values())}; or write {FORMS}"
    raise BackboneError(f"unknown backbone '{ref}'", tip=tip)


def load_encoder(
    ref: str | BackboneCard, *, cache: Path | None = None, random_seed: int | None = None
) -> Encoder:
    """The encoder of a reference or card.

    cache: folder for converted weights, exports and features (default: `$HEADSTART_CACHE`, or the
    platform's cache folder). random_seed: the same architecture with seeded random weights instead.

    Raises:
        BackboneError: the backbone is unknown, cannot be fetched, or is not the one on its card.
        MissingExtraError: a package that it needs is not installed.
    """
    card = ref if isinstance(ref, BackboneCard) else find_card(ref, cache=cache)
    scheme = card.ref.partition(":")[0].lower()
    return _source(scheme, card.ref, cache).encoder(card, random_seed=random_seed)


def _own() -> Iterator[BackboneCard]:
    yield from catalogue()[len(built_in()) :]


def _source(scheme: str, ref: str, cache: Path | None) -> BackboneSource:
    # Here, so that the catalogue can be read without loading what runs networks.
    from headstart.backbones.sources import sources

    if scheme in ("http", "https"):
        # Not repeated: it may hold a key.
        raise BackboneError(
            "a web address alone names no backbone", tip="write api:https://HOST/v1?model=NAME"
        )
    known = sources(cache)
    if scheme not in known:
        known = sources(cache, plugins=True)
    if scheme not in known:
        near = get_close_matches(scheme, known, n=1)
        tip = f"did you mean '{near[0]}:{ref.partition(':')[2]}'?" if near else f"write {FORMS}"
        raise BackboneError(f"unknown source '{scheme}' in the backbone reference '{ref}'", tip=tip)
    return known.get(scheme)
