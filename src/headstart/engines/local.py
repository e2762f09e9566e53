"""Independent work on threads of this process."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

A = TypeVar("A")
B = TypeVar("B")
MOST_WORKERS = 8
"""Each holds a part of the data in memory."""


class LocalEngine:
    """Runs items on `workers` threads (default: one a core, at most 8)."""

    def __init__(self, workers: int | None = None) -> None:
        cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
        self.workers = max(1, workers if workers is not None else min(cores or 1, MOST_WORKERS))

    def map(self, function: Callable[[A], B], items: Sequence[A]) -> list[B]:
        """Results in the order of `items`.

        The first error in that order is raised once the items that had begun have ended; those
        that had not begin no more. With one worker everything runs on the caller's own thread.
        """
        if self.workers == 1 or len(items) < 2:
            return [function(item) for item in items]
        with ThreadPoolExecutor(self.workers, thread_name_prefix="headstart-work") as pool:
            futures = [pool.submit(function, item) for item in items]
            try:
                return [future.result() for future in futures]
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                raise
