"""Images of every sort decode to what they show; features against scikit-image and timm."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from skimage.feature import hog as reference_hog

from headstart.modalities import get_modality, open_image, validate_image
from headstart.modalities.image import remark_on_image
from headstart.modalities.image.classical import hog
from headstart.modalities.preprocess import PixelPreprocessor, load_preprocessor
from headstart.types.errors import DataError


def scene(width: int = 60, height: int = 40) -> Image.Image:
    """Red left, blue right, a green corner at the top left: every turn of it looks different."""
    pixels = np.zeros((height, width, 3), dtype=np.uint8)
    pixels[:, : width // 2, 0] = 200
    pixels[:, width // 2 :, 2] = 200
    pixels[: height // 4, : width // 4] = (0, 200, 0)
    return Image.fromarray(pixels)


def close(image: Image.Image, wanted: Image.Image, within: int = 12) -> None:
    assert image.mode == "RGB"
    assert image.size == wanted.size
    difference = np.abs(np.asarray(image, dtype=int) - np.asarray(wanted, dtype=int))
    assert np.median(difference) <= 2
    assert (difference <= within).mean() > 0.97


@pytest.mark.parametrize("turn", range(1, 9))
def test_exif_rotation_is_applied(turn: int, tmp_path: Path) -> None:
    undo = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}
    stored = scene()
    if turn > 1:
        stored = scene().transpose(Image.Transpose(undo[turn]))
    exif = Image.Exif()
    exif[0x0112] = turn
    stored.save(tmp_path / "a.jpg", quality=98, subsampling=0, exif=exif)
    close(open_image(tmp_path / "a.jpg"), scene())


@pytest.mark.parametrize("mode", ["CMYK", "L", "P", "1", "RGBA", "LA"])
def test_modes_become_rgb(mode: str, tmp_path: Path) -> None:
    path = tmp_path / ("a.tif" if mode == "CMYK" else "a.png")
    scene().convert("RGBA" if mode == "LA" else "RGB").convert(mode).save(path)
    wanted = scene().convert("L" if mode in ("L", "LA", "1") else "RGB").convert("RGB")
    if mode == "1":
        assert open_image(path).mode == "RGB"
    else:
        close(open_image(path), wanted)


def test_transparency_is_laid_on_white(tmp_path: Path) -> None:
    Image.new("RGBA", (8, 8), (255, 0, 0, 0)).save(tmp_path / "a.png")
    assert open_image(tmp_path / "a.png").getpixel((0, 0)) == (255, 255, 255)


def test_sixteen_bits_are_scaled_not_cut(tmp_path: Path) -> None:
    ramp = np.linspace(0, 65535, 256 * 4).astype(np.uint16).reshape(4, 256)
    Image.fromarray(ramp).save(tmp_path / "a.png")
    found = np.asarray(open_image(tmp_path / "a.png"))[..., 0].astype(int)
    assert np.abs(found - np.round(ramp / 257)).max() <= 1


def test_the_first_frame_of_an_animation(tmp_path: Path) -> None:
    frames = [Image.new("RGB", (9, 9), colour) for colour in ("red", "blue")]
    frames[0].save(tmp_path / "a.gif", save_all=True, append_images=frames[1:])
    assert open_image(tmp_path / "a.gif").getpixel((4, 4)) == (255, 0, 0)
    assert "several frames" in (remark_on_image(tmp_path / "a.gif") or "")


def test_a_cameras_mpo_is_read_and_its_preview_is_no_frame(tmp_path: Path) -> None:
    scene().save(tmp_path / "a.mpo", save_all=True, append_images=[scene(30, 20)], quality=98)
    (tmp_path / "a.mpo").rename(tmp_path / "a.jpg")
    close(open_image(tmp_path / "a.jpg"), scene(), within=40)
    assert remark_on_image(tmp_path / "a.jpg") is None


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "empty"),
        (b"this is a text", "not an image"),
        (b"\x89PNG\r\n\x1a\nbroken", "cannot be read|damaged|not an image"),
        (b"GIF89a", "damaged|not an image|cannot"),
    ],
)
def test_what_is_no_image(content: bytes, said: str, tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(content)
    assert validate_image(tmp_path / "a.png") is not None
    with pytest.raises(DataError, match=said):
        open_image(tmp_path / "a.png")


def test_a_line_one_pixel_high_is_refused(tmp_path: Path) -> None:
    Image.new("RGB", (3000, 1)).save(tmp_path / "a.png")
    assert "one side may be 200 times the other" in (validate_image(tmp_path / "a.png") or "")


def test_gradients_are_scikit_images() -> None:
    grey = np.random.default_rng(0).random((3, 64, 64))
    ours = hog(grey)
    for image, row in zip(grey, ours, strict=True):
        wanted = reference_hog(
            image, orientations=9, pixels_per_cell=(8, 8), cells_per_block=(2, 2),
            block_norm="L2-Hys", transform_sqrt=False,
        )  # fmt: skip
        np.testing.assert_allclose(row, wanted, atol=1e-6)


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
    np.testing.assert_array_equal(rows[5:6], image.classical_transform(fitted, paths[5:6]))


@pytest.mark.parametrize("size", [(224, 224), (500, 333), (97, 301), (31, 29)])
@pytest.mark.parametrize("interpolation", ["bicubic", "bilinear"])
def test_pixels_are_timms(size: tuple[int, int], interpolation: str, tmp_path: Path) -> None:
    if find_spec("timm") is None:
        pytest.skip("not available: timm is not installed")
    from headstart.backbones.torchvision_repair import repair_torchvision

    repair_torchvision()
    from timm.data import create_transform

    mean, std = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
    theirs = create_transform(
        input_size=(3, 224, 224), interpolation=interpolation, mean=mean, std=std, crop_pct=0.875
    )
    ours = PixelPreprocessor(
        size=224, interpolation=interpolation, mean=mean, std=std, crop_fraction=0.875
    )
    noise = np.random.default_rng(1).integers(0, 256, (size[1], size[0], 3)).astype(np.uint8)
    path = tmp_path / "a.png"
    Image.fromarray(noise).save(path)
    wanted = theirs(Image.open(path).convert("RGB")).numpy()
    np.testing.assert_allclose(ours([str(path)])["pixel_values"][0], wanted, atol=1e-6)
    again = load_preprocessor(ours.spec, ours.files)
    np.testing.assert_array_equal(
        again([str(path)])["pixel_values"], ours([str(path)])["pixel_values"]
    )
