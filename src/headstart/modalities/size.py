"""How large a raw value is."""

from __future__ import annotations

from headstart.types.brief import ModalityName


def value_size(modality: ModalityName, value: str) -> int:
    """Characters of a text, pixels of an image file; 0 for a file that cannot be opened.

    >>> value_size("text", "hello")
    5
    """
    if modality == "text":
        return len(value)
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(value) as image:
            return int(image.width * image.height)
    except (OSError, UnidentifiedImageError):
        return 0
