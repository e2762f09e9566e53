"""Reports survive storage exactly, and nothing else can be stored."""

from __future__ import annotations

import json

import numpy as np
import pytest

from headstart.types.brief import Brief, DataSource
from headstart.types.codec import decode, encode
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
