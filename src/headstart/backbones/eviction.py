"""Kept activations give way to newer ones: they are large, and can be computed again."""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path

MOST_BYTES = 4 << 30
"""Of all kept activations together."""
IDLE = 24 * 3600.0
"""Seconds without use before a store may go: another run may be reading a younger one."""


def used(store: Path) -> None:
    """Note that a store is in use now; one that is not there yet needs no note."""
    if store.exists():
        os.utime(store)


def evict(folder: Path, most: int = MOST_BYTES, idle: float = IDLE) -> None:
    """Remove the stores (subfolders) that were unused for longest until `most` bytes are left.

    Those used within the last `idle` seconds stay, whatever they take.
    """
    if not folder.is_dir():
        return
    stores = [(one.stat().st_mtime, one) for one in folder.iterdir() if one.is_dir()]
    sizes = {one: sum(file.stat().st_size for file in one.iterdir()) for _, one in stores}
    total = sum(sizes.values())
    for last, store in sorted(stores):
        if total <= most or time.time() - last < idle:
            return
        # A reader that opened it before keeps its maps; a shard without its list is not there.
        shutil.rmtree(store, ignore_errors=True)
        total -= sizes[store]
