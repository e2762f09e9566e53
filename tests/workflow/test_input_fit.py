"""Whether a network reads its input as it was meant to."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from headstart.backbones import load_encoder
from headstart.types.result import Estimate, NotAvailable
from headstart.workflow.checks import tokenizer_of
from headstart.workflow.input_fit import input_fit


def share(found: Estimate | NotAvailable) -> float:
    assert isinstance(found, Estimate)
    assert found.low is not None
    assert found.high is not None
    assert found.low <= found.value <= found.high
    return found.value


def test_texts_that_are_cut_or_shattered_are_counted(cache: Path) -> None:
    encoder = load_encoder("all-MiniLM-L6-v2", cache=cache)
    plain = ["where is my card", "i lost my card yesterday", "please help me"]
    found = input_fit(plain, encoder)
    assert share(found["texts cut off"]) == 0.0
    assert share(found["tokens a word"]) == pytest.approx(1.0, abs=0.1)
    assert share(found["unknown tokens"]) == 0.0
    hard = ["card " * 400, "ხატი ꧁", "antidisestablishmentarianism floccinaucinihilipilification"]
    found = input_fit(hard, encoder)
    assert share(found["texts cut off"]) == pytest.approx(1 / 3)
    assert share(found["tokens a word"]) > 1.0
    assert share(found["unknown tokens"]) > 0.0


def test_pictures_that_are_small_grey_or_strange_are_counted(cache: Path, tmp_path: Path) -> None:
    encoder = load_encoder("efficientnet-lite0", cache=cache)
    random = np.random.default_rng(0)
    usual = random.normal((124, 116, 104), 50, size=(300, 300, 3)).clip(0, 255).astype(np.uint8)
    grey = np.repeat(usual[..., :1], 3, axis=2)
    small = usual[:64, :64]
    dark = (usual * 0.05).astype(np.uint8)
    paths = []
    for name, pixels in (("usual", usual), ("grey", grey), ("small", small), ("dark", dark)):
        Image.fromarray(pixels).save(tmp_path / f"{name}.png")
        paths.append(str(tmp_path / f"{name}.png"))
    found = input_fit(paths, encoder)
    assert share(found["pictures enlarged"]) == 0.25
    assert share(found["pictures without colour"]) == pytest.approx(0.25)
    assert share(found["pictures far from its usual colours"]) == 0.25


def test_classical_features_read_everything() -> None:
    found = input_fit(["a"], None)
    assert isinstance(found["input"], NotAvailable)


def test_the_audit_sees_the_tokens_themselves(cache: Path) -> None:
    tokens = tokenizer_of(load_encoder("all-MiniLM-L6-v2", cache=cache))
    assert tokens is not None
    assert tokens(["my card ꧁"]) == [["[CLS]", "my", "card", "[UNK]", "[SEP]"]]
