"""Every format, mode and turn decodes to the picture that was saved; what does not is refused."""

from __future__ import annotations

import random
import re
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from headstart.modalities import open_image, validate_image
from headstart.modalities.image import remark_on_image
from headstart.types.errors import DataError

STORED = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}
"""EXIF orientation to the transposition that a sideways camera makes of the scene."""
LOSSLESS = {
    "png": ("RGB", "RGBA", "L", "LA", "P", "1", "I;16"),
    "tif": ("RGB", "RGBA", "L", "LA", "P", "1", "I;16", "CMYK"),
    "webp": ("RGB", "RGBA"),
}
CASES = [
    (name, mode, compression)
    for name, modes in LOSSLESS.items()
    for mode in modes
    for compression in ((None, "tiff_lzw") if name == "tif" else (None,))
]


def scene(width: int = 60, height: int = 40) -> Image.Image:
    """Red left, blue right, a green corner at the top left: every turn of it looks different."""
    pixels = np.zeros((height, width, 3), dtype=np.uint8)
    pixels[:, : width // 2, 0] = 200
    pixels[:, width // 2 :, 2] = 200
    pixels[: height // 4, : width // 4] = (0, 200, 0)
    return Image.fromarray(pixels)


def in_mode(image: Image.Image, mode: str) -> Image.Image:
    if mode == "P":
        return image.convert("P", palette=Image.Palette.ADAPTIVE, colors=4)
    if mode == "1":
        return image.convert("1", dither=Image.Dither.NONE)
    if mode == "I;16":
        return Image.fromarray(np.asarray(image.convert("L")).astype(np.uint16) * 257)
    return (image.convert("L") if mode == "LA" else image).convert(mode)


def seen(mode: str) -> np.ndarray:
    """What a person sees of the scene in this mode."""
    shown = in_mode(scene(), "L" if mode == "I;16" else mode)
    return np.asarray(shown.convert("RGB"))


@pytest.mark.parametrize(("name", "mode", "compression"), CASES)
def test_each_turn_of_each_mode_is_the_picture(
    name: str, mode: str, compression: str | None, tmp_path: Path
) -> None:
    path = tmp_path / f"a.{name}"
    options = {"lossless": True} if name == "webp" else {}
    for turn in range(1, 9):
        sideways = scene().transpose(Image.Transpose(STORED[turn])) if turn > 1 else scene()
        exif = Image.Exif()
        exif[0x0112] = turn
        in_mode(sideways, mode).save(path, exif=exif, compression=compression, **options)
        found = open_image(path)
        assert found.mode == "RGB"
        np.testing.assert_array_equal(np.asarray(found), seen(mode), err_msg=f"turn {turn}")


@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
@pytest.mark.parametrize("turn", [1, 3, 6, 8])
def test_each_turn_of_a_jpeg_is_nearly_the_picture(mode: str, turn: int, tmp_path: Path) -> None:
    """CMYK is stored inverted, as Adobe's programs store it."""
    sideways = scene().transpose(Image.Transpose(STORED[turn])) if turn > 1 else scene()
    exif = Image.Exif()
    exif[0x0112] = turn
    sideways.convert(mode).save(tmp_path / "a.jpg", quality=98, subsampling=0, exif=exif)
    found = np.asarray(open_image(tmp_path / "a.jpg")).astype(int)
    assert found.shape == (40, 60, 3)
    assert np.median(np.abs(found - seen(mode))) <= 2
    assert (np.abs(found - seen(mode)) <= 12).mean() > 0.97


@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
def test_a_large_jpeg_is_decoded_as_far_as_it_is_needed(mode: str, tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    sideways = scene(960, 640).transpose(Image.Transpose(STORED[6])).convert(mode)
    sideways.save(tmp_path / "a.jpg", quality=98, subsampling=0, exif=exif)
    whole = open_image(tmp_path / "a.jpg")
    assert whole.size == (960, 640)
    found = open_image(tmp_path / "a.jpg", at_least=100)
    assert found.size == (240, 160)  # An eighth would be 80 pixels high.
    gap = np.asarray(found).astype(int) - np.asarray(whole.resize(found.size))
    assert (np.abs(gap) <= 12).mean() > 0.97
    assert open_image(tmp_path / "a.jpg", at_least=641).size == (960, 640)


def test_a_damaged_exif_block_turns_nothing(tmp_path: Path) -> None:
    scene().save(tmp_path / "a.png", exif=b"Exif\0\0MM\0*\0\0\0\x08\xff\xff")
    np.testing.assert_array_equal(np.asarray(open_image(tmp_path / "a.png")), np.asarray(scene()))


@pytest.mark.parametrize("name", ["a.gif", "a.png", "a.webp", "a.tif"])
def test_the_first_frame_is_the_image(name: str, tmp_path: Path) -> None:
    frames = [Image.new("RGB", (20, 10), colour) for colour in ("red", "blue")]
    options = {"lossless": True} if name == "a.webp" else {}
    frames[0].save(tmp_path / name, save_all=True, append_images=frames[1:], **options)
    assert (np.asarray(open_image(tmp_path / name)) == (255, 0, 0)).all()
    assert remark_on_image(tmp_path / name) == "it has several frames; the first is used"
    frames[0].save(tmp_path / name, **options)
    assert remark_on_image(tmp_path / name) is None


def test_a_cameras_mpo_is_read_and_its_preview_is_no_frame(tmp_path: Path) -> None:
    scene().save(tmp_path / "a.mpo", save_all=True, append_images=[scene(30, 20)], quality=98)
    (tmp_path / "a.mpo").rename(tmp_path / "a.jpg")
    found = np.asarray(open_image(tmp_path / "a.jpg")).astype(int)
    assert np.median(np.abs(found - seen("RGB"))) <= 2
    assert remark_on_image(tmp_path / "a.jpg") is None


@pytest.mark.parametrize(
    ("kind", "name"), [("u2", "a.png"), ("u2", "a.tif"), (">u2", "a.tif"), ("i4", "a.tif"),
                       ("f4", "a.tif"), ("u2", "a.ppm")],
)  # fmt: skip
def test_more_than_8_bits_are_scaled(kind: str, name: str, tmp_path: Path) -> None:
    ramp = np.linspace(0, 65535, 400).reshape(20, 20).astype(kind)
    Image.fromarray(ramp).save(tmp_path / name)
    found = np.asarray(open_image(tmp_path / name))[..., 0].astype(int)
    np.testing.assert_array_equal(found, np.round(ramp.astype(float) / 257))


@pytest.mark.parametrize(("top", "white"), [(1.0, 1.0), (200.0, 255.0), (1e6, 1e6)])
def test_floating_point_says_by_its_largest_value_what_white_is(
    top: float, white: float, tmp_path: Path
) -> None:
    values = np.linspace(0, top, 100, dtype=np.float32).reshape(10, 10)
    values[0, 1:5] = np.nan, -top, -np.inf, np.inf
    Image.fromarray(values).save(tmp_path / "a.tif")
    found = np.asarray(open_image(tmp_path / "a.tif"))[..., 0].astype(int)
    wanted = np.round(np.nan_to_num(values, nan=0, neginf=0, posinf=white).clip(0) * (255 / white))
    assert np.abs(found - wanted).max() <= 1


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
def test_half_transparent_is_half_white(mode: str, tmp_path: Path) -> None:
    if mode == "P":
        image = Image.new("P", (4, 4), 0)
        image.putpalette([0, 0, 0])
        image.save(tmp_path / "a.png", transparency=b"\x80")
    else:
        Image.new("RGBA", (4, 4), (0, 0, 0, 128)).convert(mode).save(tmp_path / "a.png")
    for value in open_image(tmp_path / "a.png").getpixel((1, 1)):
        assert value == pytest.approx(127, abs=1)


def chunk(kind: bytes, content: bytes) -> bytes:
    body = kind + content
    return struct.pack(">I", len(content)) + body + struct.pack(">I", zlib.crc32(body))


def png(width: int, height: int) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    parts = chunk(b"IHDR", header), chunk(b"IDAT", zlib.compress(bytes(99))), chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def bmp(width: int, height: int) -> bytes:
    header = struct.pack("<IiiHHIIiiII", 40, width, height, 1, 24, 0, 0, 0, 0, 0, 0)
    return b"BM" + struct.pack("<IHHI", 54, 0, 0, 54) + header


def gif(width: int, height: int) -> bytes:
    frame = b"," + struct.pack("<HHHHB", 0, 0, width, height, 0) + b"\x02\x02L\x01\0;"
    return b"GIF89a" + struct.pack("<HHBBB", width, height, 0x80, 0, 0) + bytes(6) + frame


@pytest.mark.parametrize("made", [png, bmp, gif])
@pytest.mark.parametrize(
    ("width", "height", "said"),
    [
        (30_000, 30_000, r"900,000,000 pixels; at most 64,000,000 are read"),
        (9_000, 9_000, r"9,000 × 9,000 pixels; at most 64,000,000 are read"),
        (20_000, 90, r"20,000 × 90 pixels; one side may be 200 times the other at most"),
        (90, 20_000, r"90 × 20,000 pixels; one side may be 200 times the other at most"),
    ],
)
def test_the_size_is_judged_by_the_header(
    made: type, width: int, height: int, said: str, tmp_path: Path
) -> None:
    path = tmp_path / "a.img"
    path.write_bytes(made(width, height))
    assert path.stat().st_size < 200
    with pytest.raises(DataError, match=said) as caught:
        open_image(path)
    assert caught.value.place == str(path)
    assert validate_image(path) == caught.value.message


def test_a_file_too_large_to_be_one_image(tmp_path: Path) -> None:
    with (tmp_path / "a.png").open("wb") as stream:
        stream.write(png(8, 8))
        stream.truncate(300_000_000)
    said = validate_image(tmp_path / "a.png")
    assert said == "the file has 300,000,000 bytes; at most 256,000,000 are read"


@pytest.mark.parametrize(
    ("name", "said"),
    [("none.png", "there is no such file"), ("folder.png", "this is not a file"),
     ("empty.png", "the file is empty"), ("text.png", "not an image that can be read"),
     ("vector.svg", "not an image that can be read"), ("short.gif", "not an image|damaged"),
     ("broken.png", "not an image|damaged")],
)  # fmt: skip
def test_what_is_no_image_says_so(name: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "folder.png").mkdir()
    (tmp_path / "empty.png").touch()
    (tmp_path / "text.png").write_text("a text that is called a picture")
    (tmp_path / "short.gif").write_bytes(b"GIF89a")
    (tmp_path / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\nbroken")
    (tmp_path / "vector.svg").write_text('<svg xmlns="http://www.w3.org/2000/svg"/>')
    assert re.search(said, validate_image(tmp_path / name) or "")
    with pytest.raises(DataError, match=said) as caught:
        open_image(tmp_path / name)
    assert "JPEG or PNG" in str(caught.value.tip)


@pytest.mark.filterwarnings("ignore::UserWarning")  # Pillow's own, of files that it then refuses.
@pytest.mark.parametrize("name", ["png", "jpg", "gif", "bmp", "webp", "tif", "ppm"])
def test_a_damaged_file_is_refused_or_opened_and_never_both(name: str, tmp_path: Path) -> None:
    """What `validate_image` lets pass can be opened; nothing but a DataError comes out."""
    noise = np.random.default_rng(0).integers(0, 256, (20, 30, 3)).astype(np.uint8)
    path = tmp_path / f"a.{name}"
    Image.fromarray(noise).save(path)
    content, refused = path.read_bytes(), 0
    for seed in range(80):
        chance, damaged = random.Random(seed), bytearray(content)
        if seed % 4:
            for _ in range(chance.choice((1, 3, 10))):
                damaged[chance.randrange(len(damaged))] = chance.randrange(256)
        else:
            del damaged[chance.randrange(len(damaged)) :]
        path.write_bytes(damaged)
        said = validate_image(path)
        if said is None:
            assert open_image(path).mode == "RGB"
            continue
        refused += 1
        with pytest.raises(DataError) as caught:
            open_image(path)
        assert caught.value.place == str(path)
    assert refused > 0
