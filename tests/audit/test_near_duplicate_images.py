"""Near-duplicate pictures: every kind of change, and pictures that only look alike."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageEnhance
from scipy.ndimage import gaussian_filter

from headstart.audit.near_duplicates.image import picture_pairs
from headstart.audit.near_duplicates.nearest import nearest_rows
from headstart.audit.near_duplicates.pairs import KINDS
from headstart.audit.near_duplicates.register import agreement, register, warp


def _scene(seed: int, side: int = 96) -> Image.Image:
    """A picture of no particular thing: smooth colours, a few shapes, some texture."""
    rng = np.random.default_rng(seed)
    smooth = gaussian_filter(rng.normal(size=(side, side, 3)), (9, 9, 0)) * 900 + 120
    fine = gaussian_filter(rng.normal(size=(side, side, 1)), (1.5, 1.5, 0)) * 60
    image = Image.fromarray(np.clip(smooth + fine, 0, 255).astype(np.uint8))
    draw = ImageDraw.Draw(image)
    for _ in range(6):
        x, y, w, h = (
            rng.integers(8, side - 8, size=2).tolist() + rng.integers(6, 30, size=2).tolist()
        )
        colour = tuple(int(c) for c in rng.integers(0, 255, size=3))
        draw.ellipse((x - w, y - h, x + w, y + h), fill=colour)
    return image


def _crop(image: Image.Image) -> Image.Image:
    w, h = image.size
    return image.crop((int(0.1 * w), 0, w, int(0.9 * h)))


def _watermark(image: Image.Image) -> Image.Image:
    marked = image.convert("RGBA")
    layer = Image.new("RGBA", marked.size, (0, 0, 0, 0))
    w, h = marked.size
    ImageDraw.Draw(layer).rectangle((0.1 * w, 0.7 * h, 0.9 * w, 0.85 * h), fill=(255, 255, 255, 80))
    return Image.alpha_composite(marked, layer).convert("RGB")


CHANGES: dict[str, Callable[[Image.Image], Image.Image]] = {
    "re-encoded": lambda image: image,
    "resized": lambda image: image.resize((61, 61)),
    "cropped": _crop,
    "brighter": lambda image: ImageEnhance.Brightness(image).enhance(1.3),
    "darker": lambda image: ImageEnhance.Brightness(image).enhance(0.7),
    "turned": lambda image: image.rotate(4, Image.Resampling.BICUBIC),
    "grey": lambda image: image.convert("L"),
    "marked": _watermark,
    "mirrored": lambda image: image.transpose(Image.Transpose.FLIP_LEFT_RIGHT),
}


@pytest.fixture(scope="module")
def scenes(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    folder = tmp_path_factory.mktemp("scenes")
    paths = []
    for seed in range(60):
        path = folder / f"{seed}.png"
        _scene(seed).save(path)
        paths.append(str(path))
    return paths


@pytest.mark.parametrize("change", CHANGES)
def test_each_change_is_seen_and_nothing_else(
    change: str, scenes: list[str], tmp_path: Path
) -> None:
    copies = []
    for seed in range(0, 60, 12):
        path = tmp_path / f"{seed}.jpg"
        CHANGES[change](_scene(seed)).save(path, quality=60)
        copies.append(str(path))
    found, _ = picture_pairs([*scenes, *copies])
    got = set(zip(found.first.tolist(), found.second.tolist(), strict=True))
    assert got == {(12 * i, 60 + i) for i in range(5)}


def test_the_same_pixels_in_another_file_are_normalised(scenes: list[str], tmp_path: Path) -> None:
    again = tmp_path / "again.bmp"
    Image.open(scenes[7]).save(again)
    found, _ = picture_pairs([*scenes, str(again)])
    assert list(zip(found.first, found.second, strict=True)) == [(7, 60)]
    assert KINDS[found.kind[0]] == "normalised"


def test_one_template_with_other_details_is_no_duplicate(tmp_path: Path) -> None:
    """Scanned forms: the same frame and lines, other handwriting."""
    paths = []
    for seed in range(60):
        rng = np.random.default_rng(seed)
        form = Image.new("L", (96, 96), 230)
        draw = ImageDraw.Draw(form)
        for y in range(8, 96, 12):
            draw.line((4, y, 92, y), fill=40, width=2)
        draw.rectangle((2, 2, 93, 93), outline=20, width=2)
        points = [(int(x), int(y)) for x, y in rng.integers(6, 90, size=(14, 2))]
        draw.line(points, fill=90, width=2)
        path = tmp_path / f"{seed}.png"
        form.save(path)
        paths.append(str(path))
    found, _ = picture_pairs(paths)
    assert len(found) == 0


def test_unreadable_and_empty_pictures(scenes: list[str], tmp_path: Path) -> None:
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"not a picture")
    black = [tmp_path / "a.png", tmp_path / "b.png"]
    for path in black:
        Image.new("RGB", (40, 40)).save(path)
    found, small = picture_pairs([*scenes, str(broken), *map(str, black)])
    assert small.read.tolist() == [True] * 60 + [False, True, True]
    assert list(zip(found.first, found.second, strict=True)) == [(61, 62)]
    assert len(picture_pairs([])[0]) == 0
    assert len(picture_pairs([str(broken)])[0]) == 0


def test_registration_recovers_a_known_map() -> None:
    """The map that made the second picture is found to a fraction of a pixel."""
    grey = np.stack([np.asarray(_scene(s, 64).convert("L"), dtype=np.float32) for s in range(6)])
    truth = np.tile(np.array([[0.95, 0.03, 0.02], [-0.03, 0.95, -0.03]], np.float32), (6, 1, 1))
    moved = warp(grey, truth)[0].reshape(grey.shape)
    start = np.tile(np.eye(2, 3, dtype=np.float32), (6, 1, 1))
    found = register(moved, grey, start, steps=25)
    assert np.abs(found - truth).max() * 32 < 0.4
    assert agreement(moved, grey, found).min() > 0.98
    assert agreement(moved, np.roll(grey, 1, axis=0), start).max() < 0.5


def test_identity_map_returns_the_picture() -> None:
    picture = np.asarray(_scene(3, 64).convert("L"), dtype=np.float32)[None]
    samples, inside = warp(picture, np.eye(2, 3, dtype=np.float32)[None])
    np.testing.assert_allclose(samples.reshape(64, 64), picture[0], atol=0.51)
    assert inside.all()


@pytest.mark.parametrize("most", [50, 10**6])
def test_nearest_rows_against_a_full_sort(most: int, monkeypatch: pytest.MonkeyPatch) -> None:
    from headstart.audit.near_duplicates import nearest

    monkeypatch.setattr(nearest, "BLOCK", 32)
    monkeypatch.setattr(nearest, "MOST_HITS", most)
    rng = np.random.default_rng(0)
    views = [rng.normal(size=(150, 6)).astype(np.float32) for _ in range(3)]
    views = [v / np.linalg.norm(v, axis=1, keepdims=True) for v in views]
    found = nearest_rows(
        views[0],
        lambda start, stop: ((k, v[start:stop]) for k, v in enumerate(views)),
        threshold=0.3,
        k=4,
    )
    best = np.max([v @ views[0].T for v in views], axis=0)
    np.fill_diagonal(best, -1)
    for query in range(150):
        order = np.argsort(-best[query])[:4]
        wanted = {int(j) for j in order if best[query, j] > 0.3}
        assert set(found.row[found.query == query].tolist()) == wanted
