"""Folds run beside each other, each on one thread."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager


@contextmanager
def one_thread_each() -> Iterator[None]:
    """Inside, linear algebra uses one thread: a fold's sums have one order wherever it runs.

    PyTorch counts its threads for each thread that calls it; who trains with it inside calls
    `torch.set_num_threads(1)`, and the number of before is set again at the end.
    """
    with ExitStack() as after:
        try:
            from threadpoolctl import threadpool_limits
        except ImportError:
            pass
        else:
            after.enter_context(threadpool_limits(limits=1, user_api="blas"))
        torch = sys.modules.get("torch")
        if torch is not None:
            after.callback(torch.set_num_threads, torch.get_num_threads())
        yield
