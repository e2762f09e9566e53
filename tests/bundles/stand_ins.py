"""A tiny text encoder that follows the port, and models on it; no network, no download."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from PIL import Image
from tokenizers import Tokenizer, models, pre_tokenizers, processors

from headstart.modalities import get_modality
from headstart.modalities.preprocess import PixelPreprocessor, TokenPreprocessor
from headstart.ports import Preprocessor, Progress
from headstart.types.brief import ModalityName
from headstart.types.model import BackboneCard, EncoderFeatures, FittedModel, NoFeatures

WORDS = [
    "refund",
    "card",
    "lost",
    "broken",
    "late",
    "parcel",
    "hello",
    "password",
    "reset",
    "invoice",
]
WIDTH = 6
LABELS = ("account", "delivery", "payment")
TEXTS = [
    "refund my card",
    "parcel late",
    "hello",
    "password reset please",
    "the invoice is broken and the parcel is lost",
    "card card card card",
    "unknown words only here",
    "lost parcel",
]


def tokenizer_json() -> bytes:
    vocabulary = {"[PAD]": 0, "[UNK]": 1, "[CLS]": 2, "[SEP]": 3}
    vocabulary |= {word: i + 4 for i, word in enumerate(WORDS)}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    return tokenizer.to_str().encode("utf-8")


class TinyEncoder:
    """Mean of token vectors. The ONNX graph and the NumPy features are written separately."""

    def __init__(self, folder: Path, *, seed: int = 0) -> None:
        vectors = np.random.default_rng(seed).normal(size=(len(WORDS) + 4, WIDTH))
        self.vectors = vectors.astype(np.float32)
        self.weights_sha256 = hashlib.sha256(self.vectors.tobytes()).hexdigest()
        self.width = WIDTH
        self.card = BackboneCard(
            ref="file:tiny",
            name="tiny",
            modality="text",
            licence="MIT-0",
            feature_width=WIDTH,
            source="the tests",
        )
        self.preprocessor: Preprocessor = TokenPreprocessor(
            tokenizer_json(), max_tokens=8, inputs=("input_ids", "attention_mask")
        )
        self._path = folder / "tiny.onnx"

    def encode(
        self, values: Sequence[str], keys: Sequence[str], progress: Progress | None = None
    ) -> NDArray[np.float32]:
        assert [hashlib.sha256(v.encode()).hexdigest() for v in values] == list(keys)
        rows = []
        for value in values:
            words = pre_tokenizers.Whitespace().pre_tokenize_str(value)
            ids = [WORDS.index(w) + 4 if w in WORDS else 1 for w, _ in words][:6]
            rows.append(self.vectors[[2, *ids, 3]].mean(axis=0))
        return np.array(rows, dtype=np.float32).reshape(len(values), WIDTH)

    def onnx_path(self) -> Path:
        onnx.save(tiny_graph(self.vectors), str(self._path))
        return self._path


def tiny_graph(vectors: NDArray[np.float32]) -> Any:
    nodes = [
        helper.make_node("Gather", ["vectors", "input_ids"], ["tokens"], axis=0),
        helper.make_node("Cast", ["attention_mask"], ["mask"], to=TensorProto.FLOAT),
        helper.make_node("Unsqueeze", ["mask", "last"], ["wide"]),
        helper.make_node("Mul", ["tokens", "wide"], ["kept"]),
        helper.make_node("ReduceSum", ["kept", "second"], ["total"], keepdims=0),
        helper.make_node("ReduceSum", ["mask", "second"], ["count"], keepdims=1),
        helper.make_node("Div", ["total", "count"], ["features"]),
    ]
    for node in nodes:
        node.doc_string = "/home/someone/exporter.py(12): forward"
    inputs = [
        helper.make_tensor_value_info(name, TensorProto.INT64, ["batch", "sequence"])
        for name in ("input_ids", "attention_mask")
    ]
    output = helper.make_tensor_value_info("features", TensorProto.FLOAT, ["batch", WIDTH])
    constants = [
        numpy_helper.from_array(vectors, "vectors"),
        numpy_helper.from_array(np.array([-1], dtype=np.int64), "last"),
        numpy_helper.from_array(np.array([1], dtype=np.int64), "second"),
    ]
    graph = helper.make_graph(nodes, "tiny", inputs, [output], constants)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def frozen_model(encoder: TinyEncoder, *, seed: int = 1) -> FittedModel:
    rng = np.random.default_rng(seed)
    return FittedModel(
        approach="frozen",
        arm="frozen tiny",
        modality="text",
        labels=LABELS,
        featurizer=EncoderFeatures("file:tiny", encoder.weights_sha256, WIDTH),
        weights=(3 * rng.normal(size=(len(LABELS), WIDTH))).astype(np.float32),
        bias=rng.normal(size=len(LABELS)).astype(np.float32),
        head="logistic regression",
    )


def majority_model(modality: Any = "text") -> FittedModel:
    return FittedModel(
        approach="majority",
        arm="majority",
        modality=modality,
        labels=LABELS,
        featurizer=NoFeatures(),
        weights=np.zeros((len(LABELS), 0), dtype=np.float32),
        bias=np.log(np.array([0.2, 0.5, 0.3], dtype=np.float32)),
        head="none",
    )


class TinyImageEncoder:
    """Mean colour of an image."""

    def __init__(self, folder: Path) -> None:
        self.weights_sha256 = "0" * 64
        self.width = 3
        self.card = BackboneCard(
            ref="file:mean-colour",
            name="mean-colour",
            modality="image",
            licence="MIT-0",
            feature_width=3,
            source="the tests",
        )
        self.preprocessor: Preprocessor = PixelPreprocessor(
            size=8,
            crop_fraction=1.0,
            interpolation="bilinear",
            mean=(0.5, 0.5, 0.5),
            std=(0.5, 0.5, 0.5),
        )
        self._path = folder / "mean-colour.onnx"

    def encode(
        self, values: Sequence[str], keys: Sequence[str], progress: Progress | None = None
    ) -> NDArray[np.float32]:
        pixels = self.preprocessor(values)["pixel_values"]
        means: NDArray[np.float32] = pixels.mean(axis=(2, 3))
        return means

    def onnx_path(self) -> Path:
        nodes = [
            helper.make_node("GlobalAveragePool", ["pixel_values"], ["pooled"]),
            helper.make_node("Flatten", ["pooled"], ["features"]),
        ]
        given = helper.make_tensor_value_info("pixel_values", TensorProto.FLOAT, ["batch", 3, 8, 8])
        output = helper.make_tensor_value_info("features", TensorProto.FLOAT, ["batch", 3])
        graph = helper.make_graph(nodes, "mean", [given], [output])
        proto = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
        onnx.save(proto, str(self._path))
        return self._path


def colour_model() -> FittedModel:
    return FittedModel(
        approach="frozen",
        arm="frozen mean-colour",
        modality="image",
        labels=("blue", "green", "red"),
        featurizer=EncoderFeatures("file:mean-colour", "0" * 64, 3),
        weights=np.eye(3, dtype=np.float32)[::-1] * 4,
        bias=np.zeros(3, dtype=np.float32),
        head="logistic regression",
    )


def pictures(folder: Path, n: int = 9) -> list[str]:
    """PNG files of one colour each and some noise: red, green, blue, red, …"""
    rng = np.random.default_rng(0)
    paths = []
    for i in range(n):
        pixels = rng.integers(0, 60, size=(20 + i, 30, 3), dtype=np.uint8)
        pixels[..., i % 3] += 150
        path = folder / f"{i}.png"
        Image.fromarray(pixels).save(path)
        paths.append(str(path))
    return paths


def classical_model(modality: ModalityName, values: Sequence[str]) -> FittedModel:
    """Random weights on what the modality's classical features learned from `values`."""
    features = get_modality(modality).classical_fit(values)
    weights = np.random.default_rng(2).normal(size=(len(LABELS), features.width))
    return FittedModel(
        approach="classical",
        arm="classical",
        modality=modality,
        labels=LABELS,
        featurizer=features,
        weights=weights.astype(np.float32),
        bias=np.zeros(len(LABELS), dtype=np.float32),
        head="logistic regression",
    )
