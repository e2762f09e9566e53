"""How many threads the linear algebra uses."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

SMALL = 3e7
"""Multiplications in one product below which a second thread costs more than it brings."""


@cache
def _controller() -> Any:
    try:
        from threadpoolctl import ThreadpoolController
    except ImportError:
        return None
    return ThreadpoolController()


@contextmanager
def threads_for(products: float) -> Iterator[None]:
    """One thread inside, where matrix products of this many multiplications are small."""
    controller = _controller() if products < SMALL else None
    if controller is None:
        yield
        return
    with controller.limit(limits=1, user_api="blas"):
        yield
