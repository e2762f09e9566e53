"""Backbone references: `scheme:name`, with options after a question mark."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qsl

from headstart.types.errors import BackboneError

FORMS = "pkg:NAME, hf:ORGANISATION/NAME, timm:NAME, onnx:PATH, file:PATH or api:URL?model=NAME"


@dataclass(frozen=True, slots=True)
class Reference:
    """A reference taken apart. `name` is a catalogue name, a hub id or a path."""

    scheme: str
    name: str
    options: dict[str, str]

    def __str__(self) -> str:
        return f"{self.scheme}:{self.name}"


def parse_reference(ref: str) -> Reference | None:
    """The parts of a reference; None for a bare name.

    Raises:
        BackboneError: nothing follows the colon, or an option has no value.

    >>> parse_reference("file:/x/model.safetensors?architecture=resnet18")
    Reference(scheme='file', name='/x/model.safetensors', options={'architecture': 'resnet18'})
    """
    scheme, colon, rest = ref.partition(":")
    # A one-letter "scheme" is a Windows drive; a slash or a dot before the colon makes it a path.
    if not colon or len(scheme) < 2 or not scheme.isalnum():
        return None
    name, _, query = rest.partition("?")
    if not name.strip():
        raise BackboneError(f"the backbone reference '{ref}' names nothing", tip=f"write {FORMS}")
    try:
        options = dict(parse_qsl(query, strict_parsing=bool(query)))
    except ValueError as error:
        # What stands in the place of an endpoint's options may be a key.
        shown = "api:…" if scheme.lower() == "api" else ref
        raise BackboneError(
            f"the options of the backbone reference '{shown}' cannot be read",
            tip="write them as ?name=value&name=value",
        ) from error
    return Reference(scheme.lower(), name.strip(), options)


def canonical(ref: str) -> str:
    """The reference with its scheme in lower case and its path absolute, so that it means the same
    from every folder.

    >>> canonical("HF:org/name")
    'hf:org/name'
    """
    reference = parse_reference(ref)
    if reference is None:
        return ref
    rest = ref.partition(":")[2].strip()
    if reference.scheme in ("file", "onnx"):
        _, mark, query = rest.partition("?")
        # Not resolved: a link that names the newest model should go on doing so.
        rest = f"{os.path.abspath(Path(reference.name).expanduser())}{mark}{query}"
    return f"{reference.scheme}:{rest}"
