"""Where things are in a bundle, and how large they may be."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class BundleLayout:
    """Names inside a bundle folder, the tensor names of its model, and the limits of a reader."""

    schema_version: int = 6
    manifest: str = "manifest.json"
    model: str = "model.onnx"
    card: str = "README.md"
    input_schema: str = "input.schema.json"
    preprocessing: str = "preprocessing"
    """Folder of the preprocessor's own files (a tokenizer, a vocabulary)."""
    output: str = "probabilities"
    outside: str = "outside"
    """The tensor (batch,) that says how little a row looks like the training rows, if any."""
    features: str = "features"
    """The tensor between encoder and head, and the model's input where there is no encoder."""
    max_files: int = 256
    max_labels: int = 100_000
    max_manifest_bytes: int = 32 * 2**20
    max_file_bytes: int = 2**32
    max_bytes: int = 2**33
    ignored: frozenset[str] = frozenset({".DS_Store", "Thumbs.db", "desktop.ini"})
    """Files that file managers leave in any folder they show; never read."""


LAYOUT = BundleLayout()
