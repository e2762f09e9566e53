"""What is particular to texts and to images: decode, classical features, preprocessing."""

from __future__ import annotations

from headstart.modalities.image import ImageModality, open_image, validate_image
from headstart.modalities.size import value_size
from headstart.modalities.text import TextModality, validate_text
from headstart.ports import Modality

BUILT_IN: dict[str, Modality] = {"text": TextModality(), "image": ImageModality()}

__all__ = [
    "BUILT_IN",
    "get_modality",
    "open_image",
    "validate_image",
    "validate_text",
    "value_size",
]


def get_modality(name: str) -> Modality:
    """The modality called `name`.

    Raises:
        KeyError: there is no such modality.
    """
    if name not in BUILT_IN:
        raise KeyError(f"no modality '{name}'; there are {', '.join(BUILT_IN)}")
    return BUILT_IN[name]
