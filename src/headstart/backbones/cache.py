"""The cache folder: everything in it can be made again, and nothing in it is ever half-written."""

from __future__ import annotations

import hashlib
import json
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from headstart.types.errors import BackboneError

VARIABLE = "HEADSTART_CACHE"


def cache_folder() -> Path:
    """`$HEADSTART_CACHE`, or `headstart` in the platform's cache folder. It need not exist."""
    chosen = os.environ.get(VARIABLE)
    if chosen:
        return Path(chosen).expanduser().absolute()
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA") or str(Path.home() / "AppData" / "Local")
    elif sys.platform == "darwin":
        base = str(Path.home() / "Library" / "Caches")
    else:
        base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base).expanduser().absolute() / "headstart"


@contextmanager
def writable(
    folder: Path, *, what: str = "the cache folder", variable: str = VARIABLE
) -> Iterator[Path]:
    """Make the folder; what goes wrong while writing in it becomes one clear message.

    what: how the folder is called there. variable: the setting that names another.

    Raises:
        BackboneError: the folder cannot be made or written, or the disk is full.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        yield folder
    except OSError as error:
        raise BackboneError(
            f"{what} cannot be written: {error.strerror or error}",
            place=str(folder),
            tip=f"make room or permit writing there, or set {variable} to another folder",
        ) from error


def write_atomically(
    path: Path,
    write: Callable[[Path], object],
    *,
    what: str = "the cache folder",
    variable: str = VARIABLE,
) -> None:
    """Let `write` fill a temporary file beside `path`, then put it in place in one step.

    A reader sees the whole file or none, whatever is killed when; of two writers one wins.

    Raises:
        BackboneError: the folder cannot be written, or the disk is full.
    """
    with writable(path.parent, what=what, variable=variable):
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=".partial-", suffix=path.suffix)
        os.close(handle)
        temporary = Path(name)
        try:
            write(temporary)
            with temporary.open("rb") as written:
                os.fsync(written.fileno())
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)


def write_json(path: Path, content: dict[str, Any]) -> None:
    """Write a JSON file atomically, keys sorted."""
    text = json.dumps(content, indent=1, sort_keys=True, ensure_ascii=False)
    write_atomically(path, lambda temporary: temporary.write_text(text, encoding="utf-8"))


def read_json(path: Path) -> dict[str, Any] | None:
    """The JSON object in the file; None where there is none that can be read."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return content if isinstance(content, dict) else None


def file_sha256(path: Path) -> str:
    """sha256 (hex) of a file's bytes."""
    with path.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def digest(*parts: Any) -> str:
    """sha256 (hex) of JSON-able parts; equal parts give equal digests.

    >>> digest("a", {"x": 1, "y": 2}) == digest("a", {"y": 2, "x": 1})
    True
    """
    text = json.dumps(parts, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode("utf-8")).hexdigest()
