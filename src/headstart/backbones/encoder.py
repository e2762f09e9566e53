"""A frozen backbone on this machine: exported, verified, run in batches, its features kept."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, perf_counter
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from headstart.backbones import parity
from headstart.backbones.batching import (
    IMAGES,
    TOKENS,
    Job,
    Tick,
    image_jobs,
    run_jobs,
    text_jobs,
    watched,
)
from headstart.backbones.cache import digest
from headstart.backbones.export import EXPORTER, Export, ensure_export, export_key
from headstart.backbones.networks import Network
from headstart.backbones.runtime import OnnxRunner, Runner, TorchRunner
from headstart.backbones.store import FeatureStore
from headstart.ports import Preprocessor, Progress
from headstart.types.errors import BackboneError
from headstart.types.model import BackboneCard

FLUSH_SECONDS = 1.0
FLUSH_ROWS = 512


@dataclass(frozen=True)
class Runtime:
    """What runs the encoder, and why."""

    name: Literal["onnxruntime", "torch"]
    reason: str
    parity: float | None
    runner: Runner


class FrozenEncoder:
    """Features of a card's network, through onnxruntime where that equals torch.

    network: None for a backbone that was published as ONNX; then `graph` is its file.
    """

    def __init__(
        self,
        card: BackboneCard,
        preprocessor: Preprocessor,
        cache: Path,
        *,
        weights_sha256: str,
        network: Network | None = None,
        graph: Path | None = None,
    ) -> None:
        self._card = card
        self._preprocessor = preprocessor
        self._cache = cache
        self._network = network
        self._graph = graph
        self._weights_sha256 = weights_sha256
        self._runtime: Runtime | None = None
        self._width = card.feature_width
        self.computed = 0
        """Rows that were computed, not found in the store."""

    @property
    def card(self) -> BackboneCard:
        return self._card

    @property
    def weights_sha256(self) -> str:
        return self._weights_sha256

    @property
    def network(self) -> Network | None:
        """The network that is run; None for a backbone that was published as ONNX."""
        return self._network

    @property
    def preprocessor(self) -> Preprocessor:
        return self._preprocessor

    @property
    def width(self) -> int:
        if self._width is None:
            path = self.onnx_path()
            shape = OnnxRunner(path).output_shapes[0]
            if len(shape) != 2 or not isinstance(shape[1], int):
                raise BackboneError(
                    f"the graph does not say how wide its features are: {shape}", place=str(path)
                )
            self._width = shape[1]
        return self._width

    @property
    def stages(self) -> tuple[str, ...]:
        """Names of the network's stages, bottom first; empty where it cannot be looked into."""
        return () if self._network is None else self._network.stages

    @property
    def weights_file(self) -> Path | None:
        """The weights as safetensors; None for a backbone that was published as ONNX."""
        return None if self._network is None else self._network.weights()

    @property
    def preprocessing(self) -> dict[str, Any]:
        """The preprocessor's spec, its files by hash."""
        files = self._preprocessor.files.items()
        hashes = {name: hashlib.sha256(content).hexdigest() for name, content in files}
        return {"spec": self._preprocessor.spec, "files": hashes}

    def with_network(self, network: Network) -> FrozenEncoder:
        """The same card, preprocessing and cache with another network."""
        return FrozenEncoder(
            self._card,
            self._preprocessor,
            self._cache,
            weights_sha256=network.weights_sha256,
            network=network,
        )

    @property
    def cache(self) -> Path:
        """The folder for exports, features and activations."""
        return self._cache

    @property
    def key(self) -> str:
        """Key of the feature store: weights, layer, preprocessing and dtype."""
        layer = self._network.architecture if self._network is not None else "onnx"
        return digest(self._weights_sha256, layer, self.preprocessing, EXPORTER, "float32")

    def onnx_path(self) -> Path:
        """The exported encoder: preprocessed inputs -> output `features` (batch, width).

        Standard operators of opset 17, weights inside.

        Raises:
            BackboneError: the network cannot be exported, or the graph does not equal it.
        """
        if self._network is None:
            assert self._graph is not None
            return self._graph
        path = ensure_export(self._network, self._export)
        verdict = parity.kept(self._export)
        if verdict is not None and not verdict.accepted:
            raise BackboneError(verdict.reason, place=str(path))
        return path

    def encode(
        self, values: Sequence[str], keys: Sequence[str], progress: Progress | None = None
    ) -> NDArray[np.float32]:
        """Features (n, width); rows whose key is in the feature store are not computed again.

        A row's features do not depend on the rows beside it, on their order or on how often it
        occurs: with onnxruntime they are the same bits.

        Raises:
            BackboneError: the network or the feature store cannot be used.
            MissingExtraError: the network must be exported first, and torch is not installed.
        """
        if len(values) != len(keys):
            raise ValueError(f"{len(values)} values, but {len(keys)} keys")
        features = np.empty((len(values), self.width), dtype=np.float32)
        store = FeatureStore(self._cache / "features" / f"{self.key}.sqlite", self.width)
        rows: dict[str, list[int]] = {}
        for index, key in enumerate(keys):
            rows.setdefault(key, []).append(index)
        found = store.get(list(rows))
        for key, row in found.items():
            features[rows[key]] = row
        missing = [key for key in rows if key not in found]
        counter = _Counter(progress, f"features of {self._card.name}", len(rows), len(found))
        counter.tick()
        if missing:
            texts = [values[rows[key][0]] for key in missing]
            for position, row in self._computed(texts, missing, store, counter):
                features[rows[missing[position]]] = row
        return features

    def missing(self, keys: Sequence[str]) -> int:
        """How many of these rows are not in the feature store."""
        store = FeatureStore(self._cache / "features" / f"{self.key}.sqlite", self.width)
        return len(set(keys)) - len(store.get(list(dict.fromkeys(keys))))

    def seconds_per_row(self, values: Sequence[str]) -> float:
        """Time of features computed anew, on all cores: the median of three passes."""
        runner = self.runtime(values).runner
        passes = []
        for _ in range(3):
            begin = perf_counter()
            for _ in run_jobs(self._jobs(list(values), runner, _nothing), runner, _nothing):
                pass
            passes.append((perf_counter() - begin) / len(values))
        return sorted(passes)[1]

    def runtime(self, values: Sequence[str], progress: Progress | None = None) -> Runtime:
        """What runs this encoder; the first time, decided on a sample of `values`."""
        if self._runtime is None:
            counter = _Counter(progress, f"preparing {self._card.name}", 1, 0)
            self._runtime = watched(lambda: self._decide(values), counter.tick)
        return self._runtime

    @property
    def _export(self) -> Export:
        assert self._network is not None
        key = export_key(self._network, self.preprocessing)
        return Export(self._cache / "exports" / key)

    def _decide(self, values: Sequence[str]) -> Runtime:
        if self._network is None:
            assert self._graph is not None
            reason = "published as ONNX: there is no torch network to compare it with"
            return Runtime("onnxruntime", reason, None, OnnxRunner(self._graph))
        try:
            graph = ensure_export(self._network, self._export)
            exported = OnnxRunner(graph)
        except BackboneError as error:
            return Runtime("torch", error.message, None, TorchRunner(self._network))
        verdict = parity.kept(self._export)
        reference: Runner | None = None
        if verdict is None:
            reference = TorchRunner(self._network)
            verdict = parity.compare(self._sample(values), exported, reference)
            if verdict.rows:
                parity.keep(self._export, verdict)
        if verdict.accepted:
            largest = verdict.largest_difference
            return Runtime("onnxruntime", verdict.reason, largest, exported)
        runner = reference or TorchRunner(self._network)
        return Runtime("torch", verdict.reason, verdict.largest_difference, runner)

    def _sample(self, values: Sequence[str]) -> list[dict[str, NDArray[Any]]]:
        lengths = [len(v) if self._card.modality == "text" else i for i, v in enumerate(values)]
        return [self._preprocessor([values[i]]) for i in parity.representative(lengths)]

    def _computed(
        self, values: list[str], keys: list[str], store: FeatureStore, counter: _Counter
    ) -> Iterator[tuple[int, NDArray[np.float32]]]:
        runner = self.runtime(values, counter.progress).runner
        waiting: list[tuple[str, NDArray[np.float32]]] = []
        flushed = monotonic()
        try:
            for positions, rows in run_jobs(
                self._jobs(values, runner, counter.tick), runner, counter.tick
            ):
                self._check(rows, len(positions))
                counter.done += len(positions)
                self.computed += len(positions)
                for position, row in zip(positions, rows, strict=True):
                    waiting.append((keys[position], row))
                    yield position, row
                if len(waiting) >= FLUSH_ROWS or monotonic() - flushed > FLUSH_SECONDS:
                    store.add(waiting)
                    waiting, flushed = [], monotonic()
        finally:
            # Also when interrupted: what was computed need not be computed again.
            if waiting:
                store.add(waiting)

    def _jobs(self, values: list[str], runner: Runner, tick: Tick) -> Iterator[Job]:
        if self._card.modality == "text":
            tokens = TOKENS if runner.batched else 1
            return text_jobs(self._preprocessor, values, tokens, tick)
        return image_jobs(self._preprocessor, values, IMAGES if runner.batched else 1)

    def _check(self, rows: NDArray[np.float32], expected: int) -> None:
        if rows.shape != (expected, self.width):
            raise BackboneError(
                f"{self._card.ref} gave features of shape {rows.shape} for {expected} rows; "
                f"{(expected, self.width)} was expected"
            )
        if not np.isfinite(rows).all():
            raise BackboneError(f"{self._card.ref} gave features that are not finite numbers")


def _nothing() -> None:
    """No one listens."""


class _Counter:
    """How far the work is, said to whoever listens."""

    def __init__(self, progress: Progress | None, what: str, total: int, done: int) -> None:
        self.progress = progress
        self.what = what
        self.total = total
        self.done = done

    def tick(self) -> None:
        if self.progress is not None:
            self.progress(self.what, self.done, self.total)
