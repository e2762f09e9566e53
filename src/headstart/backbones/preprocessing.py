"""The preprocessing that a card asks for, as `headstart.modalities` performs it."""

from __future__ import annotations

import json
from pathlib import Path

from headstart.modalities.preprocess import INTERPOLATIONS, PixelPreprocessor, TokenPreprocessor
from headstart.ports import Preprocessor
from headstart.types.errors import BackboneError, did_you_mean
from headstart.types.model import BackboneCard

INPUTS = ("input_ids", "attention_mask")
SEGMENTS = "token_type_ids"


def tokens(
    folder: Path, card: BackboneCard, *, inputs: tuple[str, ...] | None = None
) -> Preprocessor:
    """Tokens of the folder's tokenizer.json, cut at the card's limit.

    inputs: names of the network's inputs; None: as config.json says (segments where the network
    knows more than one kind).

    Raises:
        BackboneError: tokenizer.json is missing.
    """
    path = folder / "tokenizer.json"
    try:
        tokenizer = path.read_bytes()
    except OSError as error:
        raise BackboneError(
            f"the tokenizer of {card.ref} cannot be read: {error.strerror}", place=str(path)
        ) from error
    if inputs is None:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        inputs = INPUTS + ((SEGMENTS,) if int(config.get("type_vocab_size") or 0) > 1 else ())
    assert card.max_tokens is not None
    return TokenPreprocessor(tokenizer, max_tokens=card.max_tokens, inputs=inputs)


def pixels(card: BackboneCard) -> Preprocessor:
    """Pixels of the card's size and normalisation.

    Raises:
        BackboneError: the card names an interpolation that is not known.
    """
    assert card.input_size is not None
    assert card.mean is not None
    assert card.std is not None
    interpolation = card.interpolation or "bicubic"
    if interpolation not in INTERPOLATIONS:
        raise BackboneError(
            f"unknown interpolation '{interpolation}'",
            place=card.ref,
            tip=did_you_mean(interpolation, INTERPOLATIONS),
        )
    return PixelPreprocessor(
        size=card.input_size,
        crop_fraction=card.crop_fraction or 1.0,
        interpolation=interpolation,
        mean=card.mean,
        std=card.std,
    )
