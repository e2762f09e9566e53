"""Reports to bytes and back, without pickling.

JSON, with records marked by their class name, tuples kept apart from lists, and arrays as raw bytes
in base64. Only the record types of `headstart.types` can be read back.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from functools import cache
from importlib import import_module
from typing import Any

import numpy as np

RECORD, TUPLE, ARRAY = "@record", "@tuple", "@array"


MODULES = (
    "adapt", "artifact", "brief", "comparison", "data", "ladder", "model", "result", "select",
    "thaw",
)  # fmt: skip
"""Of `headstart.types`, those with records."""


@cache
def _records() -> dict[str, type]:
    found: dict[str, type] = {}
    for module in MODULES:
        for name, value in vars(import_module(f"headstart.types.{module}")).items():
            if is_dataclass(value) and isinstance(value, type):
                found[name] = value
    return found


def _plain(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        body = {f.name: _plain(getattr(value, f.name)) for f in fields(value)}
        return {RECORD: type(value).__name__, **body}
    if isinstance(value, np.ndarray):
        if value.dtype.kind not in "biufU":
            raise TypeError(f"an array of dtype {value.dtype} cannot be stored")
        raw = base64.b64encode(np.ascontiguousarray(value).tobytes()).decode("ascii")
        return {ARRAY: raw, "dtype": value.dtype.str, "shape": list(value.shape)}
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, tuple):
        return {TUPLE: [_plain(item) for item in value]}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if value is None or isinstance(value, (str, int, float, bool)):
        return value
    raise TypeError(f"a {type(value).__name__} cannot be stored")


def _rich(value: Any) -> Any:
    if isinstance(value, list):
        return [_rich(item) for item in value]
    if not isinstance(value, dict):
        return value
    if TUPLE in value:
        return tuple(_rich(item) for item in value[TUPLE])
    if ARRAY in value:
        flat = np.frombuffer(base64.b64decode(value[ARRAY]), dtype=np.dtype(value["dtype"]))
        return flat.reshape(value["shape"]).copy()
    body = {key: _rich(item) for key, item in value.items() if key != RECORD}
    return _records()[value[RECORD]](**body) if RECORD in value else body


def encode(report: Any) -> bytes:
    """Bytes of a report; equal reports give equal bytes.

    Raises:
        TypeError: it holds something other than records, arrays of numbers or text, and JSON; or
            `decode` could not read it back (`encode_once` writes what need not be).

    >>> from headstart.types.result import Estimate
    >>> decode(encode((Estimate(0.5, 0.4, 0.6, 10, "Wilson"),)))[0].value
    0.5
    """
    plain = _plain(report)
    strange = sorted(_named(plain) - _records().keys())
    if strange:
        raise TypeError(f"a {strange[0]} is no record of headstart.types")
    return _written(plain)


def encode_once(value: Any) -> bytes:
    """Bytes of what is compared and not read back: records of any module.

    Raises:
        TypeError: it holds something other than records, arrays of numbers or text, and JSON.
    """
    return _written(_plain(value))


def _written(plain: Any) -> bytes:
    return json.dumps(plain, ensure_ascii=False, separators=(",", ":")).encode("utf-8")


def _named(plain: Any) -> set[str]:
    """Names of the records in it."""
    if isinstance(plain, list):
        return set().union(*map(_named, plain)) if plain else set()
    if not isinstance(plain, dict):
        return set()
    own = {plain[RECORD]} if RECORD in plain else set()
    return own.union(*map(_named, plain.values()))


def decode(content: bytes) -> Any:
    """The report that `encode` was given.

    Raises:
        KeyError: a record type that this version does not know.
    """
    return _rich(json.loads(content))
