"""Batches of preprocessed rows, run in threads, with progress that may interrupt."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from headstart.backbones.runtime import Inputs, Runner
from headstart.ports import Preprocessor

T = TypeVar("T")

TICK_SECONDS = 0.25
TOKENS = 512
"""Tokens in a batch of texts."""
IMAGES = 4
"""Images in a batch."""
WINDOW = 8192
"""Texts tokenised before the first of them is run, so that rows of equal length can meet."""
TOKENISED = 256
"""Texts tokenised between two calls of progress."""

Tick = Callable[[], None]
Job = tuple[list[int], Callable[[], Inputs]]
"""Positions of the rows, and what prepares their inputs (called in a worker)."""


def text_jobs(
    preprocessor: Preprocessor, texts: Sequence[str], tokens: int, tick: Tick
) -> Iterator[Job]:
    """Texts of equal token count together, longest first, at most `tokens` tokens a batch.

    A row is never padded, so what is computed for it cannot depend on the rows beside it.
    """
    order = sorted(range(len(texts)), key=lambda i: len(texts[i]), reverse=True)
    for start in range(0, len(order), WINDOW):
        by_length: dict[int, list[tuple[int, Inputs]]] = defaultdict(list)
        window = order[start : start + WINDOW]
        for first in range(0, len(window), TOKENISED):
            tick()
            part = window[first : first + TOKENISED]
            for position, row in zip(part, _rows(preprocessor, texts, part), strict=True):
                by_length[len(row["input_ids"])].append((position, row))
        for length in sorted(by_length, reverse=True):
            rows = by_length[length]
            size = max(1, tokens // length)
            for at in range(0, len(rows), size):
                yield _stacked(rows[at : at + size])


def _rows(preprocessor: Preprocessor, texts: Sequence[str], part: list[int]) -> Iterator[Inputs]:
    inputs = preprocessor([texts[i] for i in part])
    for row in range(len(part)):
        kept = inputs["attention_mask"][row] != 0
        if not kept.any():
            kept[0] = True
        # A copy, so that the padded batch can be freed.
        yield {name: array[row][kept].copy() for name, array in inputs.items()}


def _stacked(rows: list[tuple[int, Inputs]]) -> Job:
    stacked = {name: np.stack([row[name] for _, row in rows]) for name in rows[0][1]}
    stacked["attention_mask"] = np.ones_like(stacked["attention_mask"])
    return [position for position, _ in rows], lambda: stacked


def image_jobs(preprocessor: Preprocessor, paths: Sequence[str], size: int) -> Iterator[Job]:
    """Images in file order; each batch is decoded by the worker that runs it, then dropped."""
    for start in range(0, len(paths), size):
        positions = list(range(start, min(start + size, len(paths))))
        yield positions, lambda at=positions: preprocessor([paths[i] for i in at])  # type: ignore[misc]


def run_jobs(
    jobs: Iterator[Job], runner: Runner, tick: Tick
) -> Iterator[tuple[list[int], NDArray[np.float32]]]:
    """Run batches on the runner's workers; results come as they are ready, in no set order.

    `tick` is called about four times a second; what it raises stops the work.
    """

    def one(prepare: Callable[[], Inputs]) -> NDArray[np.float32]:
        return _run(runner, prepare())

    pending: dict[Future[NDArray[np.float32]], list[int]] = {}
    pool = ThreadPoolExecutor(runner.workers, thread_name_prefix="encoder")
    try:
        more = True
        while more or pending:
            # A bounded queue: decoded images wait in it.
            while more and len(pending) < 2 * runner.workers:
                job = next(jobs, None)
                if job is None:
                    more = False
                else:
                    pending[pool.submit(one, job[1])] = job[0]
            ready, _ = wait(pending, timeout=TICK_SECONDS, return_when=FIRST_COMPLETED)
            for future in ready:
                yield pending.pop(future), future.result()
            tick()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _run(runner: Runner, inputs: Inputs) -> NDArray[np.float32]:
    """Features of a batch, each row the same bits as in any other batch."""
    ids = inputs.get("input_ids")
    if ids is not None and ids.shape == (1, 1):
        # A product with one row takes another kernel, which rounds differently.
        doubled: dict[str, NDArray[Any]] = {n: np.repeat(a, 2, axis=0) for n, a in inputs.items()}
        return runner(doubled)[:1]
    return runner(inputs)


def watched(work: Callable[[], T], tick: Tick) -> T:
    """Run `work` in a thread of its own while `tick` is called; what either raises is raised.

    Where `tick` raises, the thread is left behind: an export cannot be stopped half-way.
    """
    outcome: list[T] = []
    failure: list[BaseException] = []

    def body() -> None:
        try:
            outcome.append(work())
        except BaseException as error:
            failure.append(error)

    thread = threading.Thread(target=body, name="encoder-export", daemon=True)
    thread.start()
    while thread.is_alive():
        thread.join(TICK_SECONDS)
        tick()
    if failure:
        raise failure[0]
    return outcome[0]
