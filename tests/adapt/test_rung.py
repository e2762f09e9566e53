"""What a rung is made of: mild changes, answers of a tuned network, what it is expected to cost."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from headstart.adapt import shift
from headstart.adapt.answers import features
from headstart.adapt.plans import find_plan, plans
from headstart.adapt.rung import Rung, misfit, plan_of
from headstart.adapt.shift import changed_rows, disturbed
from headstart.backbones import load_encoder
from headstart.backbones.encoder import FrozenEncoder
from headstart.data import file_key, text_key
from headstart.modalities.text.perturb import WORDS, typos
from headstart.types.result import NotAvailable
from headstart.types.thaw import AdaptationPlan, TrainingStage, TunedNetwork

TEXTS = tuple(f"where is my card number {i}, {'please ' * (i % 5)}tell me" for i in range(20))


def rung(encoder: FrozenEncoder, plan: str = "top-1") -> Rung:
    keys = tuple(text_key(text) for text in TEXTS)
    codes = np.arange(len(TEXTS)) % 2
    return Rung(plans().get(plan), encoder, TEXTS, keys, codes, np.arange(len(TEXTS)), 2)


def silent(what: str, done: int, total: int) -> None:
    pass


@given(st.text(max_size=80), st.integers(0, 2**32 - 1))
def test_slips_of_the_keyboard_are_small_and_drawn_once(text: str, seed: int) -> None:
    changed = typos(text, seed)
    assert changed == typos(text, seed)
    assert len(changed.split(" ")) == len(text.split(" "))
    for before, after in zip(text.split(" "), changed.split(" "), strict=True):
        assert abs(len(before) - len(after)) <= 1
        assert before[:1] == after[:1]


def test_as_many_words_are_changed_as_is_said() -> None:
    words = "abcdefg " * 20_000
    changed = typos(words, 0).split(" ")
    share = np.mean([a != b for a, b in zip(words.split(" "), changed, strict=True)])
    # One slip in four replaces a letter, and one in 26 of these by itself.
    assert abs(share - WORDS) < 0.01


def picture() -> Image.Image:
    """Broad waves, as of something lit from a side."""
    y, x = np.mgrid[0:64, 0:96] / 64
    waves = [np.sin(5 * x + 3 * i) + np.cos(7 * y - 2 * i) for i in range(3)]
    return Image.fromarray(np.uint8(127 + 60 * np.stack(waves, axis=2)))


def away(changed: Image.Image, plain: Image.Image) -> float:
    """Mean distance, in units of the full range."""
    resized = changed.resize(plain.size)
    return float(np.abs(np.asarray(resized, float) - np.asarray(plain, float)).mean() / 255)


def test_disturbed_pictures_are_near_and_drawn_once() -> None:
    plain = picture()
    changed = [disturbed(plain, seed) for seed in range(20)]
    np.testing.assert_array_equal(changed[7], disturbed(plain, 7))
    assert all(0.9 * 96 - 1 <= one.width <= 96 and one.mode == "RGB" for one in changed)
    distances = [away(one, plain) for one in changed]
    assert len(set(distances)) == 20
    assert min(distances) > 0.005
    assert max(distances) < 0.15


@pytest.mark.parametrize(
    ("alone", "least", "most"),
    [
        ({"SIDE": (0.9, 0.9)}, 0.01, 0.08),
        ({"NOISE": 0.01}, 0.006, 0.01),  # the mean size of a normal error of 1% is 0.8%
        ({"LIGHT": (0.85, 1.15)}, 0.02, 0.06),  # that of a uniform share up to 15% of a half: 3.75%
        ({"QUALITY": (70, 70)}, 0.002, 0.02),
    ],
)
def test_each_of_the_changes_is_made_and_is_mild(
    monkeypatch: pytest.MonkeyPatch, alone: dict[str, Any], least: float, most: float
) -> None:
    for name, value in ({"SIDE": (1.0, 1.0), "NOISE": 0.0, "LIGHT": (1.0, 1.0)} | alone).items():
        monkeypatch.setattr(shift, name, value)
    if "QUALITY" not in alone:
        monkeypatch.setattr(shift, "jpeg", lambda image, seed, quality: image)
    distances = [away(disturbed(picture(), seed), picture()) for seed in range(40)]
    assert least < np.mean(distances) < most


def test_a_row_is_changed_alike_wherever_it_stands(tmp_path: Path) -> None:
    """By the probe and by a rung, with all rows or with some."""
    encoder = load_encoder("efficientnet-lite0")
    assert isinstance(encoder, FrozenEncoder)
    paths = []
    for number in range(3):
        paths.append(str(tmp_path / f"{number}.png"))
        picture().rotate(90 * number).save(paths[-1])
    keys = [file_key(Path(path)) for path in paths]
    values, names, reader = changed_rows(encoder, paths, keys, 0)
    _, some, other = changed_rows(encoder, paths[1:], keys[1:], 0)
    (whole,), (part,) = reader(values).values(), other(values[1:]).values()
    assert names[1:] == some
    np.testing.assert_array_equal(whole[1:], part)
    (plain,) = encoder.preprocessor(values).values()
    assert 0.01 < float(np.abs(whole - plain).mean()) < 0.5
    assert changed_rows(encoder, paths, keys, 1)[1] != names


def test_an_untouched_tail_gives_the_frozen_features(encoder: FrozenEncoder) -> None:
    one = rung(encoder)
    rows = one.activations(silent)
    found = features(rows, np.arange(len(TEXTS)))
    np.testing.assert_allclose(found, encoder.encode(TEXTS, one.keys), atol=2e-5)


def test_tuned_weights_answer_and_are_taken_out_again(encoder: FrozenEncoder) -> None:
    rows = rung(encoder).activations(silent)
    everything = np.arange(len(TEXTS))
    before = features(rows, everything)
    name, weight = list(rows.network.parameters().items())[-1]
    moved = weight.detach().numpy() + 0.1
    none = np.zeros((0, 0), np.float32)
    tuned = TunedNetwork(encoder.weights_sha256, {name: moved}, none, none[0:0, 0:1].ravel())
    assert np.abs(features(rows, everything, tuned=tuned) - before).max() > 1e-3
    np.testing.assert_array_equal(features(rows, everything), before)


def test_changed_rows_are_other_rows(encoder: FrozenEncoder) -> None:
    one = rung(encoder)
    rows = one.activations(silent)
    moved = one.changed(rows.network, np.arange(20), silent)
    there, here = features(moved, np.arange(20)), features(rows, np.arange(20))
    assert float(np.abs(there - here).max()) > 1e-3


def test_what_a_rung_costs_grows_with_rows_trainings_and_blocks(encoder: FrozenEncoder) -> None:
    one = rung(encoder)
    once = one.seconds(1)
    assert one.seconds(5) == pytest.approx(5 * once)
    twice = replace(one, values=TEXTS * 2, keys=one.keys * 2)
    assert twice.seconds(1) == pytest.approx(2 * once)
    assert 4 < rung(encoder, "top-4").seconds(1) / once < 6


def test_a_pair_costs_two_rows(encoder: FrozenEncoder) -> None:
    pairs = rung(encoder, "pairs")
    alone = replace(pairs, plan=replace(pairs.plan, pairs=0))
    alike = tuple(f"{text[:20]:20}" for text in TEXTS)  # nothing is padded
    once, both = (replace(one, values=alike).seconds(1) for one in (alone, pairs))
    # And the heads of every epoch, forward alone.
    assert 4 * pairs.plan.pairs < both / once < 4 * pairs.plan.pairs + 1.5
    assert pairs.seconds(1) / alone.seconds(1) > both / once
    top, more = (
        replace(rung(encoder, name), values=alike).seconds(1) for name in ("top-4", "pairs-4")
    )
    assert both < top < more


def test_the_lowest_block_costs_the_way_down_to_it(encoder: FrozenEncoder) -> None:
    """Forward and backward through all blocks, as `full` does, but few weights move."""
    early, full = rung(encoder, "early-1"), rung(encoder, "full")
    full = replace(full, plan=replace(full.plan, stages=full.plan.stages[1:]))
    assert early.plan.stages[0].epochs == full.plan.stages[0].epochs
    assert 2 / 3 < early.seconds(1) / full.seconds(1) < 0.75


def test_a_stage_costs_the_blocks_that_it_opens(encoder: FrozenEncoder) -> None:
    """Of four blocks, forward through all and back through one."""
    four = rung(encoder, "top-4")
    first, rest = (
        replace(
            four, plan=replace(four.plan, stages=(*four.plan.stages[:1], replace(rest, epochs=e)))
        ).seconds(1)
        for rest in four.plan.stages[1:]
        for e in (1, 2)
    )
    every = rest - first  # one epoch of all four
    assert (first - every) / four.plan.stages[0].epochs == pytest.approx(every / 2)


def test_many_rows_take_fewer_epochs(encoder: FrozenEncoder) -> None:
    stage = find_plan("top-4").stages[-1]
    assert stage.epochs_of(7) == stage.epochs
    assert stage.epochs_of(34) == 4
    one = rung(encoder, "top-1")
    many = replace(one, values=TEXTS * 50, keys=one.keys * 50)
    assert many.seconds(1) == pytest.approx(50 * 4 / stage.epochs * one.seconds(1))


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("top-1?copies=2", "of texts there are none"),
        ("nothing", "'third and below' would open nothing: of the network's 7 blocks none"),
        ("names", "'third and below' would open nothing: no weight of its blocks is named *gamma*"),
    ],
)
def test_a_plan_that_would_do_nothing_is_not_tried(
    encoder: FrozenEncoder, name: str, said: str
) -> None:
    stage = TrainingStage("third and below", 4, 1, 1e-4, bottom=3)
    made = {
        "nothing": AdaptationPlan(name, (stage,)),
        "names": AdaptationPlan(name, (replace(stage, bottom=4, trainable=("*gamma*",)),)),
    }
    plan = made.get(name) or find_plan(name)
    assert said in misfit(plan, encoder)
    assert not misfit(replace(plan, copies=0, stages=(replace(stage, bottom=4),)), encoder)


def test_a_network_that_cannot_climb_says_why(encoder: FrozenEncoder) -> None:
    assert plan_of("top-4", encoder) is not None
    view = load_encoder("all-MiniLM-L6-v2?layer=3")
    assert isinstance(view, FrozenEncoder)
    why = plan_of("top-1", view)
    assert isinstance(why, NotAvailable)
    assert "cannot be thawed" in why.reason
