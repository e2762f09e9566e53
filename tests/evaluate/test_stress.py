"""Rows that get worse: what is changed, how much, and what is counted."""

from __future__ import annotations

import io
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from headstart.evaluate.stress import ROWS, judge_labels, stress_report, ways
from headstart.modalities.image import perturb as pictures
from headstart.modalities.text import perturb as texts
from headstart.types.result import NotAvailable, StressReport


def _answer(proba):
    return proba.argmax(axis=1)


def test_each_change_is_counted_against_the_same_rows():
    words = ("please", "thanks", "refund", "parcel")
    values = [f"Hello {words[i % 4]} number{i} from town{i % 7}!" for i in range(300)]
    y = np.arange(300) % 2

    def predict(asked):
        """Right where the text still ends in an exclamation mark."""
        ends = np.array([one.endswith("!") for one in asked])
        digits = [re.search(r"\d+", one) for one in asked]
        code = np.array([0 if one is None else int(one[0]) % 2 for one in digits])
        proba = np.full((len(asked), 2), 0.2)
        proba[np.arange(len(asked)), np.where(ends, code, 1 - code)] = 0.8
        return proba

    found = stress_report(
        values, "text", predict, judge_labels(y, _answer), confidence=0.95, seed=0
    )
    assert isinstance(found, StressReport)
    assert found.n == ROWS["text"]
    assert len(found.rows) == ways("text")
    first, rows = found.rows[0], {(row.kind, row.strength): row for row in found.rows}
    assert (first.accuracy.value, first.change) == (1.0, 0.0)
    assert first.stated == pytest.approx(0.8)
    bare = rows["no capitals, punctuation or accents", "at all"]
    assert bare.accuracy.value == 0.0
    assert bare.change == -1.0
    assert bare.high < -0.9
    assert bare.log_loss == pytest.approx(-np.log(0.2))
    assert found == stress_report(
        values, "text", predict, judge_labels(y, _answer), confidence=0.95, seed=0
    )


def test_few_rows_are_not_changed():
    found = stress_report(
        ["a"] * 5, "text", lambda v: np.ones((len(v), 1)),
        judge_labels(np.zeros(5, np.int64), _answer), confidence=0.95, seed=0,
    )  # fmt: skip
    assert isinstance(found, NotAvailable)


def test_texts_change_more_as_the_strength_grows():
    text = "Where exactly is my parcel, it should have arrived yesterday? " * 5
    for kind, (change, strengths) in texts.STRESS.items():
        moved = [change(text, 3, strength) for _, strength in strengths]
        assert all(one != text for one in moved), kind
        assert change(text, 3, strengths[0][1]) == moved[0]
    cut = [len(texts.truncated(text, 0, kept).split()) for kept in (0.9, 0.75, 0.5)]
    assert cut == [45, 38, 25]
    assert texts.bare("!?", 0, 1.0) == "!?"
    slips = [
        sum(a != b for a, b in zip(text.split(), texts.typos(text, 0, share).split(), strict=True))
        for share in (0.1, 0.5)
    ]
    assert 0 < slips[0] < slips[1]


def test_pictures_change_more_as_the_strength_grows(tmp_path: Path):
    random = np.random.default_rng(0)
    smooth = np.kron(random.integers(0, 255, (8, 8, 3)), np.ones((8, 8, 1))).astype(np.uint8)
    path = tmp_path / "picture.png"
    Image.fromarray(smooth).save(path)
    seen = pictures.in_view(str(path))
    assert np.array_equal(np.asarray(seen), smooth)
    for kind, (change, strengths) in pictures.STRESS.items():
        gaps = []
        for _, strength in strengths:
            content = pictures.written(change(seen, 5, strength))
            assert content == pictures.written(change(seen, 5, strength))
            image = Image.open(io.BytesIO(content)).convert("RGB").resize((64, 64))
            gaps.append(np.abs(np.asarray(image, dtype=float) - smooth).mean())
        assert gaps[0] > 0, kind
        assert gaps == sorted(gaps), kind


def test_a_large_picture_is_reduced_before_it_is_changed(tmp_path: Path):
    wide = np.kron(np.eye(2), np.full((1000, 2000), 255)).astype(np.uint8)
    path = tmp_path / "photo.jpg"
    Image.fromarray(wide).convert("RGB").save(path, quality=95)
    seen = pictures.in_view(str(path))
    assert seen.size == (724, 362)
    assert seen.width * seen.height <= pictures.SEEN + seen.width
    quarters = np.asarray(seen)[[90, 90, 270, 270], [180, 540, 180, 540], 0]
    assert np.abs(quarters.astype(int) - [255, 0, 0, 255]).max() <= 2


def test_images_are_asked_for_as_files(tmp_path: Path):
    paths = []
    for i in range(24):
        path = tmp_path / f"{i}.png"
        Image.new("RGB", (40, 30), (200, 200, 200)).save(path)
        paths.append(str(path))

    def predict(asked):
        light = np.array([np.asarray(Image.open(one)).mean() / 255 for one in asked])
        return np.column_stack([light, 1 - light])

    found = stress_report(
        paths,
        "image",
        predict,
        judge_labels(np.zeros(24, np.int64), _answer),
        confidence=0.9,
        seed=1,
    )
    assert isinstance(found, StressReport)
    rows = {(row.kind, row.strength): row for row in found.rows}
    assert len(rows) == 16
    assert rows["darker", "with 75% of the light"].accuracy.value == 1.0
    assert rows["darker", "50%"].change == -1.0
    assert rows["cropped", "60%"].stated == pytest.approx(200 / 255, abs=0.01)
