"""The probe on all layers: where its features come from, its folds, what cannot have it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from headstart.adapt.probe import ProbeRung, layered
from headstart.backbones import load_encoder
from headstart.backbones.encoder import FrozenEncoder
from headstart.backbones.views import View, viewed
from headstart.data import text_key
from headstart.heads import fit_blocks, fit_linear
from headstart.types.result import NotAvailable

WORDS = {"praise": ("lovely", "great", "superb"), "blame": ("awful", "slow", "rude")}
TEXTS = tuple(
    f"the {thing} was {word} {when}"
    for thing in ("room", "meal", "clerk", "site")
    for when in ("today", "again")
    for words in WORDS.values()
    for word in words
)
CODES = np.array([0, 0, 0, 1, 1, 1] * 8)


def silent(what: str, done: int, total: int) -> None:
    pass


@pytest.fixture(scope="module")
def rung(encoder: FrozenEncoder) -> ProbeRung:
    every = layered(encoder)
    assert isinstance(every, FrozenEncoder)
    keys = tuple(text_key(text) for text in TEXTS)
    return ProbeRung(every, TEXTS, keys, CODES, np.arange(len(TEXTS)), 2, shift=3)


def test_the_first_part_is_what_is_published_and_the_others_are_the_layers_below(
    encoder: FrozenEncoder, rung: ProbeRung, cache: Path
) -> None:
    rows = rung.activations(silent)
    assert rung.widths == (384,) * 9
    parts = np.split(rows.matrix, 9, axis=1)
    assert np.array_equal(parts[0], encoder.encode(TEXTS, rung.keys))
    for at, view in (
        (1, View(5)),
        (6, View(0)),
        (7, View(pooling="cls")),
        (8, View(pooling="max")),
    ):
        one = load_encoder(viewed(encoder.card, view), cache=cache)
        np.testing.assert_allclose(parts[at], one.encode(TEXTS, rung.keys), atol=1e-6)
    assert rung.activations(silent) is rows


def test_a_fold_is_fitted_on_its_training_rows_alone(rung: ProbeRung, tmp_path: Path) -> None:
    rows = rung.activations(silent)
    train, test = np.arange(36), np.arange(36, 48)
    base = fit_linear(rows.matrix[train, :384], CODES[train], 2)
    found = rung.fold(rows, base, train, test, 7, tmp_path / "none", silent)
    blocks = np.split(rows.matrix[train], 9, axis=1)
    by_hand = fit_blocks(blocks, CODES[train], 2, groups=train, seed=7, exact=False).head
    assert np.array_equal(found.proba, by_hand.predict_proba(rows.matrix[test]))
    assert np.array_equal(found.shifted, by_hand.predict_proba(rows.changed[test]))
    assert np.array_equal(found.base, base.predict_proba(rows.matrix[test, :384]))
    assert np.array_equal(found.base_shifted, base.predict_proba(rows.changed[test, :384]))
    others = replace(rung, codes=np.where(np.isin(np.arange(48), test), 1 - CODES, CODES))
    again = others.fold(rows, base, train, test, 7, tmp_path / "none", silent)
    assert np.array_equal(again.proba, found.proba)


def test_rows_are_changed_by_their_seed(rung: ProbeRung) -> None:
    rows = rung.activations(silent)
    assert not np.array_equal(rows.changed, rows.matrix)
    other = replace(rung, shift=4, _kept=[]).activations(silent)
    assert not np.array_equal(rows.changed, other.changed)
    assert np.array_equal(rows.matrix, other.matrix)


def test_pictures_have_all_their_stages(tmp_path: Path, cache: Path) -> None:
    encoder = load_encoder("efficientnet-lite0", cache=cache)
    assert isinstance(encoder, FrozenEncoder)
    every = layered(encoder)
    assert isinstance(every, FrozenEncoder)
    chance = np.random.default_rng(0)
    files = tuple(str(tmp_path / f"{i}.png") for i in range(6))
    for file in files:
        Image.fromarray(chance.integers(256, size=(40, 60, 3), dtype=np.uint8)).save(file)
    codes = np.array([0, 1] * 3)
    rung = ProbeRung(every, files, files, codes, np.arange(6), 2)
    rows = rung.activations(silent)
    assert rung.widths == (1280, 320, 112, 40, 24, 16, 1280)
    assert rows.matrix.shape == rows.changed.shape == (6, 3072)
    assert np.array_equal(rows.matrix[:, :1280], encoder.encode(files, files))
    gap = np.abs(rows.changed - rows.matrix).max(axis=1)
    assert (gap > 0).all()


def test_a_view_of_one_layer_has_no_others(encoder: FrozenEncoder, cache: Path) -> None:
    one = load_encoder(viewed(encoder.card, View(4)), cache=cache)
    assert isinstance(one, FrozenEncoder)
    found = layered(one)
    assert isinstance(found, NotAvailable)
    assert "already" in found.reason
