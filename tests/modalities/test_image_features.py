"""Classical features of images, against scikit-image and numpy."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from skimage.feature import hog as reference_hog

from headstart.modalities import get_modality
from headstart.modalities.image.classical import colours, hog
from headstart.types.errors import DataError

RANDOM = np.random.default_rng(0)
GREYS = {
    "noise": RANDOM.random((64, 64)),
    "levels": RANDOM.integers(0, 256, (64, 64)) / 255,
    "three levels": RANDOM.integers(0, 3, (64, 64)) / 255,
    "black and white": RANDOM.integers(0, 2, (64, 64)) * 1.0,
    "flat": np.full((64, 64), 0.3),
    "rising": np.add.outer(np.arange(64), np.arange(64)) / 255,
    "falling": np.subtract.outer(np.arange(64), np.arange(64)) / 255,
    "striped": np.tile(np.arange(64) % 2, (64, 1)) * 1.0,
}


@pytest.mark.parametrize("name", GREYS)
def test_gradients_are_scikit_images(name: str) -> None:
    wanted = reference_hog(
        GREYS[name], orientations=9, pixels_per_cell=(8, 8), cells_per_block=(2, 2),
        block_norm="L2-Hys", transform_sqrt=False,
    )  # fmt: skip
    (found,) = hog(GREYS[name][None])
    np.testing.assert_allclose(found, wanted, atol=1e-6)
    (_, beside) = hog(np.stack([GREYS["noise"], GREYS[name]]))
    np.testing.assert_array_equal(beside, found)


@pytest.mark.parametrize(("height", "width"), [(40, 60), (7, 9), (1, 5), (1, 1)])
def test_colours_are_roots_of_shares_of_the_whole_and_of_its_quarters(
    height: int, width: int
) -> None:
    pixels = RANDOM.integers(0, 256, (height, width, 3)).astype(np.uint8)
    top, left = -(-height // 2), -(-width // 2)
    parts = [pixels, pixels[:top, :left], pixels[:top, left:], pixels[top:, :left]]
    wanted = []
    for part in [*parts, pixels[top:, left:]]:
        for channel in range(3):
            counts, _ = np.histogram(part[..., channel], bins=8, range=(0, 256))
            wanted.append(np.sqrt(counts / max(1, counts.sum())))
    np.testing.assert_allclose(colours(pixels), np.concatenate(wanted))


def test_parts_of_a_row_have_length_one_and_batches_change_nothing(tmp_path: Path) -> None:
    paths = []
    for i in range(70):
        Image.effect_noise((40 + i, 50), 30 + i).convert("RGB").save(tmp_path / f"{i}.png")
        paths.append(str(tmp_path / f"{i}.png"))
    image = get_modality("image")
    fitted = image.classical_fit(paths)
    rows = image.classical_transform(fitted, paths)
    assert rows.shape == (70, fitted.width)
    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), np.sqrt(3), rtol=1e-5)
    for i in (0, 5, 69):
        np.testing.assert_array_equal(
            rows[i : i + 1], image.classical_transform(fitted, paths[i : i + 1])
        )


def test_a_flat_image_has_finite_features_and_one_that_is_gone_is_named(tmp_path: Path) -> None:
    Image.new("RGB", (300, 3), "white").save(tmp_path / "a.png")
    image = get_modality("image")
    fitted = image.classical_fit([])
    assert np.isfinite(image.classical_transform(fitted, [str(tmp_path / "a.png")])).all()
    with pytest.raises(DataError, match="there is no such file") as caught:
        image.classical_transform(fitted, [str(tmp_path / name) for name in ("a.png", "b.png")])
    assert caught.value.place == str(tmp_path / "b.png")
