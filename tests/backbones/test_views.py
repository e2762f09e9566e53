"""Layers and poolings of the built-in networks, against transformers' and timm's own."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from headstart.backbones import find_card, load_encoder
from headstart.backbones.views import View, split_view, viewed
from headstart.data import file_key, text_key
from headstart.types.errors import BackboneError

TEXTS = ["Where is my card?", "I lost the plastic one yesterday, on the train to Rome.", "Hi"]


@pytest.mark.parametrize(
    ("ref", "base", "view"),
    [
        ("pkg:a", "pkg:a", View()),
        ("a?layer=3", "a", View(3)),
        ("file:/x?architecture=resnet18&layer=2", "file:/x?architecture=resnet18", View(2)),
        ("pkg:a?pooling=max&layer=0", "pkg:a", View(0, "max")),
    ],
)
def test_references_are_taken_apart(ref: str, base: str, view: View) -> None:
    assert split_view(ref) == (base, view)


def test_the_card_of_a_view_leads_to_the_view_again() -> None:
    card = viewed(find_card("all-MiniLM-L6-v2"), View(4, "cls"))
    assert find_card(card.ref) == card
    assert card.pooling == "cls"
    assert card.layer == 4


def test_what_is_no_view() -> None:
    with pytest.raises(BackboneError, match="not a number"):
        find_card("all-MiniLM-L6-v2?layer=last")
    with pytest.raises(BackboneError, match="no pooling 'average'"):
        find_card("all-MiniLM-L6-v2?pooling=average")
    with pytest.raises(BackboneError, match="no layer inside"):
        viewed(replace(find_card("all-MiniLM-L6-v2"), ref="onnx:/m.onnx"), View(1))


def test_layers_beyond_the_network_are_refused(tmp_path: Path) -> None:
    encoder = load_encoder("all-MiniLM-L6-v2?layer=7", cache=tmp_path)
    with pytest.raises(BackboneError, match="no layer 7: the network has 6"):
        encoder.encode(TEXTS, [text_key(t) for t in TEXTS])
    encoder = load_encoder("efficientnet-lite0?layer=9", cache=tmp_path)
    with pytest.raises(BackboneError, match="no stage 9: it has 5"):
        encoder.onnx_path()


@pytest.mark.parametrize(("layer", "pooling"), [(0, "mean"), (2, "mean"), (4, "cls"), (6, "max")])
def test_text_layers_are_transformers_hidden_states(
    layer: int, pooling: str, tmp_path: Path
) -> None:
    import torch
    from transformers import AutoModel, AutoTokenizer

    whole = load_encoder("all-MiniLM-L6-v2", cache=tmp_path)
    folder = whole._network.config.parent  # type: ignore[attr-defined]
    tokenizer = AutoTokenizer.from_pretrained(str(folder), local_files_only=True)
    model = AutoModel.from_pretrained(str(folder), local_files_only=True).eval()
    tokens = tokenizer(TEXTS, padding=True, return_tensors="pt")
    with torch.inference_mode():
        hidden = model(**tokens, output_hidden_states=True).hidden_states[layer]
    mask = tokens["attention_mask"].unsqueeze(-1)
    pooled = {
        "mean": (hidden * mask).sum(1) / mask.sum(1),
        "cls": hidden[:, 0],
        "max": hidden.masked_fill(mask == 0, -1e9).amax(1),
    }[pooling]
    wanted = torch.nn.functional.normalize(pooled, dim=1).numpy()
    encoder = load_encoder(f"all-MiniLM-L6-v2?layer={layer}&pooling={pooling}", cache=tmp_path)
    found = encoder.encode(TEXTS, [text_key(text) for text in TEXTS])
    np.testing.assert_allclose(found, wanted, atol=2e-5)
    if layer < 6:
        assert encoder.onnx_path().stat().st_size < whole.onnx_path().stat().st_size


def test_image_stages_are_timms_intermediate_maps(tmp_path: Path) -> None:
    import torch

    pixels = np.random.default_rng(0).integers(0, 256, (50, 60, 3)).astype(np.uint8)
    path = tmp_path / "a.png"
    Image.fromarray(pixels).save(path)
    values, keys = [str(path)], [file_key(path)]
    whole = load_encoder("efficientnet-lite0", cache=tmp_path)
    module = whole._network.build()  # type: ignore[attr-defined]
    inputs = torch.from_numpy(whole.preprocessor(values)["pixel_values"])
    with torch.inference_mode():
        (wanted,) = module.forward_intermediates(inputs, indices=[3], intermediates_only=True)
        last = module.forward_features(inputs)
    stage = load_encoder("efficientnet-lite0?layer=3", cache=tmp_path)
    np.testing.assert_allclose(
        stage.encode(values, keys), wanted.mean((2, 3)).numpy(), atol=1e-4, rtol=1e-4
    )
    assert stage.width == wanted.shape[1]
    largest = load_encoder("efficientnet-lite0?pooling=max", cache=tmp_path)
    np.testing.assert_allclose(
        largest.encode(values, keys), last.amax((2, 3)).numpy(), atol=1e-4, rtol=1e-4
    )


def test_views_keep_features_apart(tmp_path: Path) -> None:
    refs = ["", "?layer=4", "?pooling=max", "?layer=4&pooling=max"]
    keys = {load_encoder(f"all-MiniLM-L6-v2{ref}", cache=tmp_path).key for ref in refs}  # type: ignore[attr-defined]
    assert len(keys) == 4
