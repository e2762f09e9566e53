"""A folder of images: one subfolder a class."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from headstart.modalities.image import SUFFIXES
from headstart.types.data import Place, SetAside
from headstart.types.errors import DataError


@dataclass(frozen=True, slots=True)
class ImageFile:
    """One file of a class."""

    path: Path
    label: str


def read_folder(folder: Path) -> tuple[list[ImageFile], list[SetAside]]:
    """(images, other files) below `folder`, in order of their names; hidden files are passed over.

    Raises:
        DataError: there is no subfolder, or no image in any.
    """
    classes = sorted(
        entry for entry in folder.iterdir() if entry.is_dir() and not entry.name.startswith(".")
    )
    loose = [e for e in folder.iterdir() if e.is_file() and e.suffix.lower() in SUFFIXES]
    if not classes:
        said = f"holds {len(loose)} images and no subfolder" if loose else "holds no images"
        raise DataError(
            f"the folder {said}",
            place=str(folder),
            tip="make one subfolder a class and put the images of the class into it",
        )
    images: list[ImageFile] = []
    others = [SetAside(Place(str(path)), "stands in no class folder") for path in sorted(loose)]
    for subfolder in classes:
        for path in _files(subfolder):
            if path.suffix.lower() in SUFFIXES:
                images.append(ImageFile(path, subfolder.name))
            else:
                others.append(SetAside(Place(str(path)), "not an image file"))
    if not images:
        raise DataError(
            f"the {len(classes)} subfolders hold no images",
            place=str(folder),
            tip=f"images end in {', '.join(sorted(SUFFIXES))}",
        )
    return images, others


def _files(folder: Path) -> list[Path]:
    found: list[Path] = []
    for root, folders, names in os.walk(folder, followlinks=False):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        found += [Path(root) / name for name in sorted(names) if not name.startswith(".")]
    return found
