"""Opening an image that anyone may have made."""

from __future__ import annotations

import re
import stat
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from PIL import Image, UnidentifiedImageError

from headstart.modalities.image.depth import eight_bits, is_deep
from headstart.types.errors import DataError, HeadstartError

FORMATS = ("JPEG", "PNG", "GIF", "BMP", "WEBP", "TIFF", "PPM")
"""A camera's MPO is opened as the JPEG that it begins with."""
MOST_PIXELS = 64_000_000
MOST_BYTES = 256_000_000
MOST_ELONGATED = 200
"""Longer over shorter side. The shorter one is scaled to a network's input size, so that a line
one pixel wide would become larger than any photograph."""
ORIENTATION = 0x0112
UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
FRAMED = frozenset({"GIF", "PNG", "WEBP", "TIFF"})
"""Formats whose further frames are content; a camera's second one (MPO) is a preview."""
SMALL = (64, 64)

_header = threading.Lock()


def open_image(path: Path | str, *, at_least: int | None = None) -> Image.Image:
    """The first frame as an upright RGB image of 8 bits a channel.

    EXIF rotation is applied, transparency is laid on white, 16 bits are scaled to 8. The size is
    read from the header and checked before anything is decoded. at_least: pixels a side that are
    needed; of a larger JPEG only every second, fourth or eighth is decoded, which takes less than
    half of the time. None: all of them.

    Raises:
        DataError: the file is no image, is damaged, or is too large; the place is the path.
    """
    with _opened(path) as image:
        if at_least is not None:
            image.draft("RGB", (at_least, at_least))
        image.load()
        turn = _orientation(image)  # None for a TIFF, which Pillow turns when it loads it.
        plain = _plain(image)
        return plain if turn is None else plain.transpose(turn)


def validate_image(path: Path | str) -> str | None:
    """Why the image cannot be used; None where it can. Every byte of it is decoded."""
    try:
        with _opened(path) as image:
            image.draft("RGB", SMALL)  # JPEG alone: fewer pixels are made of the same bytes.
            image.load()
            _plain(image.crop((0, 0, 1, 1)))
    except DataError as error:
        return error.message
    return None


def remark_on_image(path: Path | str) -> str | None:
    """What a user should know of an image that can be used: only its first frame is."""
    try:
        with _opened(path) as image:
            several = image.format in FRAMED and bool(getattr(image, "is_animated", False))
    except DataError:
        return None
    return "it has several frames; the first is used" if several else None


@contextmanager
def _opened(path: Path | str) -> Iterator[Image.Image]:
    """The image with its header read and its size checked; whatever goes wrong is a DataError."""
    place = str(path)
    try:
        about = Path(path).stat()
        if not stat.S_ISREG(about.st_mode):
            raise _error("this is not a file", place)
        if about.st_size == 0:
            raise _error("the file is empty", place)
        if about.st_size > MOST_BYTES:
            raise _error(
                f"the file has {about.st_size:,} bytes; at most {MOST_BYTES:,} are read", place
            )
        # A stream, not a path: Pillow maps a file that it knows by its path into memory, and for
        # a TIFF that lies on its side it gets the rows wrong.
        with Path(path).open("rb") as stream:
            with _quiet():
                image = Image.open(stream, formats=FORMATS)
            with image:
                _check_size(image.width, image.height, place)
                yield image
    except UnidentifiedImageError:
        raise _error("the file is not an image that can be read", place) from None
    except Image.DecompressionBombError as error:
        found = re.search(r"\d+", str(error))
        pixels = f"{int(found[0]):,}" if found else "too many"
        message = f"the image has {pixels} pixels; at most {MOST_PIXELS:,} are read"
        raise _error(message, place) from None
    except FileNotFoundError:
        raise _error("there is no such file", place) from None
    except PermissionError:
        raise _error("the file may not be read", place) from None
    except HeadstartError:
        raise
    except Exception as error:  # Decoders raise anything on a damaged file.
        raise _error(f"the image is damaged ({error or type(error).__name__})", place) from None


@contextmanager
def _quiet() -> Iterator[None]:
    """Warnings about a header are nothing a user can act on; what matters is checked here.

    The filters are the process's own: a lock keeps decoding threads from restoring each other's.
    """
    with _header, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _orientation(image: Image.Image) -> Image.Transpose | None:
    """How to turn the image upright; a damaged EXIF block says nothing."""
    try:
        with _quiet():
            return UPRIGHT.get(image.getexif().get(ORIENTATION, 1))
    except Exception:  # As above; and a picture that only lies on its side can be used.
        return None


def _error(message: str, place: str) -> DataError:
    return DataError(message, place=place, tip="remove the file or save it again as JPEG or PNG")


def _check_size(width: int, height: int, place: str) -> None:
    shape = f"the image has {width:,} × {height:,} pixels"
    if width < 1 or height < 1:
        raise _error(shape, place)
    if width * height > MOST_PIXELS:
        raise _error(f"{shape}; at most {MOST_PIXELS:,} are read", place)
    if max(width, height) > MOST_ELONGATED * min(width, height):
        raise _error(f"{shape}; one side may be {MOST_ELONGATED} times the other at most", place)


def _plain(image: Image.Image) -> Image.Image:
    if is_deep(image.mode):
        image = eight_bits(image)
    if image.has_transparency_data:
        layered = image.convert("RGBA")
        ground = Image.new("RGBA", layered.size, "white")
        image = Image.alpha_composite(ground, layered)
    return image.convert("RGB")
