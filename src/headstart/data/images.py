"""Image files: where a table's path leads, and which files can be decoded."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from headstart.data.keys import file_key
from headstart.modalities.image import remark_on_image, validate_image
from headstart.ports import Progress

DECODERS = min(4, os.cpu_count() or 1)
AHEAD = 256
"""Images handed to the decoding threads at a time."""
ADDRESS = re.compile(r"[a-z][a-z0-9+.-]+://", re.IGNORECASE)


class ImagePaths:
    """Paths in a table, relative to the table's folder; they may not lead out of it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._real = folder.resolve()

    def resolve(self, value: str | None) -> tuple[str | None, str | None]:
        """(absolute path, None), or (None, why the path cannot be used)."""
        if value is None or not value.strip():
            return None, "the image path is empty"
        if ADDRESS.match(value.strip()):
            return None, f"the path is an address; only files in {self._folder} are read"
        given = value.strip()
        try:
            for spelling in dict.fromkeys((given, given.replace("\\", "/"))):
                path = Path(os.path.normpath(self._folder / spelling))
                if not path.resolve().is_relative_to(self._real):
                    return None, f"the path leads out of {self._folder}"
                if path.is_file():
                    return str(path), None
        except (OSError, ValueError, RuntimeError) as error:
            return None, f"the path cannot be followed ({error})"[:200]
        return None, "there is no such file"


@dataclass(frozen=True, slots=True)
class ImageCheck:
    """What was found when an image was decoded."""

    key: str | None
    """sha256 of the file; None where it cannot be used."""
    reason: str | None = None
    remark: str | None = None


def check_images(paths: Sequence[Path], progress: Progress | None) -> list[ImageCheck]:
    """Decode every image once, by a few threads, and let it go again; in the order of `paths`."""
    found: list[ImageCheck] = []
    with ThreadPoolExecutor(DECODERS, thread_name_prefix="headstart-decode") as pool:
        try:
            for start in range(0, len(paths), AHEAD):
                for check in pool.map(_check, paths[start : start + AHEAD]):
                    found.append(check)
                    if progress is not None:
                        progress("reading images", len(found), len(paths))
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return found


def _check(path: Path) -> ImageCheck:
    reason = validate_image(path)
    if reason is not None:
        return ImageCheck(None, reason)
    try:
        return ImageCheck(file_key(path), None, remark_on_image(path))
    except OSError as error:
        return ImageCheck(None, f"the file cannot be read ({error.strerror or error})")


def remarks_on(checks: Sequence[ImageCheck]) -> list[str]:
    """One remark for all images of several frames."""
    several = sum(check.remark is not None for check in checks)
    if not several:
        return []
    those = "1 image has" if several == 1 else f"{several} images have"
    return [f"{those} several frames; only the first is used."]
