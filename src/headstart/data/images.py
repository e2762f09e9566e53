"""Image files: where a table's path leads, and which files can be decoded."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from headstart.data.keys import file_key
from headstart.modalities.image import remark_on_image, validate_image
from headstart.ports import Progress

DECODERS = min(4, os.cpu_count() or 1)


def resolve_image(folder: Path, value: str | None) -> tuple[str | None, str | None]:
    """(absolute path, None), or (None, why the path cannot be used).

    Paths are relative to the table's folder and may not lead out of it.
    """
    if value is None or not value.strip():
        return None, "the image path is empty"
    if "\0" in value:
        return None, "the image path holds a NUL byte"
    path = Path(os.path.normpath(folder / value.strip()))
    if not path.resolve().is_relative_to(folder.resolve()):
        return None, f"the path leads out of {folder}"
    if not path.is_file():
        return None, "there is no such file"
    return str(path), None


def usable_images(
    paths: Sequence[Path], progress: Progress | None
) -> tuple[list[str | None], list[tuple[Path, str]], list[str]]:
    """(key of each image, or None), (path, reason) of the others, and remarks.

    Every image is decoded once, by a few threads, and let go of again.
    """
    keys: list[str | None] = []
    bad: list[tuple[Path, str]] = []
    several = 0
    with ThreadPoolExecutor(DECODERS, thread_name_prefix="headstart-decode") as pool:
        try:
            for path, (key, reason, remark) in zip(paths, pool.map(_look, paths), strict=True):
                keys.append(key)
                several += remark is not None
                if reason is not None:
                    bad.append((path, reason))
                if progress is not None:
                    progress("reading images", len(keys), len(paths))
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    remarks = [f"{several} images have several frames; the first of each is used."] * bool(several)
    return keys, bad, remarks


def _look(path: Path) -> tuple[str | None, str | None, str | None]:
    reason = validate_image(path)
    if reason is not None:
        return None, reason, None
    return file_key(path), None, remark_on_image(path)
