"""The user's own catalogue: a TOML file that is read here, and reviewed by its owner."""

from __future__ import annotations

import math
import os
import re
import sys
import tomllib
from collections.abc import Callable
from dataclasses import MISSING, dataclass, fields
from pathlib import Path
from typing import Any, get_args

from headstart.backbones.reference import canonical, parse_reference
from headstart.types.brief import ModalityName
from headstart.types.errors import BackboneError, did_you_mean
from headstart.types.model import BackboneCard

CONFIG = "HEADSTART_CONFIG"
FILE = "catalogue.toml"
HEADER = re.compile(r"\s*\[\[\s*backbone\s*\]\]\s*(#.*)?$")


@dataclass(frozen=True, slots=True)
class Entry:
    """A card of the user's, and where it stands."""

    card: BackboneCard
    place: str


def config_folder() -> Path:
    """`$HEADSTART_CONFIG`, or `headstart` in the platform's folder of settings."""
    chosen = os.environ.get(CONFIG)
    if chosen:
        return Path(chosen).expanduser().absolute()
    if sys.platform == "win32":
        base = os.environ.get("APPDATA") or str(Path.home() / "AppData" / "Roaming")
    elif sys.platform == "darwin":
        base = str(Path.home() / "Library" / "Application Support")
    else:
        base = os.environ.get("XDG_CONFIG_HOME") or str(Path.home() / ".config")
    return Path(base).expanduser().absolute() / "headstart"


def user_catalogue_path() -> Path:
    """The file of the user's own catalogue. It need not exist."""
    return config_folder() / FILE


def user_catalogue(path: Path | None = None) -> tuple[Entry, ...]:
    """The user's own cards, in the file's order; none where there is no file.

    Raises:
        BackboneError: the file cannot be read, is no TOML, or an entry cannot be used; the place
            and the field are named.
    """
    path = path or user_catalogue_path()
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return ()
    except OSError as error:
        raise BackboneError(
            f"your catalogue cannot be read: {error.strerror or error}",
            place=str(path),
            tip=f"permit reading it, or set {CONFIG} to another folder",
        ) from error
    return parse_catalogue(content, path)


def parse_catalogue(content: bytes, path: Path) -> tuple[Entry, ...]:
    """The entries of a catalogue's content; `path` is named in errors.

    Raises:
        BackboneError: as `user_catalogue`.
    """
    try:
        text = content.decode("utf-8-sig")
        document = tomllib.loads(text)
    except UnicodeDecodeError as error:
        raise _broken(f"it is not UTF-8 (byte {error.start})", str(path)) from error
    except tomllib.TOMLDecodeError as error:
        found = re.search(r"at line (\d+)", str(error))
        place = f"{path}, line {found[1]}" if found else str(path)
        raise _broken(f"it is not TOML: {error}", place) from error
    for name in document:
        if name != "backbone":
            raise _broken(f"unknown table '{name}'; entries begin with [[backbone]]", str(path))
    raw = document.get("backbone", [])
    if not isinstance(raw, list) or not all(isinstance(entry, dict) for entry in raw):
        raise _broken("entries begin with [[backbone]], in two brackets", str(path))
    lines = [at for at, line in enumerate(text.split("\n"), 1) if HEADER.match(line)]
    places = [
        f"{path}, line {lines[i]}" if len(lines) == len(raw) else str(path) for i in range(len(raw))
    ]
    entries = tuple(Entry(_card(one, place), place) for one, place in zip(raw, places, strict=True))
    seen: dict[str, str] = {}
    for entry in entries:
        for name in dict.fromkeys((entry.card.name.lower(), entry.card.ref)):
            if name in seen:
                raise _broken(f"'{name}' stands at {seen[name]} already", entry.place)
            seen[name] = entry.place
    return entries


def is_named(card: BackboneCard, name: str) -> bool:
    """Whether a bare name or a reference means this card.

    Names and built-in references are alike in any case; paths and hub names are not.
    """
    if name.lower() == card.name.lower():
        return True
    if card.ref.startswith("pkg:"):
        return name.lower() == card.ref.lower()
    return ":" in name and canonical(name) == canonical(card.ref)


def _card(entry: dict[str, Any], place: str) -> BackboneCard:
    """A card, every field of the entry checked; all problems are named at once."""
    known = [field.name for field in fields(BackboneCard)]
    problems = [
        f"unknown field '{name}' ({did_you_mean(name, known)})"
        for name in entry
        if name not in known
    ]
    for name in ("ref", "name", "modality"):
        if name not in entry:
            problems.append(f"the field '{name}' is missing")
    for name, value in entry.items():
        check = _CHECKS.get(name)
        if check is not None and not check[0](value):
            problems.append(f"'{name}' must be {check[1]}, not {_shown(value)}")
    if problems:
        raise _broken("; ".join(problems), place)
    values: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in entry.items()}
    for name in ("size_mb", "crop_fraction"):
        if name in values:
            values[name] = float(values[name])
    for name in ("mean", "std"):
        if name in values:
            values[name] = tuple(map(float, values[name]))
    for field in fields(BackboneCard):
        if field.default is MISSING and field.name not in values:
            values[field.name] = None if field.name == "feature_width" else "unknown"
    reference = parse_reference(values["ref"])
    if reference is not None and reference.scheme in ("file", "onnx"):
        values.setdefault("file", str(Path(reference.name).expanduser()))
    return BackboneCard(**values)


def _broken(what: str, place: str) -> BackboneError:
    return BackboneError(
        f"your catalogue cannot be used: {what}", place=place, tip="correct the file"
    )


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}…"


def _text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _count(value: object) -> bool:
    return type(value) is int and value > 0


def _number(value: object) -> bool:
    return type(value) in (int, float) and math.isfinite(value) and value >= 0  # type: ignore[arg-type,operator]


def _channels(value: object) -> bool:
    return isinstance(value, list) and len(value) == 3 and all(map(_number, value))


def _reference(value: object) -> bool:
    try:
        return isinstance(value, str) and parse_reference(value) is not None
    except BackboneError:
        return False


Check = tuple[Callable[[Any], bool], str]
_TEXT: Check = (_text, "a text")
_COUNT: Check = (_count, "a whole number above 0")
_NUMBER: Check = (_number, "a number, 0 or more")
_CHANNELS: Check = (_channels, "three numbers, 0 or more")

_CHECKS: dict[str, Check] = {
    "ref": (_reference, "a reference such as hf:ORGANISATION/NAME"),
    "name": _TEXT,
    "modality": (lambda value: value in get_args(ModalityName), "'text' or 'image'"),
    "licence": _TEXT,
    "feature_width": _COUNT,
    "source": _TEXT,
    "parameters": _COUNT,
    "size_mb": _NUMBER,
    "max_tokens": _COUNT,
    "input_size": _COUNT,
    "mean": _CHANNELS,
    "std": _CHANNELS,
    "interpolation": _TEXT,
    "crop_fraction": _NUMBER,
    "pooling": _TEXT,
    "layer": (lambda value: type(value) is int and value >= 0, "a whole number, 0 or more"),
    "normalize": (lambda value: isinstance(value, bool), "true or false"),
    "adaptation": (
        lambda value: isinstance(value, list) and bool(value) and all(map(_text, value)),
        "a list of texts",
    ),
    "package": _TEXT,
    "file": _TEXT,
    "architecture": _TEXT,
    "sha256": (
        lambda value: isinstance(value, str) and bool(re.fullmatch(r"[0-9a-f]{64}", value)),
        "64 hexadecimal digits in lower case",
    ),
    "notes": (lambda value: isinstance(value, str), "a text"),
}
