"""Content hashes: what a row is, wherever it stands."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path


def text_key(text: str) -> str:
    """sha256 of the text in UTF-8."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def file_key(path: Path) -> str:
    """sha256 of the file's bytes, read in pieces."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def dataset_key(rows: Iterable[tuple[str, str]]) -> str:
    """sha256 over (key, label) of every row in order."""
    digest = hashlib.sha256()
    for key, label in rows:
        digest.update(key.encode())
        digest.update(text_key(label).encode())
    return digest.hexdigest()
