"""The conformance kit accepts the built-in encoders and finds each broken promise."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from headstart.backbones import load_encoder
from headstart.ports import Encoder, Preprocessor, Progress
from headstart.testing.encoder import check_encoder
from headstart.types.errors import BackboneError
from headstart.types.model import BackboneCard


def test_the_text_encoder_conforms(cache: Path, texts: list[str]) -> None:
    check_encoder(load_encoder("all-MiniLM-L6-v2", cache=cache), texts)


def test_the_image_encoder_conforms(cache: Path, images: list[str]) -> None:
    check_encoder(load_encoder("efficientnet-lite0", cache=cache), images)


class Fake:
    """A small encoder; `fault` names the promise that it breaks."""

    def __init__(self, preprocessor: Preprocessor, fault: str = "") -> None:
        self.fault = fault
        self.preprocessor = preprocessor
        self.card = BackboneCard("fake:x", "x", "text", "MIT", 3, "nowhere")
        self.width = 4 if fault == "width" else 3
        self.weights_sha256 = "ab" if fault == "hash" else "ab" * 32
        self.calls = 0

    def encode(
        self, values: Sequence[str], keys: Sequence[str], progress: Progress | None = None
    ) -> np.ndarray:
        self.calls += 1
        rows = np.array([[len(v), v.count("a"), 1.0] for v in values], dtype=np.float32)
        rows = rows.reshape(-1, 3)
        if self.fault == "neighbours" and len(values):
            rows += np.float32(len(values))
        if self.fault == "constant":
            rows[:] = 1
        if self.fault == "drifting":
            rows += np.float32(self.calls)
        if self.fault == "dtype":
            rows = rows.astype(np.float64)
        if self.fault == "nan":
            rows[:1] = np.nan
        if progress is not None and self.fault != "silent":
            done = 0 if self.fault == "unfinished" else len(values)
            try:
                progress("fake", done, len(values))
            except Exception:
                if self.fault != "deaf":
                    raise
        return rows

    def onnx_path(self) -> Path:
        raise BackboneError("" if self.fault == "mute" else "it is made of Python")


@pytest.fixture(scope="module")
def preprocessor(cache: Path) -> Preprocessor:
    return load_encoder("all-MiniLM-L6-v2", cache=cache).preprocessor


def test_a_small_encoder_conforms(preprocessor: Preprocessor, texts: list[str]) -> None:
    encoder: Encoder = Fake(preprocessor)
    check_encoder(encoder, texts)


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ("width", "card.feature_width is the width"),
        ("hash", "weights_sha256 is a sha256"),
        ("neighbours", "a row alone has the features it has in many"),
        ("constant", "different rows have different features"),
        ("drifting", "the same rows give the same features again"),
        ("dtype", "features are float32, not float64"),
        ("nan", "features are finite"),
        ("silent", "progress is called"),
        ("unfinished", "progress ends with all rows done"),
        ("deaf", "what progress raises is raised"),
        ("mute", "says why"),
    ],
)
def test_a_broken_promise_is_named(
    preprocessor: Preprocessor, texts: list[str], fault: str, said: str
) -> None:
    with pytest.raises(AssertionError, match=said):
        check_encoder(Fake(preprocessor, fault), texts)


def test_too_few_rows_prove_nothing(preprocessor: Preprocessor) -> None:
    with pytest.raises(ValueError, match="four distinct rows"):
        check_encoder(Fake(preprocessor), ["a"] * 9)
