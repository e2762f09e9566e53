"""Folders that are in place whole or not at all."""

from __future__ import annotations

import ctypes
import os
import shutil
from pathlib import Path

from headstart.types.errors import BundleError

AT_FDCWD = -100
RENAME_EXCHANGE = 2


def write_file(path: Path, content: bytes) -> None:
    """Write a file of a folder that nobody reads yet, down to the disk."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())


def swap(new: Path, final: Path) -> None:
    """Put the folder `new` in the place of `final`; what was there before is removed.

    On Linux the two are exchanged in one step, so that `final` is at every moment the old folder or
    the new one, whole. Elsewhere the old one is renamed first: a process killed between the two
    renames leaves no `final`, and never a mixed one. Both must be on one file system.
    """
    if not final.exists():
        os.rename(new, final)
    elif not _exchanged(new, final):
        old = final.parent / f".{final.name}.old"
        shutil.rmtree(old, ignore_errors=True)
        os.rename(final, old)
        os.rename(new, final)
        shutil.rmtree(old, ignore_errors=True)
    _sync(final.parent)
    shutil.rmtree(new, ignore_errors=True)


def _exchanged(new: Path, final: Path) -> bool:
    """renameat2(RENAME_EXCHANGE), where the system and the file system have it."""
    try:
        rename = ctypes.CDLL(None, use_errno=True).renameat2
    except (OSError, AttributeError, TypeError):
        return False
    paths = os.fsencode(new), os.fsencode(final)
    return bool(rename(AT_FDCWD, paths[0], AT_FDCWD, paths[1], RENAME_EXCHANGE) == 0)


def _sync(folder: Path) -> None:
    """Write a folder's names to the disk, where the system lets a folder be opened."""
    try:
        handle = os.open(folder, os.O_RDONLY)
    except OSError:
        return
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def unwritable(folder: Path, error: OSError) -> BundleError:
    """The error for a bundle that could not be written."""
    return BundleError(
        f"the bundle cannot be written ({error.strerror or error})",
        place=str(folder),
        tip="free some space, or name a folder you may write to with --out",
    )
