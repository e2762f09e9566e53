"""Raw values to model inputs; training and serving repeat the same steps exactly."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping, Sequence
from math import floor
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from headstart.modalities.image.classical import KIND as HOG_COLOUR
from headstart.modalities.image.classical import image_matrix
from headstart.modalities.image.opening import open_image
from headstart.modalities.text.ngrams import KIND as NGRAMS
from headstart.modalities.text.ngrams import NGrams
from headstart.ports import Preprocessor
from headstart.types.errors import BundleError
from headstart.types.model import ClassicalFeatures

FEATURES = "features"
TOKENIZER = "tokenizer.json"
NO_FILES: Mapping[str, bytes] = {}
INTERPOLATIONS = {
    "nearest": Image.Resampling.NEAREST,
    "bilinear": Image.Resampling.BILINEAR,
    "bicubic": Image.Resampling.BICUBIC,
    "lanczos": Image.Resampling.LANCZOS,
}


class TokenPreprocessor:
    """Texts to token ids, cut at `max_tokens`, padded to the longest of the batch.

    tokenizer: the content of a tokenizer.json. inputs: which of `input_ids`, `attention_mask` and
    `token_type_ids` the network takes.
    """

    def __init__(self, tokenizer: bytes, *, max_tokens: int, inputs: Sequence[str]) -> None:
        from tokenizers import Tokenizer

        self._content = tokenizer
        self._inputs = tuple(inputs)
        self._max_tokens = max_tokens
        self._tokenizer = Tokenizer.from_str(tokenizer.decode("utf-8"))
        self._pad = _pad_id(self._tokenizer)
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(max_tokens)

    @property
    def spec(self) -> dict[str, Any]:
        """Kind, token limit and names of the inputs."""
        return {"kind": "tokens", "max_tokens": self._max_tokens, "inputs": list(self._inputs)}

    @property
    def files(self) -> Mapping[str, bytes]:
        """The tokenizer."""
        return {TOKENIZER: self._content}

    def __call__(self, values: Sequence[str]) -> dict[str, NDArray[Any]]:
        """int64 arrays (n, longest)."""
        found = self._tokenizer.encode_batch(list(values))
        longest = max((len(one.ids) for one in found), default=0)
        ids = np.full((len(found), longest), self._pad, dtype=np.int64)
        mask = np.zeros_like(ids)
        kinds = np.zeros_like(ids)
        for row, one in enumerate(found):
            length = len(one.ids)
            ids[row, :length] = one.ids
            mask[row, :length] = 1
            kinds[row, :length] = one.type_ids
        every = {"input_ids": ids, "attention_mask": mask, "token_type_ids": kinds}
        return {name: every[name] for name in self._inputs}


def _pad_id(tokenizer: Any) -> int:
    padding = tokenizer.padding
    if padding is not None:
        return int(padding["pad_id"])
    for token in ("[PAD]", "<pad>"):
        found = tokenizer.token_to_id(token)
        if found is not None:
            return int(found)
    return 0


class PixelPreprocessor:
    """Images to normalised pixels (n, 3, size, size): shorter side resized, centre cropped.

    The same steps as timm's evaluation transform: the shorter side becomes
    floor(size / crop_fraction) pixels, and the middle `size` × `size` are kept.
    """

    def __init__(
        self,
        *,
        size: int,
        crop_fraction: float,
        interpolation: str,
        mean: Sequence[float],
        std: Sequence[float],
    ) -> None:
        if interpolation not in INTERPOLATIONS:
            raise ValueError(
                f"interpolation '{interpolation}'; there are {', '.join(INTERPOLATIONS)}"
            )
        self._size, self._crop, self._interpolation = size, crop_fraction, interpolation
        self._mean = np.array(mean, dtype=np.float32).reshape(3, 1, 1)
        self._std = np.array(std, dtype=np.float32).reshape(3, 1, 1)

    @property
    def spec(self) -> dict[str, Any]:
        """Kind, size, crop, interpolation and normalisation."""
        return {
            "kind": "pixels",
            "size": self._size,
            "crop_fraction": self._crop,
            "interpolation": self._interpolation,
            "mean": [float(str(x)) for x in self._mean.ravel()],
            "std": [float(str(x)) for x in self._std.ravel()],
        }

    @property
    def files(self) -> Mapping[str, bytes]:
        """None."""
        return NO_FILES

    def __call__(self, values: Sequence[str]) -> dict[str, NDArray[Any]]:
        """float32 pixels of the images at these paths.

        Raises:
            DataError: an image cannot be read.
        """
        out = np.empty((len(values), 3, self._size, self._size), dtype=np.float32)
        for row, path in enumerate(values):
            out[row] = self.pixels(open_image(path))
        return {"pixel_values": out}

    def pixels(self, image: Image.Image) -> NDArray[np.float32]:
        """Pixels (3, size, size) of an RGB image."""
        size = self._size
        side = floor(size / self._crop)
        width, height = image.size
        if width <= height:
            shape = (side, int(side * height / width))
        else:
            shape = (int(side * width / height), side)
        if shape != image.size:
            image = image.resize(shape, INTERPOLATIONS[self._interpolation])
        left, top = round((shape[0] - size) / 2.0), round((shape[1] - size) / 2.0)
        crop = image.crop((left, top, left + size, top + size))
        values = np.asarray(crop, dtype=np.float32).transpose(2, 0, 1) / np.float32(255)
        done: NDArray[np.float32] = (values - self._mean) / self._std
        return done


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
        return {FEATURES: image_matrix(self._features, list(values))}  # type: ignore[arg-type]


class NoPreprocessor:
    """The model does not look at its input: rows without a feature."""

    spec: dict[str, Any] = {"kind": "none"}  # noqa: RUF012 - read only
    files: Mapping[str, bytes] = NO_FILES

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
        BundleError: the kind is unknown or a file is missing.
    """
    kind = spec.get("kind")
    settings = {key: value for key, value in spec.items() if key != "kind"}
    if kind == "tokens":
        if TOKENIZER not in files:
            raise BundleError(f"the tokenizer ({TOKENIZER}) is missing")
        return TokenPreprocessor(files[TOKENIZER], **settings)
    if kind == "pixels":
        return PixelPreprocessor(**settings)
    if kind in {NGRAMS, HOG_COLOUR}:
        return ClassicalPreprocessor(_classical(str(kind), settings, files))
    if kind == "none":
        return NoPreprocessor()
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
    return ClassicalFeatures(kind, dict(settings["settings"]), arrays, int(settings["width"]))
