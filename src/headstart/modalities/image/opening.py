"""Opening an image that anyone may have made."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from headstart.types.errors import DataError

FORMATS = ("JPEG", "PNG", "GIF", "BMP", "WEBP", "TIFF", "PPM", "MPO")
MOST_PIXELS = 64_000_000
MOST_BYTES = 256_000_000
BOMB = (Image.DecompressionBombError, Image.DecompressionBombWarning)


def open_image(path: Path | str) -> Image.Image:
    """The first frame as an upright RGB image of 8 bits a channel.

    EXIF rotation is applied, transparency is laid on white, 16 bits are scaled to 8. The size is
    read from the header and checked before anything is decoded.

    Raises:
        DataError: the file is no image, is damaged, or is too large; the place is the path.
    """
    place = str(path)
    try:
        size = Path(path).stat().st_size
        if size > MOST_BYTES:
            raise _error(f"the file has {size:,} bytes; at most {MOST_BYTES:,} are read", place)
        with Image.open(path, formats=FORMATS) as image:
            _check_size(image.width, image.height, place)
            image.seek(0)
            image.load()
            return _plain(ImageOps.exif_transpose(image))
    except UnidentifiedImageError:
        raise _error("the file is not an image that can be read", place) from None
    except BOMB:
        raise _error(
            f"the image has too many pixels; at most {MOST_PIXELS:,} are read", place
        ) from None
    except FileNotFoundError:
        raise _error("there is no such file", place) from None
    except (OSError, SyntaxError, ValueError, EOFError, MemoryError) as error:
        raise _error(f"the image is damaged ({error})", place) from None


def validate_image(path: Path | str) -> str | None:
    """Why the image cannot be used; None where it can. Decodes it whole."""
    try:
        open_image(path)
    except DataError as error:
        return error.message
    return None


def remark_on_image(path: Path | str) -> str | None:
    """What a user should know of an image that can be used: only a first frame is."""
    try:
        with Image.open(path, formats=FORMATS) as image:
            frames = int(getattr(image, "n_frames", 1))
    except (OSError, SyntaxError, ValueError, *BOMB):
        return None
    return f"it has {frames} frames; the first is used" if frames > 1 else None


def _error(message: str, place: str) -> DataError:
    return DataError(message, place=place, tip="remove the file or save it again as JPEG or PNG")


def _check_size(width: int, height: int, place: str) -> None:
    if width * height > MOST_PIXELS:
        raise _error(
            f"the image has {width:,} × {height:,} pixels; at most {MOST_PIXELS:,} are read", place
        )
    if width < 1 or height < 1:
        raise _error("the image has no pixels", place)


def _plain(image: Image.Image) -> Image.Image:
    if image.mode in {"I", "F"} or image.mode.startswith("I;16"):
        image = _eight_bits(image)
    if image.mode in {"RGBA", "LA", "PA"} or "transparency" in image.info:
        layered = image.convert("RGBA")
        ground = Image.new("RGBA", layered.size, "white")
        image = Image.alpha_composite(ground, layered)
    return image.convert("RGB")


def _eight_bits(image: Image.Image) -> Image.Image:
    values = np.asarray(image, dtype=np.float64)
    top = float(values.max(initial=0))
    if image.mode.startswith("I;16") or 255 < top <= 65535:
        values = values / 257
    elif image.mode == "F" and top <= 1:
        values = values * 255
    elif top > 65535:
        values = values * (255 / top)
    return Image.fromarray(np.clip(values.round(), 0, 255).astype(np.uint8))
