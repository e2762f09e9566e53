"""Kept activations that nobody uses give way; those in use never do."""

from __future__ import annotations

import os
import time
from pathlib import Path

import numpy as np
import pytest

from headstart.backbones import activations, eviction
from headstart.backbones.activations import ActivationStore
from headstart.backbones.eviction import evict

DAY = 24 * 3600.0


def store(folder: Path, key: str, days_ago: float) -> Path:
    kept = ActivationStore(folder, key)
    kept.add([("row", np.zeros(25, np.float32))])
    then = time.time() - days_ago * DAY
    os.utime(kept.folder, (then, then))
    return kept.folder


def test_the_longest_unused_go_first_and_only_as_many_as_needed(tmp_path: Path) -> None:
    old, older, new = (store(tmp_path, k, d) for k, d in (("a", 3), ("b", 9), ("c", 2)))
    each = sum(file.stat().st_size for file in old.iterdir())
    evict(tmp_path, most=2 * each)
    assert [one.exists() for one in (older, old, new)] == [False, True, True]
    evict(tmp_path, most=0)
    assert not old.exists()
    assert not new.exists()


def test_what_was_used_today_stays_whatever_it_takes(tmp_path: Path) -> None:
    today, yesterday = store(tmp_path, "a", 0.5), store(tmp_path, "b", 1.5)
    evict(tmp_path, most=0)
    assert today.exists()
    assert not yesterday.exists()


def test_to_open_a_store_is_to_use_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened, other = store(tmp_path, "a", 30), store(tmp_path, "b", 30)
    monkeypatch.setattr(activations, "evict", lambda folder: eviction.evict(folder, most=0))
    assert "row" in ActivationStore(tmp_path, "a")
    assert opened.exists()
    assert not other.exists()


def test_no_folder_is_no_error(tmp_path: Path) -> None:
    evict(tmp_path / "nothing")
