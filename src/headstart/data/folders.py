"""A folder of images: one subfolder a class."""

from __future__ import annotations

import os
import shlex
from dataclasses import dataclass
from pathlib import Path

from headstart.data.encoding import readable, unreadable
from headstart.data.reading import READERS
from headstart.modalities.image import SUFFIXES
from headstart.types.data import Place, SetAside
from headstart.types.errors import DataError

SPLITS = frozenset(
    {"train", "training", "test", "testing", "val", "valid", "validation", "dev", "eval", "holdout"}
)
OF_THE_SYSTEM = frozenset({"thumbs.db", "desktop.ini"})
"""What Windows leaves in a folder; others hide such files."""
PHONES = frozenset({".heic", ".heif"})
SOUNDS = frozenset({".wav", ".mp3", ".flac", ".ogg", ".m4a"})
TABLES = frozenset(READERS) - {".txt"}
"""Files of a folder that its user may have meant, where it holds no images."""


@dataclass(frozen=True, slots=True)
class ImageFile:
    """One file of a class."""

    path: Path
    label: str


@dataclass(frozen=True, slots=True)
class ImageFolder:
    """The images of a folder in order of their names, what else lies there, and remarks."""

    images: tuple[ImageFile, ...]
    others: tuple[SetAside, ...]
    remarks: tuple[str, ...] = ()


def read_folder(folder: Path) -> ImageFolder:
    """The images below `folder`; hidden files and those of the system are passed over.

    Raises:
        DataError: there is no subfolder, no image in any, or the subfolders are splits.
    """
    classes, loose = _entries(folder)
    if not classes:
        pictures = sum(is_image(path) for path in loose)
        some = "1 image" if pictures == 1 else f"{pictures} images"
        said = f"holds {some} and no subfolder" if pictures else "holds no images"
        raise DataError(
            f"the folder {said}",
            place=str(folder),
            tip=_tables_beside(loose)
            or "make one subfolder a class and put the images of the class into it",
        )
    _check_splits(folder, classes)
    images: list[ImageFile] = []
    others = [
        _aside(path, "stands in no class folder" if is_image(path) else _not(path))
        for path in loose
    ]
    empty: list[str] = []
    for subfolder in classes:
        before = len(images)
        for path in _files(subfolder):
            if is_image(path):
                images.append(ImageFile(path, subfolder.name))
            else:
                others.append(_aside(path, _not(path)))
        if len(images) == before:
            empty.append(subfolder.name)
    if not images:
        found = [Path(one.place.file) for one in others]
        raise DataError(
            f"none of the subfolders ({len(classes)}) holds an image",
            place=str(folder),
            tip=f"images end in {', '.join(sorted(SUFFIXES))}"
            + ("; export HEIC photographs as JPEG" if any(map(_from_a_phone, found)) else "")
            + ("; sound is not read yet" if any(map(_sound, found)) else ""),
        )
    remarks = [
        f"The subfolder '{readable(name)}' holds no image and is no class." for name in empty
    ]
    return ImageFolder(tuple(images), tuple(others), tuple(remarks))


def flat_images(folder: Path) -> list[Path]:
    """The images directly in `folder`, in order of their names.

    Raises:
        DataError: the folder cannot be read.
    """
    return [path for path in _entries(folder)[1] if is_image(path)]


def is_image(path: Path) -> bool:
    """Whether a file is taken for an image, by its name."""
    return path.suffix.lower() in SUFFIXES


def _aside(path: Path, reason: str) -> SetAside:
    return SetAside(Place(readable(str(path))), readable(reason))


def _from_a_phone(path: Path) -> bool:
    return path.suffix.lower() in PHONES


def _sound(path: Path) -> bool:
    return path.suffix.lower() in SOUNDS


def _not(path: Path) -> str:
    if _from_a_phone(path):
        return f"HEIC is not read ('{path.suffix}'): export the photograph as JPEG"
    return f"not an image file that can be read ('{path.suffix or path.name}')"


def _passed_over(name: str) -> bool:
    return name.startswith(".") or name.lower() in OF_THE_SYSTEM


def _entries(folder: Path) -> tuple[list[Path], list[Path]]:
    """(subfolders, other entries) but for what is passed over, each in order of their names."""
    try:
        entries = sorted(entry for entry in folder.iterdir() if not _passed_over(entry.name))
    except OSError as error:
        raise unreadable(folder, error) from error
    folders = [entry for entry in entries if entry.is_dir()]
    return folders, [entry for entry in entries if not entry.is_dir()]


def _tables_beside(files: list[Path]) -> str:
    """Which of the files of the folder the user may have meant; empty where none is a table."""
    names = [shlex.quote(readable(str(one))) for one in files if one.suffix.lower() in TABLES]
    return f"name the table itself: {' or '.join(names[:3])}" if names else ""


def _check_splits(folder: Path, classes: list[Path]) -> None:
    names = [entry.name for entry in classes]
    if not all(name.lower() in SPLITS for name in names):
        return
    if not any(_entries(entry)[0] for entry in classes):
        return
    train = next((name for name in names if name.lower().startswith("train")), names[0])
    rest = [name for name in names if name != train]
    held = f" --holdout {shlex.quote(str(folder / rest[0]))}" if rest else ""
    raise DataError(
        f"the subfolders ({', '.join(names)}) look like parts of the data, not like classes",
        place=str(folder),
        tip=f"headstart run {shlex.quote(str(folder / train))}{held}",
    )


def _files(folder: Path) -> list[Path]:
    found: list[Path] = []

    def stop(error: OSError) -> None:
        raise unreadable(Path(error.filename or folder), error) from error

    for root, folders, names in os.walk(folder, onerror=stop):
        folders[:] = sorted(name for name in folders if not _passed_over(name))
        found += [Path(root) / name for name in sorted(names) if not _passed_over(name)]
    return found
