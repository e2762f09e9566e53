"""Reports survive storage exactly, and nothing else can be stored."""

from __future__ import annotations

import json
from dataclasses import dataclass

import numpy as np
import pytest

from headstart.types.brief import Brief, DataSource
from headstart.types.codec import decode, encode, encode_once
from headstart.types.data import Folds
from headstart.types.model import ClassicalFeatures, FittedModel


def test_nested_records_arrays_and_tuples_come_back_equal() -> None:
    brief = Brief(name="ä", data=DataSource("x.csv", definitions={"a": "b"}), backbones=("pkg:m",))
    assert decode(encode(brief)) == brief
    folds = Folds(np.arange(6).reshape(2, 3), 3)
    assert np.array_equal(decode(encode(folds)).assignment, folds.assignment)
    model = FittedModel(
        approach="classical",
        arm="classical",
        modality="text",
        labels=("a", "b"),
        featurizer=ClassicalFeatures("ngrams", {"k": 1}, {"v": np.array(["né", "x"])}, 2),
        weights=np.array([[0.1, 1e-30], [np.pi, -0.0]], dtype=np.float32),
        bias=np.zeros(2, dtype=np.float32),
        head="linear",
    )
    back = decode(encode(model))
    assert back.weights.dtype == np.float32
    assert back.weights.tobytes() == model.weights.tobytes()
    assert back.featurizer.arrays["v"].tolist() == ["né", "x"]
    assert encode(back) == encode(model)


def test_a_restored_array_can_be_written_to() -> None:
    decode(encode(np.zeros(3)))[0] = 1.0


@pytest.mark.parametrize("value", [object(), {1, 2}, np.array([object()]), b"raw"])
def test_anything_else_is_refused(value: object) -> None:
    with pytest.raises(TypeError, match="cannot be stored"):
        encode(value)


def test_an_unknown_record_is_not_built() -> None:
    with pytest.raises(KeyError):
        decode(json.dumps({"@record": "Popen", "args": "x"}).encode())


@dataclass(frozen=True)
class Stranger:
    """A record of no module that `decode` knows."""

    value: int


def test_what_could_not_be_read_back_is_refused_when_it_is_written() -> None:
    with pytest.raises(TypeError, match=r"a Stranger is no record of headstart\.types"):
        encode({"found": [(1, Stranger(2))]})
    assert encode_once(Stranger(2)) == encode_once(Stranger(2))
    assert encode_once(Stranger(2)) != encode_once(Stranger(3))
