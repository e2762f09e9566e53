"""Work beside each other, each piece on one thread: the same bits wherever it runs, and as fast on
a busy machine as its cores allow.

Several threads on one piece wait for each other at every product; where another program holds a
core, they wait for it too (`benchmarks/busy_machine.py`: 3.3 times as long on two busy cores).
"""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from itertools import islice
from typing import TypeVar

from headstart.backbones.runtime import available_cores

A = TypeVar("A")
B = TypeVar("B")


@contextmanager
def one_thread_each() -> Iterator[None]:
    """Inside, linear algebra uses one thread: a fold's sums have one order wherever it runs.

    PyTorch counts its threads for each thread that calls it; who computes with it inside calls
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


def beside_each_other(
    function: Callable[[A], B], items: Iterable[A], workers: int | None = None
) -> Iterator[B]:
    """Results in the order of `items`, a few worked out ahead, each on one thread.

    workers: threads that work (default: one a core). Where the caller stops asking, what had not
    begun never begins.
    """
    number = available_cores() if workers is None else workers
    left = iter(items)
    with one_thread_each():
        pool = ThreadPoolExecutor(number, "headstart-work", initializer=_on_one_thread)
        try:
            ahead: deque[Future[B]] = deque(
                pool.submit(function, item) for item in islice(left, 2 * number)
            )
            while ahead:
                done = ahead.popleft().result()
                ahead.extend(pool.submit(function, item) for item in islice(left, 1))
                yield done
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def _on_one_thread() -> None:
    torch = sys.modules.get("torch")
    if torch is not None:
        torch.set_num_threads(1)
