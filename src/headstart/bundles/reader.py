"""Open a bundle: everything is checked before anything is used."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path

from headstart.bundles.layout import LAYOUT
from headstart.bundles.manifest import REBUILD, outputs_of, parse_manifest
from headstart.bundles.predictor import BundlePredictor, Part
from headstart.bundles.session import open_session
from headstart.modalities.preprocess import load_preprocessor
from headstart.ports import Preprocessor
from headstart.types.artifact import BundleOutput, Manifest
from headstart.types.errors import BundleError, HeadstartError

BLOCK = 2**20


def load(path: str | Path, *, threads: int | None = None) -> BundlePredictor:
    """The model in the bundle folder at `path`, ready to answer.

    threads: cores that one answer may use (default: all that onnxruntime finds). The files are read
    once: what was checked against the manifest is what is used.

    Raises:
        BundleError: not a bundle, of a newer schema version, or a file is missing, changed, too
            large, a link, or not named by the manifest. The file is named.
    """
    folder = Path(path)
    manifest, names = _listed(folder)
    contents = {name: b"".join(_checked(folder, name, names[name])) for name in names}
    outputs = outputs_of(manifest)
    parts = []
    for model in dict.fromkeys(output.model for output in outputs):
        own = [(i, output) for i, output in enumerate(outputs) if output.model == model]
        session = open_session(
            contents[model],
            outputs={output.output: len(output.labels) for _, output in own},
            place=folder / model,
            threads=threads,
        )
        preprocessor = _preprocessor(folder, own[0][1], contents)
        parts.append(Part(preprocessor, session, tuple(i for i, _ in own)))
    return BundlePredictor(manifest, parts)


def _preprocessor(
    folder: Path, output: BundleOutput, contents: Mapping[str, bytes]
) -> Preprocessor:
    prefix = f"{output.folder}/"
    files = {
        name.removeprefix(prefix): content
        for name, content in contents.items()
        if name.startswith(prefix)
    }
    try:
        return load_preprocessor(output.preprocessing, files)
    except HeadstartError as error:
        raise BundleError(error.message, place=str(folder), tip=error.tip or REBUILD) from error
    except Exception as error:  # tokenizers raises plain Exception on a spoilt file
        raise BundleError(
            f"the preprocessing cannot be set up ({type(error).__name__}: {error})",
            place=str(folder),
            tip="pip install --upgrade headstart, or build the bundle again",
        ) from error


def verify(path: str | Path) -> Manifest:
    """The manifest of the bundle at `path`, after every file was checked against it.

    Raises:
        BundleError: see `load`.
    """
    folder = Path(path)
    manifest, names = _listed(folder)
    for name, expected in names.items():
        for _ in _checked(folder, name, expected):
            pass
    return manifest


def _listed(folder: Path) -> tuple[Manifest, dict[str, str]]:
    """The manifest, and the sha256 of each file it names; nothing is missing, nothing is extra."""
    sizes = _walk(folder)
    if LAYOUT.manifest not in sizes:
        raise BundleError(
            f"not a bundle: {LAYOUT.manifest} is missing",
            place=str(folder),
            tip="name the folder that holds it, as in: headstart predict PILOT/bundle DATA",
        )
    if sizes[LAYOUT.manifest] > LAYOUT.max_manifest_bytes:
        raise _refused(folder, LAYOUT.manifest, f"has {sizes[LAYOUT.manifest]:,} bytes, too many")
    content = b"".join(_blocks(folder, LAYOUT.manifest))
    manifest = parse_manifest(content, place=str(folder / LAYOUT.manifest))
    for name in manifest.files:
        if name not in sizes:
            raise _refused(folder, name, "is missing")
    for name in sizes:
        if name not in manifest.files and name != LAYOUT.manifest:
            raise _refused(folder, name, "is not named by the manifest", "remove it")
    return manifest, dict(manifest.files)


def _walk(folder: Path) -> dict[str, int]:
    """Size of every file below `folder`, by path; links and special files are refused."""
    if not folder.is_dir():
        what = "is not a folder" if folder.exists() else "does not exist"
        raise BundleError(f"the bundle {what}", place=str(folder), tip="name a bundle's folder")
    sizes: dict[str, int] = {}
    pending = [folder]
    while pending:
        current = pending.pop()
        for entry in _entries(folder, current):
            name = Path(entry.path).relative_to(folder).as_posix()
            mode = entry.stat(follow_symlinks=False)
            if stat.S_ISDIR(mode.st_mode):
                pending.append(Path(entry.path))
            elif not stat.S_ISREG(mode.st_mode):
                raise _refused(folder, name, "is a link or not a plain file", "remove it")
            elif entry.name not in LAYOUT.ignored:
                sizes[name] = mode.st_size
            if len(sizes) + len(pending) > 2 * LAYOUT.max_files:
                raise BundleError("not a bundle: it has too many files", place=str(folder))
    for name, size in sizes.items():
        if size > LAYOUT.max_file_bytes:
            raise _refused(folder, name, f"has {size:,} bytes, too many")
    if sum(sizes.values()) > LAYOUT.max_bytes:
        raise BundleError("the files are too large together", place=str(folder), tip=REBUILD)
    return dict(sorted(sizes.items()))


def _entries(folder: Path, current: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(current) as entries:
            return list(entries)
    except OSError as error:
        name = current.relative_to(folder).as_posix()
        raise _refused(folder, name, f"cannot be read ({error.strerror})") from error


def _checked(folder: Path, name: str, expected: str) -> Iterator[bytes]:
    """The blocks of one file; ends in an error when they are not what the manifest says."""
    digest = hashlib.sha256()
    for block in _blocks(folder, name):
        digest.update(block)
        yield block
    if digest.hexdigest() != expected:
        raise _refused(folder, name, "was changed after the bundle was built")


def _blocks(folder: Path, name: str) -> Iterator[bytes]:
    """The blocks of one file, never through a link and never more than it may hold."""
    flags = os.O_RDONLY | getattr(os, "O_BINARY", 0)
    flags |= getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    left = LAYOUT.max_file_bytes
    try:
        with os.fdopen(os.open(folder / name, flags), "rb") as stream:
            while block := stream.read(BLOCK):
                left -= len(block)
                if left < 0:
                    raise _refused(folder, name, "is too large")
                yield block
    except OSError as error:
        raise _refused(folder, name, f"cannot be read ({error.strerror})") from error


def _refused(folder: Path, name: str, why: str, tip: str = REBUILD) -> BundleError:
    return BundleError(f"{name} {why}", place=str(folder), tip=tip)
