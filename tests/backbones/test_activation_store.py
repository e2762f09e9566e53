"""Activations at the freeze boundary: computed once, whole or not there."""

from __future__ import annotations

import errno
from pathlib import Path

import numpy as np
import pytest

from headstart.backbones.activations import ActivationStore
from headstart.backbones.augment import augmented
from headstart.types.errors import BackboneError


def rows(n: int) -> list[tuple[str, np.ndarray]]:
    chance = np.random.default_rng(0)
    return [(f"row {i}", chance.normal(size=(1 + i, 3)).astype(np.float32)) for i in range(n)]


def test_rows_of_any_length_come_back_as_they_were(tmp_path: Path) -> None:
    ActivationStore(tmp_path, "key").add(rows(5))
    again = ActivationStore(tmp_path, "key")
    assert len(again) == 5
    for name, row in rows(5):
        assert np.array_equal(again.get(name), row)
        assert not again.get(name).flags.writeable
    assert "row 5" not in again
    assert len(ActivationStore(tmp_path, "another key")) == 0


def test_sixteen_bits_are_half_as_large_and_kept_apart(tmp_path: Path) -> None:
    ActivationStore(tmp_path, "key").add(rows(3))
    half = ActivationStore(tmp_path, "key", half_precision=True)
    assert len(half) == 0
    half.add(rows(3))
    for name, row in rows(3):
        assert np.abs(half.get(name) - row).max() < 2e-3
    sizes = [sum(f.stat().st_size for f in d.glob("*.bin")) for d in sorted(tmp_path.iterdir())]
    assert sorted(sizes) == [36, 72]


def test_what_was_computed_before_an_interruption_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken():  # type: ignore[no-untyped-def]
        yield from rows(3)
        raise KeyboardInterrupt

    store = ActivationStore(tmp_path, "key")
    with pytest.raises(KeyboardInterrupt):
        store.add(broken())
    assert len(ActivationStore(tmp_path, "key")) == 3


def test_a_damaged_shard_is_computed_again(tmp_path: Path) -> None:
    ActivationStore(tmp_path, "key").add(rows(3))
    (numbers,) = tmp_path.rglob("*.bin")
    numbers.write_bytes(numbers.read_bytes()[:-4])
    store = ActivationStore(tmp_path, "key")
    assert len(store) == 0
    store.add(rows(3))
    assert np.array_equal(ActivationStore(tmp_path, "key").get("row 2"), rows(3)[2][1])


def test_a_shard_without_its_index_is_not_there(tmp_path: Path) -> None:
    ActivationStore(tmp_path, "key").add(rows(3))
    (index,) = tmp_path.rglob("*.json")
    index.unlink()
    assert len(ActivationStore(tmp_path, "key")) == 0


def test_a_full_disk_is_one_clear_message(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("headstart.backbones.cache.os.fsync", full)
    store = ActivationStore(tmp_path, "key")
    with pytest.raises(BackboneError, match="cannot be written: No space left on device"):
        store.add(rows(3))
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_copies_follow_from_their_seed() -> None:
    pixels = np.random.default_rng(0).normal(size=(3, 32, 32)).astype(np.float32)
    assert np.array_equal(augmented(pixels, 5), augmented(pixels, 5))
    assert np.abs(augmented(pixels, 5) - augmented(pixels, 6)).max() > 0.1
    assert augmented(pixels, 5).shape == pixels.shape
    # Still the same picture: smooth ones change little in the middle.
    flat = np.full((3, 32, 32), 0.5, dtype=np.float32)
    assert np.abs(augmented(flat, 5) - flat).max() <= 0.15 + 1e-6
