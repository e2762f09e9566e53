"""Independent work on threads of this process."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

A = TypeVar("A")
B = TypeVar("B")


class LocalEngine:
    """Runs items on `workers` threads; with one worker, one after the other on the caller's own."""

    def __init__(self, workers: int = 1) -> None:
        self.workers = max(1, workers)

    def map(self, function: Callable[[A], B], items: Sequence[A]) -> list[B]:
        """Results in the order of `items`; the first error is raised once the others have ended."""
        if self.workers == 1 or len(items) < 2:
            return [function(item) for item in items]
        with ThreadPoolExecutor(self.workers) as pool:
            futures = [pool.submit(function, item) for item in items]
            return [future.result() for future in futures]
