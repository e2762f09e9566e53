"""A view of a backbone: one of its layers and a pooling, written as options of its reference."""

from __future__ import annotations

from dataclasses import dataclass, replace
from urllib.parse import parse_qsl, urlencode

from headstart.types.errors import BackboneError, did_you_mean
from headstart.types.model import BackboneCard, Layer

POOLINGS = {"text": ("mean", "cls", "max"), "image": ("average", "max")}
WHOLE = ("onnx", "api")
"""Kinds of references to networks that cannot be looked into."""
OPTIONS = ("layer", "pooling")


@dataclass(frozen=True, slots=True)
class View:
    """Which layer (0: the token embeddings; None: the last; all of them side by side) and pooling
    (None: the card's own)."""

    layer: Layer | None = None
    pooling: str | None = None

    def __bool__(self) -> bool:
        return self.layer is not None or self.pooling is not None


def split_view(ref: str) -> tuple[str, View]:
    """The reference of the whole network, and the view that its options name.

    Raises:
        BackboneError: a layer that is neither a number nor `all`.

    >>> split_view("pkg:all-MiniLM-L6-v2?layer=4&pooling=cls")
    ('pkg:all-MiniLM-L6-v2', View(layer=4, pooling='cls'))
    """
    base, _, query = ref.partition("?")
    options = dict(parse_qsl(query))
    said = {name: options.pop(name) for name in OPTIONS if name in options}
    if not said:
        return ref, View()
    layer = said.get("layer")
    chosen: Layer | None = None
    if layer == "all":
        chosen = "all"
    elif layer is not None and layer.isdecimal():
        chosen = int(layer)
    elif layer is not None:
        raise BackboneError(
            f"the layer '{layer}' is not a number",
            place=ref,
            tip="0 is the first, where a text network has only looked up its tokens; 'all' puts "
            "every layer beside the last",
        )
    view = View(chosen, said.get("pooling"))
    return f"{base}?{urlencode(options)}" if options else base, view


def viewed(card: BackboneCard, view: View) -> BackboneCard:
    """The card of a view. Its reference leads to the same view again.

    Raises:
        BackboneError: the network cannot be pooled that way.

    >>> from headstart.backbones import find_card
    >>> viewed(find_card("all-MiniLM-L6-v2"), View(layer=3)).name
    'all-MiniLM-L6-v2, layer 3'
    """
    if not view:
        return card
    scheme = card.ref.partition(":")[0]
    if scheme in WHOLE:
        raise BackboneError(
            f"a backbone of the kind '{scheme}:' gives the features it gives, and no layer inside",
            place=card.ref,
            tip="leave layer and pooling out",
        )
    known = POOLINGS[card.modality]
    if view.pooling is not None and view.pooling not in known:
        raise BackboneError(
            f"there is no pooling '{view.pooling}' for {card.modality}s",
            place=card.ref,
            tip=did_you_mean(view.pooling, list(known)),
        )
    options = {}
    if view.layer is not None:
        options["layer"] = str(view.layer)
    if view.pooling is not None:
        options["pooling"] = view.pooling
    join = "&" if "?" in card.ref else "?"
    named = [card.name]
    if view.layer is not None:
        word = "layer" if card.modality == "text" else "stage"
        named.append(f"all {word}s" if view.layer == "all" else f"{word} {view.layer}")
    if view.pooling is not None:
        named.append(view.pooling)
    return replace(
        card,
        ref=f"{card.ref}{join}{urlencode(options)}",
        name=", ".join(named),
        layer=view.layer,
        pooling=view.pooling or card.pooling,
        feature_width=card.feature_width if view.layer is None else None,
        adaptation=card.adaptation if view.layer is None else ("frozen",),
    )
