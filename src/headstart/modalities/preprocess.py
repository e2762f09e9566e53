"""Raw values to model inputs; training and serving repeat the same steps exactly."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from headstart.modalities.image.classical import KIND as HOG_COLOUR
from headstart.modalities.image.classical import fit_classical, image_matrix
from headstart.modalities.image.pixels import INTERPOLATIONS, PixelPreprocessor
from headstart.modalities.text.ngrams import KIND as NGRAMS
from headstart.modalities.text.ngrams import NGrams
from headstart.modalities.text.tokens import TOKENIZER, TokenPreprocessor
from headstart.ports import Preprocessor
from headstart.types.errors import BundleError
from headstart.types.model import ClassicalFeatures

__all__ = [
    "FEATURES",
    "INTERPOLATIONS",
    "TOKENIZER",
    "ClassicalPreprocessor",
    "NoPreprocessor",
    "PixelPreprocessor",
    "TokenPreprocessor",
    "load_preprocessor",
]

FEATURES = "features"


class ClassicalPreprocessor:
    """Raw values to classical features (n, width)."""

    def __init__(self, features: ClassicalFeatures) -> None:
        self._features = features
        self._grams = NGrams(features) if features.kind == NGRAMS else None

    @property
    def spec(self) -> dict[str, Any]:
        """Kind, width and settings."""
        found = self._features
        return {"kind": found.kind, "width": found.width, "settings": found.settings}

    @property
    def files(self) -> Mapping[str, bytes]:
        """Vocabularies as JSON, numbers as .npy without pickling."""
        return dict(
            (f"{name}.json", json.dumps(array.tolist(), ensure_ascii=False).encode("utf-8"))
            if array.dtype.kind == "U"
            else (f"{name}.npy", _npy(array))
            for name, array in self._features.arrays.items()
        )

    def __call__(self, values: Sequence[str]) -> dict[str, NDArray[Any]]:
        """float32 features."""
        if self._grams is not None:
            return {FEATURES: self._grams.matrix(values)}
        return {FEATURES: image_matrix(self._features, values)}


class NoPreprocessor:
    """The model does not look at its input: rows without a feature."""

    @property
    def spec(self) -> dict[str, Any]:
        """The kind."""
        return {"kind": "none"}

    @property
    def files(self) -> Mapping[str, bytes]:
        """None."""
        return {}

    def __call__(self, values: Sequence[str]) -> dict[str, NDArray[Any]]:
        """An empty array (n, 0)."""
        return {FEATURES: np.zeros((len(values), 0), dtype=np.float32)}


def _npy(array: NDArray[Any]) -> bytes:
    stream = io.BytesIO()
    np.save(stream, array, allow_pickle=False)
    return stream.getvalue()


def load_preprocessor(spec: Mapping[str, Any], files: Mapping[str, bytes]) -> Preprocessor:
    """The preprocessor that `spec` and `files` describe.

    Raises:
        BundleError: the kind is unknown, a setting cannot be used, or a file is missing.
    """
    kind = spec.get("kind")
    settings = {key: value for key, value in spec.items() if key != "kind"}
    try:
        if kind == "tokens":
            return TokenPreprocessor(files[TOKENIZER], **settings)
        if kind == "pixels":
            return PixelPreprocessor(**settings)
        if kind in {NGRAMS, HOG_COLOUR}:
            return ClassicalPreprocessor(_classical(str(kind), settings, files))
        if kind == "none":
            return NoPreprocessor()
    except KeyError as error:
        raise BundleError(f"the preprocessing '{kind}' lacks {error.args[0]}") from error
    except Exception as error:  # Readers of JSON, arrays and tokenizers raise anything.
        raise BundleError(f"the preprocessing '{kind}' cannot be used: {error}") from error
    raise BundleError(
        f"the preprocessing '{kind}' is unknown to this version",
        tip="pip install --upgrade headstart",
    )


def _classical(
    kind: str, settings: Mapping[str, Any], files: Mapping[str, bytes]
) -> ClassicalFeatures:
    arrays: dict[str, NDArray[Any]] = {}
    for name, content in files.items():
        stem, _, suffix = name.rpartition(".")
        if suffix == "json":
            arrays[stem] = np.array(json.loads(content), dtype=np.str_)
        elif suffix == "npy":
            arrays[stem] = np.load(io.BytesIO(content), allow_pickle=False)
    found = ClassicalFeatures(kind, dict(settings["settings"]), arrays, int(settings["width"]))
    known = fit_classical()
    if kind == HOG_COLOUR and (found.settings, found.width) != (known.settings, known.width):
        raise ValueError(
            f"settings {found.settings} and width {found.width}; "
            f"this version knows {known.settings} and {known.width}"
        )
    return found
