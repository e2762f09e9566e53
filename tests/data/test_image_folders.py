"""Folders of images, and tables that name image files."""

from __future__ import annotations

import os
import shlex
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from headstart.data import file_key, load_dataset, load_values
from headstart.types.data import Dataset
from headstart.types.errors import DataError


def picture(path: Path, seed: int) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    noise = np.random.default_rng(seed).integers(0, 256, (9, 12, 3)).astype(np.uint8)
    Image.fromarray(noise).save(path)
    return path


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """photos/: 6 small images in each of two classes."""
    for number, label in enumerate(("cat", "dog")):
        for i in range(6):
            picture(tmp_path / "photos" / label / f"{i}.png", 6 * number + i)
    return tmp_path / "photos"


def aside(found: Dataset) -> dict[str, str]:
    return {Path(one.place.file).name: one.reason for one in found.set_aside}


def refused(folder: Path) -> DataError:
    with pytest.raises(DataError) as caught:
        load_dataset(folder)
    assert str(folder) in str(caught.value.place)
    assert caught.value.tip
    return caught.value


def test_a_subfolder_is_a_class(photos: Path) -> None:
    (photos / "dog" / "deeper").mkdir()
    picture(photos / "dog" / "deeper" / "x.JPG", 50)
    found = load_dataset(photos)
    assert found.modality == "image"
    assert found.labels == ("cat", "dog")
    assert [Path(e.value).relative_to(photos).as_posix() for e in found.examples] == [
        *(f"cat/{i}.png" for i in range(6)),
        *(f"dog/{i}.png" for i in range(6)),
        "dog/deeper/x.JPG",
    ]
    assert found.examples[0].key == file_key(photos / "cat" / "0.png")
    assert found.set_aside == ()
    assert found.remarks == ()


def test_what_else_lies_there_is_set_aside_and_hidden_files_are_passed_over(photos: Path) -> None:
    picture(photos / "loose.png", 1)
    (photos / "readme.txt").write_text("mine")
    (photos / "cat" / "notes").write_text("mine")
    for hidden in (photos / ".git", photos / "cat" / ".thumbnails"):
        picture(hidden / "x.png", 1)
    for system in (".DS_Store", "Thumbs.db", "desktop.ini"):
        (photos / "cat" / system).write_text("")
    (photos / "cat" / "IMG_1.HEIC").write_text("")
    (photos / "bird").mkdir()
    found = load_dataset(photos)
    assert len(found) == 12
    assert aside(found) == {
        "loose.png": "stands in no class folder",
        "readme.txt": "not an image file that can be read ('.txt')",
        "IMG_1.HEIC": "HEIC is not read ('.HEIC'): export the photograph as JPEG",
        "notes": "not an image file that can be read ('notes')",
    }
    assert found.remarks == ("The subfolder 'bird' holds no image and is no class.",)


@pytest.mark.parametrize(
    ("files", "said", "tip"),
    [
        ([], "the folder holds no images", "one subfolder a class"),
        (["a.png", "b.png"], "the folder holds 2 images and no subfolder", "one subfolder a class"),
        (["notes.txt"], "the folder holds no images", "one subfolder a class"),
        (
            ["cat/a.txt", "dog/b.txt"],
            "none of the subfolders (2) holds an image",
            ".jpeg, .jpg, .png",
        ),
        (
            ["cat/a.heic", "dog/b.HEIC"],
            "none of the subfolders (2) holds an image",
            "export HEIC photographs as JPEG",
        ),
        (["my rows.csv", "notes.txt"], "the folder holds no images", "/photos/my rows.csv'"),
        (["cat/a.wav", "dog/b.wav"], "none of the subfolders", "sound is not read yet"),
    ],
)
def test_a_folder_without_classes_of_images(
    files: list[str], said: str, tip: str, tmp_path: Path
) -> None:
    (tmp_path / "photos").mkdir()
    for i, name in enumerate(files):
        target = tmp_path / "photos" / name
        target.parent.mkdir(exist_ok=True)
        picture(target, i) if name.endswith("png") else target.write_text("mine")
    error = refused(tmp_path / "photos")
    assert said in error.message
    assert tip in str(error.tip)


def test_splits_are_not_taken_for_classes(photos: Path, tmp_path: Path) -> None:
    data = tmp_path / "my data"
    data.mkdir()
    shutil.copytree(photos, data / "train")
    photos.rename(data / "test")
    error = refused(data)
    assert "look like parts of the data, not like classes" in error.message
    command = shlex.split(str(error.tip))
    assert command == ["headstart", "run", str(data / "train"), "--holdout", str(data / "test")]


def test_classes_that_are_called_like_splits_are_classes(photos: Path) -> None:
    (photos / "cat").rename(photos / "train")
    (photos / "dog").rename(photos / "test")
    assert load_dataset(photos).labels == ("test", "train")


def test_the_same_picture_has_one_key_and_another_file_of_it_has_not(photos: Path) -> None:
    shutil.copy(photos / "cat" / "0.png", photos / "dog" / "copy.png")
    Image.open(photos / "cat" / "0.png").save(photos / "dog" / "again.bmp")
    found = {Path(e.value).name: e.key for e in load_dataset(photos).examples if "dog" in e.value}
    key = file_key(photos / "cat" / "0.png")
    assert found["copy.png"] == key
    assert found["again.bmp"] != key


def test_several_frames_are_remarked_on_once(photos: Path) -> None:
    red, blue = (Image.new("RGB", (9, 9), colour) for colour in ("red", "blue"))
    for name in ("a.gif", "b.webp"):
        red.save(photos / "cat" / name, save_all=True, append_images=[blue])
    found = load_dataset(photos)
    assert len(found) == 14
    assert found.remarks == ("2 images have several frames; only the first is used.",)


@pytest.fixture
def oddly_named(photos: Path) -> Path:
    """One more image whose name is not UTF-8, and one in such a class."""
    try:
        shutil.copy(photos / "cat" / "0.png", photos / "cat" / os.fsdecode(b"caf\xe9.png"))
        shutil.copytree(photos / "dog", photos / os.fsdecode(b"v\xf6gel"))
    except OSError:
        pytest.skip("this file system takes UTF-8 names alone")
    return photos


def test_names_that_are_not_utf_8_cost_their_files(oddly_named: Path) -> None:
    found = load_dataset(oddly_named)
    assert len(found) == 12
    assert found.labels == ("cat", "dog")
    assert len(found.set_aside) == 7
    for one in found.set_aside:
        assert one.reason.startswith("the name of the file or of a folder above it is not UTF-8")
        one.place.file.encode("utf-8")
    assert {Path(one.place.file).name for one in found.set_aside} >= {"caf\ufffd.png", "0.png"}
    values = load_values(oddly_named / "cat")
    assert values.values.count(None) == 1
    assert len(values.values) == 7
    (one,) = values.set_aside
    assert one.place in values.places
    assert values.rows[values.places.index(one.place)]["path"] == one.place.file


def test_a_source_whose_name_is_not_utf_8_is_refused(photos: Path) -> None:
    other = photos.parent / os.fsdecode(b"f\xf6lder")
    try:
        photos.rename(other)
    except OSError:
        pytest.skip("this file system takes UTF-8 names alone")
    for read in (load_dataset, load_values):
        with pytest.raises(DataError, match="is not UTF-8") as caught:
            read(other)
        assert "rename" in str(caught.value.tip)
        str(caught.value).encode("utf-8")


def test_a_folder_name_with_a_line_break_is_no_label(photos: Path) -> None:
    shutil.copytree(photos / "dog", photos / "two\nlines")
    found = load_dataset(photos)
    assert found.labels == ("cat", "dog")
    assert {one.reason for one in found.set_aside} == {
        "the label holds characters that cannot be printed"
    }


# Tables that name image files.


def listed(photos: Path, paths: list[str]) -> Dataset:
    every = [f"{label}/{i}.png" for label in ("cat", "dog") for i in range(6)]
    lines = [f'"{path}",{Path(path).parent.name}\n' for path in every]
    lines += [f'"{path}",cat\n' for path in paths]
    (photos / "table.csv").write_text("file,label\n" + "".join(lines))
    return load_dataset(photos / "table.csv")


def test_paths_may_not_lead_out_of_the_tables_folder(photos: Path, tmp_path: Path) -> None:
    outside = picture(tmp_path / "elsewhere" / "secret.png", 99)
    (photos / "link.png").symlink_to(outside)
    (photos / "there").symlink_to(outside.parent)
    paths = ["../elsewhere/secret.png", "cat/../../elsewhere/secret.png", str(outside),
             "link.png", "there/secret.png", "..\\elsewhere\\secret.png"]  # fmt: skip
    found = listed(photos, paths)
    assert len(found) == 12
    assert [one.place.row for one in found.set_aside] == list(range(13, 19))
    assert [one.excerpt[:20] for one in found.set_aside] == [path[:20] for path in paths]
    assert {one.reason for one in found.set_aside} == {f"the path leads out of {photos}"}


def test_ways_to_write_a_path_inside(photos: Path) -> None:
    (photos / "linked.png").symlink_to(photos / "cat" / "0.png")
    paths = ["./cat/0.png", "dog/../cat/0.png", str(photos / "cat" / "0.png"), "cat\\0.png",
             " cat/0.png ", "linked.png"]  # fmt: skip
    found = listed(photos, paths)
    assert len(found) == 18
    assert {e.key for e in found.examples[12:]} == {file_key(photos / "cat" / "0.png")}


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("", "the image path is empty"),
        ("https://example.org/a.png", "the path is an address; only files in "),
        ("file:///etc/passwd.png", "the path is an address; only files in "),
        ("cat/none.png", "there is no such file"),
        ("cat", "there is no such file"),
        ("x" * 300 + ".png", "the path cannot be followed"),
        ("text.png", "the file is not an image that can be read"),
    ],
)
def test_paths_that_lead_to_no_image(path: str, reason: str, photos: Path) -> None:
    (photos / "text.png").write_text("not a picture")
    (one,) = listed(photos, [path]).set_aside
    assert (one.place.row, one.place.column) == (13, "file")
    assert one.reason.startswith(reason)


def test_a_link_to_itself_leads_nowhere(photos: Path) -> None:
    (photos / "loop.png").symlink_to("loop.png")
    assert [one.place.row for one in listed(photos, ["loop.png"]).set_aside] == [13]


def test_texts_are_not_looked_for_in_a_folder(photos: Path) -> None:
    for read in (load_dataset, load_values):
        with pytest.raises(DataError, match="from a table, not from a folder") as caught:
            read(photos, modality="text")
        assert "CSV, JSONL, Parquet or Excel" in str(caught.value.tip)
