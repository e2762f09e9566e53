"""Adding to the user's own catalogue, and taking out of it; every other byte stays as it is."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from headstart.backbones.cache import file_sha256, write_atomically
from headstart.backbones.catalogue import built_in
from headstart.backbones.reference import parse_reference
from headstart.backbones.sources.transformers_folder import find_weights
from headstart.backbones.user_catalogue import (
    CONFIG,
    HEADER,
    Entry,
    is_named,
    parse_catalogue,
    user_catalogue,
    user_catalogue_path,
)
from headstart.types.errors import BackboneError, did_you_mean
from headstart.types.model import BackboneCard

TOP = (
    "# Your own backbones. Review each entry; a line that begins with # is still to be filled in.\n"
)

HINTS = {
    "licence": ('"apache-2.0"', "as the publisher names it; without one nobody may ship it"),
    "feature_width": ("768", "numbers in an embedding, as the publisher describes it"),
    "parameters": ("22000000", "weights in the network, as the publisher describes it"),
    "size_mb": ("90.9", "of the weights file"),
    "max_tokens": ("512", "longer texts are cut off, as the publisher describes it"),
    "sha256": ('"…"', "of the weights file; pins it, so that another file is refused"),
    "notes": ('"…"', "languages, what it was trained on, known weaknesses"),
}


@dataclass(frozen=True, slots=True)
class Added:
    """What was written where; `missing`: the fields that its owner has to complete."""

    card: BackboneCard
    path: Path
    missing: tuple[str, ...]


def add_entry(card: BackboneCard, path: Path | None = None, *, name: str | None = None) -> Added:
    """Write a card to the end of the user's catalogue.

    name: another name than the card's.

    Raises:
        BackboneError: the name or reference is known already (the place is named), the name cannot
            be used, or the file is broken or cannot be written.
    """
    path = path or user_catalogue_path()
    card = replace(card, name=_usable(name if name is not None else card.name))
    before = user_catalogue(path)
    _refuse_known(card, before)
    missing = _missing(card)
    content = path.read_bytes() if path.exists() else TOP.encode()
    gap = "" if not content or content.endswith(b"\n") else "\n"
    try:
        after = content + f"{gap}\n{_entry(card, missing)}".encode()
    except UnicodeEncodeError as error:
        raise BackboneError(
            f"the path of '{card.name}' is not UTF-8", tip="rename the file or folder"
        ) from error
    if [entry.card for entry in parse_catalogue(after, path)] != [
        *(entry.card for entry in before),
        card,
    ]:
        raise BackboneError(
            f"an entry for '{card.name}' cannot be added to your catalogue as it is written",
            place=str(path),
            tip="begin every entry with [[backbone]]",
        )
    _write(path, after)
    return Added(card, path, missing)


def remove_entry(name: str, path: Path | None = None) -> tuple[BackboneCard, Path]:
    """Take the entry of that name or reference out of the user's catalogue.

    Raises:
        BackboneError: there is none (near names are suggested), it is built in, or the file is
            broken, cannot be taken apart or cannot be written.
    """
    path = path or user_catalogue_path()
    entries = user_catalogue(path)
    wanted = name.strip()
    at = next((i for i, entry in enumerate(entries) if is_named(entry.card, wanted)), None)
    if at is None:
        if any(is_named(card, wanted) for card in built_in()):
            raise BackboneError(
                f"'{name}' is built in, and cannot be removed",
                tip=f"your own are in {path}",
            )
        names = [entry.card.name for entry in entries]
        tip = did_you_mean(wanted, names) if names else "headstart catalogue add REF adds one"
        raise BackboneError(f"your catalogue has no '{name}'", place=str(path), tip=tip)
    rest = [entry.card for i, entry in enumerate(entries) if i != at]
    after = _without(path.read_bytes(), at)
    try:
        sound = after is not None and [e.card for e in parse_catalogue(after, path)] == rest
    except BackboneError:
        sound = False
    if after is None or not sound:
        raise BackboneError(
            f"the entry '{name}' cannot be told from what stands around it",
            place=entries[at].place,
            tip="take it out by hand",
        )
    _write(path, after)
    return entries[at].card, path


def _usable(name: str) -> str:
    name = name.strip()
    if not name or not name.isprintable() or parse_reference(name) is not None:
        raise BackboneError(
            f"'{name}' cannot be the name of a backbone",
            tip="--name my-backbone: a word or a few, without a colon",
        )
    return name


def _refuse_known(card: BackboneCard, own: tuple[Entry, ...]) -> None:
    known = [(one, "the built-in catalogue") for one in built_in()]
    known += [(entry.card, entry.place) for entry in own]
    for one, place in known:
        if is_named(one, card.ref):
            raise BackboneError(
                f"{card.ref} is in the catalogue already, as '{one.name}'",
                place=place,
                tip=f"headstart catalogue show {_quoted(one.name)}",
            )
        if is_named(one, card.name):
            raise BackboneError(
                f"the name '{card.name}' is taken by {one.ref}",
                place=place,
                tip=f"headstart catalogue add {_quoted(card.ref)} --name ANOTHER",
            )


def _missing(card: BackboneCard) -> tuple[str, ...]:
    wanted = ["licence", "feature_width"]
    wanted += ["max_tokens"] if card.modality == "text" else []
    # A vendor's weights cannot be counted or hashed.
    wanted += ["parameters", "size_mb", "sha256"] if not card.ref.startswith("api:") else []
    values = {name: getattr(card, name) for name in [*wanted, "notes"]}
    return tuple(name for name, value in values.items() if value in (None, "", "unknown"))


def _entry(card: BackboneCard, missing: tuple[str, ...]) -> str:
    lines = ["[[backbone]]"]
    for field in fields(BackboneCard):
        value = getattr(card, field.name)
        if field.name in missing:
            example, hint = HINTS[field.name]
            if field.name == "sha256":
                example = _weights_hash(card) or example
            lines.append(f"# {field.name} = {example}  # {hint}")
        elif value is not None and value not in ("", "unknown"):
            lines.append(f"{field.name} = {_toml(value)}")
    return "\n".join(lines) + "\n"


def _weights_hash(card: BackboneCard) -> str | None:
    """The hash of a local weights file, for its owner to pin."""
    if card.file is None or card.ref.partition(":")[0] not in ("file", "onnx"):
        return None
    path = Path(card.file)
    return f'"{file_sha256(find_weights(path, card.ref) if path.is_dir() else path)}"'


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        # JSON's escapes are TOML's, but for the one control character that JSON lets stand.
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, tuple):
        return f"[{', '.join(_toml(one) for one in value)}]"
    return repr(value)


def _without(content: bytes, index: int) -> bytes | None:
    """The content without its entry of that index; comments above other entries stay."""
    lines = content.splitlines(keepends=True)
    text = [line.decode("utf-8-sig") for line in lines]
    starts = [at for at, line in enumerate(text) if HEADER.match(line.rstrip("\r\n"))]
    if index >= len(starts):
        return None
    start = starts[index]
    end = next((at for at in starts if at > start), len(lines))
    if end < len(lines):
        above = end
        while above > start and text[above - 1].lstrip().startswith("#"):
            above -= 1
        if not text[above - 1].strip():
            end = above
    else:
        while start > 0 and not text[start - 1].strip():
            start -= 1
    return b"".join(lines[:start] + lines[end:])


def _write(path: Path, content: bytes) -> None:
    # Whoever keeps settings elsewhere links them here: the link stays a link.
    target = path.resolve()

    def fill(temporary: Path) -> None:
        temporary.write_bytes(content)
        if target.exists():
            shutil.copymode(target, temporary)

    write_atomically(target, fill, what="the folder of your catalogue", variable=CONFIG)


def _quoted(word: str) -> str:
    return f"'{word}'" if any(c in word for c in " &?*") else word
