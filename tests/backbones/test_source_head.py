"""The classifier that an image network was pretrained with, against the network's own answer."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from headstart.backbones import load_encoder
from headstart.backbones.source_head import SourceHead, source_head
from headstart.backbones.torchvision_repair import repair_torchvision
from headstart.data import file_key


@pytest.fixture
def pictures(tmp_path: Path) -> list[str]:
    random = np.random.default_rng(0)
    paths = []
    for i in range(3):
        pixels = random.integers(0, 255, size=(40, 40, 3)).astype(np.uint8)
        Image.fromarray(pixels).resize((224, 224)).save(tmp_path / f"{i}.png")
        paths.append(str(tmp_path / f"{i}.png"))
    return paths


def test_it_answers_what_the_whole_network_answers(cache: Path, pictures: list[str]) -> None:
    repair_torchvision()
    import timm
    import torch
    from safetensors.torch import load_file

    encoder = load_encoder("efficientnet-lite0", cache=cache)
    head = source_head(encoder)
    assert head is not None
    assert head.weights.shape == (1000, encoder.width)
    found = head.probabilities(encoder.encode(pictures, [file_key(Path(p)) for p in pictures]))
    np.testing.assert_allclose(found.sum(axis=1), 1.0, rtol=1e-5)
    whole = timm.create_model("tf_efficientnet_lite0", pretrained=False).eval()
    whole.load_state_dict(load_file(str(encoder.weights_file)))  # type: ignore[attr-defined]
    pixels = torch.from_numpy(encoder.preprocessor(pictures)["pixel_values"])
    with torch.inference_mode():
        wanted = whole(pixels).softmax(dim=1).numpy()
    np.testing.assert_allclose(found, wanted, atol=1e-4)


@pytest.mark.parametrize("view", ["?layer=3", "?pooling=max"])
def test_a_view_of_other_features_has_none(view: str, cache: Path) -> None:
    assert source_head(load_encoder(f"efficientnet-lite0{view}", cache=cache)) is None


def test_probabilities_of_large_logits_are_finite() -> None:
    head = SourceHead(np.array([[1000.0], [-1000.0]], np.float32), np.zeros(2, np.float32))
    np.testing.assert_array_equal(head.probabilities(np.ones((1, 1), np.float32)), [[1.0, 0.0]])
