"""Work beside each other: in order, each piece on one thread, nothing more once nobody asks."""

from __future__ import annotations

import threading

import pytest
import torch

from headstart.backbones.threads import beside_each_other


def test_results_come_in_the_order_of_the_items_and_each_has_one_thread() -> None:
    before = torch.get_num_threads()
    first = threading.Event()

    def work(item: int) -> tuple[int, int]:
        if item == 0:
            assert first.wait(10)  # the second is done before
        else:
            first.set()
        return item, torch.get_num_threads()

    found = list(beside_each_other(work, range(20), workers=2))
    assert found == [(item, 1) for item in range(20)]
    assert torch.get_num_threads() == before


def test_a_few_are_begun_ahead_and_no_more_once_nobody_asks() -> None:
    begun: list[int] = []
    results = beside_each_other(lambda item: begun.append(item) or item, range(1000), workers=2)
    assert next(results) == 0
    results.close()  # type: ignore[attr-defined]
    assert len(begun) <= 5


def test_what_fails_is_raised_in_its_place() -> None:
    results = beside_each_other(lambda item: 1 // (2 - item), range(9), workers=3)
    assert [next(results), next(results)] == [0, 1]
    with pytest.raises(ZeroDivisionError):
        next(results)


def test_nothing_to_do() -> None:
    assert list(beside_each_other(str, [], workers=2)) == []
