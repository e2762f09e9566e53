"""Does an encoder keep what `headstart.ports.Encoder` promises?"""

from __future__ import annotations

import hashlib
import json
import re
import secrets
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from headstart.modalities.preprocess import load_preprocessor
from headstart.ports import Encoder
from headstart.types.errors import BackboneError

EXPORT_TOLERANCE = 1e-4
"""Largest difference of the ONNX graph, relative to the largest feature (at least 1)."""


def check_encoder(encoder: Encoder, values: Sequence[str], *, exact: bool = True) -> None:
    """Check an encoder on a few distinct rows of its modality (at least four).

    exact: whether a row must have the same bits in every batch, or the same to 1e-5. Give the
    encoder a cache folder of its own: every call uses keys that were never seen.

    Raises:
        AssertionError: a promise is broken; the message says which.
    """
    values = list(values)
    if len(set(values)) < 4:
        raise ValueError("give at least four distinct rows")
    _check_card(encoder)
    _check_preprocessor(encoder, values)
    features = _check_features(encoder, values)
    _check_independence(encoder, values, features, 0.0 if exact else 1e-5)
    _check_progress(encoder, values)
    _check_graph(encoder, values, features)


def fresh_keys(values: Sequence[str]) -> list[str]:
    """Content keys that no feature store holds; equal values have equal keys."""
    salt = secrets.token_hex(8)
    return [hashlib.sha256(f"{salt}{value}".encode()).hexdigest() for value in values]


def _encode(encoder: Encoder, values: Sequence[str]) -> NDArray[np.float32]:
    return encoder.encode(values, fresh_keys(values))


def _require(condition: bool, promise: str) -> None:
    # Not an assert statement: it must hold under `python -O` too.
    if not condition:
        raise AssertionError(promise)


def _check_card(encoder: Encoder) -> None:
    card = encoder.card
    _require(":" in card.ref, f"card.ref has the form scheme:name, not '{card.ref}'")
    _require(card.modality in ("text", "image"), f"card.modality is '{card.modality}'")
    _require(bool(card.licence), "card.licence is named ('unknown' where it is not known)")
    _require(encoder.width > 0, f"width is positive, not {encoder.width}")
    if card.feature_width is not None:
        _require(card.feature_width == encoder.width, "card.feature_width is the width")
    hexadecimal = re.fullmatch(r"[0-9a-f]{64}", encoder.weights_sha256) is not None
    _require(hexadecimal, "weights_sha256 is a sha256 in lower-case hexadecimal")


def _check_preprocessor(encoder: Encoder, values: list[str]) -> None:
    preprocessor = encoder.preprocessor
    spec = json.loads(json.dumps(preprocessor.spec))
    again = load_preprocessor(spec, dict(preprocessor.files))
    first, second = preprocessor(values[:4]), again(values[:4])
    _require(set(first) == set(second), "spec and files give the same inputs back")
    for name, array in first.items():
        _require(len(array) == 4, f"input '{name}' has one row for each value")
        _require(np.array_equal(array, second[name]), f"spec and files give equal '{name}' back")


def _check_features(encoder: Encoder, values: list[str]) -> NDArray[np.float32]:
    features = _encode(encoder, values)
    expected = (len(values), encoder.width)
    _require(features.shape == expected, f"features have shape {expected}, not {features.shape}")
    _require(features.dtype == np.float32, f"features are float32, not {features.dtype}")
    _require(bool(np.isfinite(features).all()), "features are finite")
    _require(bool(features.std(axis=0).max() > 0), "different rows have different features")
    nothing = encoder.encode([], [])
    _require(nothing.shape == (0, encoder.width), "no rows give features of shape (0, width)")
    return features


def _check_independence(
    encoder: Encoder, values: list[str], features: NDArray[np.float32], tolerance: float
) -> None:
    def same(got: NDArray[np.float32], expected: NDArray[np.float32], promise: str) -> None:
        largest = float(np.abs(got - expected).max())
        _require(largest <= tolerance, f"{promise} (largest difference {largest:.1e})")

    same(_encode(encoder, values), features, "the same rows give the same features again")
    same(_encode(encoder, values[::-1])[::-1], features, "the order of rows changes nothing")
    same(_encode(encoder, values[:1]), features[:1], "a row alone has the features it has in many")
    half = len(values) // 2
    same(_encode(encoder, values[half:]), features[half:], "half of the rows change nothing")
    twice = _encode(encoder, [values[0], values[1], values[0]])
    same(twice[2], twice[0], "a row that occurs twice has the same features twice")
    keys = fresh_keys(values)
    stored = encoder.encode(values, keys)
    same(encoder.encode(values, keys), stored, "features under known keys are the same again")


class _StopError(Exception):
    """Stands for the user's interrupt."""


def _check_progress(encoder: Encoder, values: list[str]) -> None:
    calls: list[tuple[str, int, int]] = []
    encoder.encode(values, fresh_keys(values), lambda *call: calls.append(call))
    _require(bool(calls), "progress is called")
    _require(calls[-1][1] == calls[-1][2], f"progress ends with all rows done, not {calls[-1]}")

    def stop(what: str, done: int, total: int) -> None:
        raise _StopError

    stopped = False
    try:
        encoder.encode(values, fresh_keys(values), stop)
    except _StopError:
        stopped = True
    _require(stopped, "what progress raises is raised by encode")


def _check_graph(encoder: Encoder, values: list[str], features: NDArray[np.float32]) -> None:
    import onnxruntime

    try:
        path = encoder.onnx_path()
    except BackboneError as error:
        _require(bool(error.message), "an encoder that cannot be exported says why")
        return
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    names = {node.name for node in session.get_inputs()}
    outputs = [node.name for node in session.get_outputs()]
    _require(outputs == ["features"], f"the graph has the one output 'features', not {outputs}")
    inputs = encoder.preprocessor(values)
    _require(names <= set(inputs), f"the preprocessor gives every input of the graph: {names}")
    got = session.run(["features"], {name: inputs[name] for name in names})[0]
    largest = float(np.abs(got - features).max())
    allowed = EXPORT_TOLERANCE * max(1.0, float(np.abs(features).max()))
    _require(largest <= allowed, f"the graph gives the encoder's features (off by {largest:.1e})")
