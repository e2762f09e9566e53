"""Activations at the freeze boundary, kept: memory-mapped shards that are whole or not there."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from headstart.backbones.boundary import CutNetwork
from headstart.backbones.cache import digest, read_json, write_atomically, write_json
from headstart.backbones.eviction import evict, used
from headstart.backbones.threads import beside_each_other
from headstart.ports import Preprocessor, Progress

SHARD_BYTES = 1 << 25
SHARD_ROWS = 256
"""Rows in a shard at most: what is lost when the work is killed."""

Augment = Callable[[NDArray[np.float32], int], NDArray[np.float32]]
"""Pixels (channels, height, width) of a row and the seed of a copy to that copy's pixels."""


class ActivationStore:
    """Rows of any shape by content key, for one prefix; `key` names everything it depends on.

    Each shard is one file of numbers and one of JSON, which is written after it: a shard without
    its JSON is not there. Two processes may share the folder. Rows are read through memory maps.
    Stores of other prefixes that were long unused give way where all together are too large.
    """

    def __init__(self, folder: Path, key: str, *, half_precision: bool = False) -> None:
        self._dtype = np.dtype("<f2" if half_precision else "<f4")
        self.folder = folder / f"{key}-{self._dtype.name}"
        used(self.folder)
        evict(folder)
        self._rows: dict[str, tuple[Path, int, tuple[int, ...]]] = {}
        self._maps: dict[Path, NDArray[np.floating]] = {}
        for index in sorted(self.folder.glob("*.json")):
            self._open(index)

    def _open(self, index: Path) -> None:
        content, numbers = read_json(index), index.with_suffix(".bin")
        if content is None or not numbers.exists():
            return
        # A shard of another length was damaged; its rows are computed again.
        if numbers.stat().st_size != content["bytes"]:
            return
        at = 0
        for row, shape in content["rows"]:
            self._rows[row] = (numbers, at, tuple(shape))
            at += int(np.prod(shape))

    def __contains__(self, row: str) -> bool:
        return row in self._rows

    def __len__(self) -> int:
        return len(self._rows)

    def get(self, row: str) -> NDArray[np.floating]:
        """A row as it is kept: a view into the file."""
        path, at, shape = self._rows[row]
        if path not in self._maps:
            self._maps[path] = np.memmap(path, dtype=self._dtype, mode="r")
        return self._maps[path][at : at + int(np.prod(shape))].reshape(shape)

    def add(self, rows: Iterable[tuple[str, NDArray[np.floating]]]) -> None:
        """Keep rows, shard by shard as they come.

        Raises:
            BackboneError: the folder cannot be written, or the disk is full.
        """
        waiting: list[tuple[str, NDArray[np.floating]]] = []
        size = 0
        try:
            for key, row in rows:
                waiting.append((key, np.ascontiguousarray(row, dtype=self._dtype)))
                size += waiting[-1][1].nbytes
                if size >= SHARD_BYTES or len(waiting) >= SHARD_ROWS:
                    full, waiting, size = waiting, [], 0
                    self._write(full)
        finally:
            # Also when interrupted: what was computed need not be computed again.
            if waiting:
                self._write(waiting)

    def _write(self, rows: list[tuple[str, NDArray[np.floating]]]) -> None:
        name = digest([key for key, _ in rows])
        path = self.folder / f"{name}.bin"

        def write(temporary: Path) -> None:
            with temporary.open("wb") as file:
                for _, row in rows:
                    file.write(row.tobytes())

        write_atomically(path, write)
        shapes = [[key, list(row.shape)] for key, row in rows]
        write_json(
            path.with_suffix(".json"),
            {"rows": shapes, "bytes": sum(row.nbytes for _, row in rows)},
        )
        self._maps.pop(path, None)
        self._open(path.with_suffix(".json"))


class BoundaryRows:
    """Rows at the freeze boundary, ready for a tail.

    store: None computes every row anew at each use, which is what kept rows are checked against.
    copies: augmented copies of each row beside the row itself, their chance fixed by `seed`.
    """

    def __init__(
        self,
        network: CutNetwork,
        preprocessor: Preprocessor,
        values: Sequence[str],
        keys: Sequence[str],
        *,
        store: ActivationStore | None,
        augment: Augment | None = None,
        copies: int = 0,
        seed: int = 0,
        progress: Progress | None = None,
    ) -> None:
        if len(values) != len(keys):
            raise ValueError(f"{len(values)} values, but {len(keys)} keys")
        if copies and augment is None:
            raise ValueError(f"{copies} copies of each row, but nothing that makes them differ")
        self.network, self.copies = network, copies
        self._preprocessor, self._values, self._keys = preprocessor, values, keys
        self._store, self._augment, self._seed = store, augment, seed
        if store is not None:
            self._fill(store, progress)
        self.key = digest(list(keys), copies, seed if copies else 0)

    def __len__(self) -> int:
        return len(self._values)

    def _name(self, row: int, copy: int) -> str:
        return self._keys[row] if copy == 0 else f"{self._keys[row]}#{self._seed}.{copy}"

    def _fill(self, store: ActivationStore, progress: Progress | None) -> None:
        wanted = {
            self._name(row, copy): (row, copy)
            for copy in range(self.copies + 1)
            for row in range(len(self))
        }
        missing = {name: place for name, place in wanted.items() if name not in store}

        def computed() -> Iterable[tuple[str, NDArray[np.floating]]]:
            # One row fills an accelerator's queue; on the CPU each core has a row of its own.
            workers = None if self.network.device == "cpu" else 1
            found = beside_each_other(lambda at: self._computed(*at), missing.values(), workers)
            for done, (name, row) in enumerate(zip(missing, found, strict=True)):
                if progress is not None:
                    progress("blocks that stay frozen, once", done, len(missing))
                yield name, row

        store.add(computed())

    def _computed(self, row: int, copy: int) -> NDArray[np.float32]:
        inputs = self._preprocessor([self._values[row]])
        if copy and self._augment is not None:
            chance = int(digest(self._name(row, copy))[:12], 16)
            inputs = {name: self._augment(array[0], chance)[None] for name, array in inputs.items()}
        return self.network.activation(inputs)

    def row(self, row: int, copy: int = 0) -> NDArray[np.floating]:
        """One row's activation; copy 0 is the row itself."""
        if self._store is None:
            return self._computed(row, copy)
        return self._store.get(self._name(row, copy))

    def length(self, row: int) -> int:
        """Tokens of a row; 1 for an image."""
        if not self.network.tokens:
            return 1
        if self._store is None:
            # Without running the prefix: only the tokens are counted.
            return max(1, int(self._preprocessor([self._values[row]])["attention_mask"].sum()))
        return int(self._store.get(self._keys[row]).shape[0])

    def batch(
        self, rows: NDArray[np.int64], copies: NDArray[np.int64]
    ) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        """(activations, mask): texts padded with zeros to the longest of the batch."""
        found = [self.row(int(row), int(copy)) for row, copy in zip(rows, copies, strict=True)]
        if not self.network.tokens:
            return np.stack(found).astype(np.float32), np.ones((len(found), 1), dtype=np.int64)
        longest = max(len(one) for one in found)
        mask = np.zeros((len(found), longest), dtype=np.int64)
        batch = np.zeros((len(found), longest, *found[0].shape[1:]), dtype=np.float32)
        for at, one in enumerate(found):
            batch[at, : len(one)], mask[at, : len(one)] = one, 1
        return batch, mask


def boundary_key(network: CutNetwork, preprocessing: object) -> str:
    """Key of the activations: weights, boundary, preprocessing and what computes them."""
    import torch

    inner = network.network
    return digest(
        inner.weights_sha256, inner.architecture, network.below, preprocessing, torch.__version__
    )
