"""A bundle that answers several label columns: each featurizer runs once, each column its head."""

from __future__ import annotations

import csv
import json
from collections import Counter
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import jsonschema
import numpy as np
import onnx
import pytest

from headstart.bundles import load, score_file, verify
from headstart.bundles.manifest import SCHEMA_FILE, checksum, manifest_bytes, parse_manifest
from headstart.bundles.session import Session
from headstart.package import build, publish
from headstart.types.errors import BundleError, ParityError

RULE = {"below": 0.9, "max_error": 0.1, "confidence": 0.95}


def urgency(stand_ins: ModuleType, encoder: Any) -> Any:
    """A second frozen head, with two labels of its own."""
    rng = np.random.default_rng(7)
    model = stand_ins.frozen_model(encoder)
    weights = (3 * rng.normal(size=(2, stand_ins.WIDTH))).astype(np.float32)
    labels, bias = ("high", "low"), np.array([0.5, -0.5], dtype=np.float32)
    return replace(model, labels=labels, weights=weights, bias=bias)


def wanted(model: Any, encoder: Any, stand_ins: ModuleType) -> Any:
    """softmax of the head on the encoder's features, by NumPy alone."""
    import hashlib

    keys = [hashlib.sha256(text.encode()).hexdigest() for text in stand_ins.TEXTS]
    logits = encoder.encode(stand_ins.TEXTS, keys) @ model.weights.T + model.bias
    return np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)


@pytest.fixture
def several(stand_ins: ModuleType, encoder: Any, tmp_path: Path) -> Path:
    """Two frozen heads on one encoder, two classical ones on one vocabulary, and class shares."""
    classical = stand_ins.classical_model("text", stand_ins.TEXTS)
    turned = replace(classical, weights=classical.weights[::-1].copy())
    build(
        stand_ins.frozen_model(encoder),
        encoder,
        stand_ins.TEXTS,
        tmp_path / "bundle",
        name="tickets",
        column="topic",
        further={
            "urgency": (urgency(stand_ins, encoder), encoder),
            "area": (classical, None),
            "team": (turned, None),
            "site": (stand_ins.majority_model(), None),
        },
    )
    return tmp_path / "bundle"


def test_each_column_has_the_probabilities_of_its_own_model(
    several: Path, stand_ins: ModuleType, encoder: Any
) -> None:
    predictor = load(several)
    scored = predictor.score(stand_ins.TEXTS)
    first = wanted(stand_ins.frozen_model(encoder), encoder, stand_ins)
    np.testing.assert_allclose(scored.probabilities, first, atol=1e-6)
    np.testing.assert_allclose(predictor.predict_proba(stand_ins.TEXTS), first, atol=1e-6)
    second = wanted(urgency(stand_ins, encoder), encoder, stand_ins)
    np.testing.assert_allclose(scored.further["urgency"], second, atol=1e-6)
    np.testing.assert_allclose(scored.further["site"], [[0.2, 0.5, 0.3]] * 8, atol=1e-6)

    said = predictor.predict(stand_ins.TEXTS)
    assert list(said[0].outputs) == ["topic", "urgency", "area", "team", "site"]
    assert said[0].outputs["topic"].label == said[0].label
    labels = ("high", "low")
    assert [one.outputs["urgency"].label for one in said] == [labels[i] for i in second.argmax(1)]


def test_what_reads_the_same_features_runs_once(
    several: Path, stand_ins: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    graphs = sorted(path.name for path in several.glob("*.onnx"))
    assert graphs == ["model.onnx", "model_2.onnx", "model_3.onnx"]
    kinds = Counter(node.op_type for node in onnx.load(several / "model.onnx").graph.node)
    assert (kinds["Gather"], kinds["Gemm"], kinds["Softmax"]) == (1, 2, 2)

    predictor = load(several)
    runs: list[tuple[str, ...]] = []
    real = Session.__call__

    def counted(self: Session, inputs: Any) -> Any:
        runs.append(self.outputs)
        return real(self, inputs)

    monkeypatch.setattr(Session, "__call__", counted)
    predictor.predict(["refund my card"])
    both = ("probabilities", "probabilities_2")
    assert runs == [both, both, ("probabilities",)]


def test_the_manifest_fits_its_schema_and_is_read_back(several: Path) -> None:
    content = (several / "manifest.json").read_bytes()
    jsonschema.validate(json.loads(content), json.loads(SCHEMA_FILE.read_text()))
    assert manifest_bytes(parse_manifest(content, place="m")) == content
    card = (several / "README.md").read_text()
    assert "`urgency` (2 labels)" in card
    assert card.count("Licence of the backbone") == 1


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"column": "topic"}, "two have the same"),
        ({"column": ""}, "'column' is empty"),
        ({"model": "other.onnx"}, "not among the files"),
        ({"folder": "../outside"}, "not a plain path"),
        ({"labels": ["a", "a"]}, "names one twice"),
        ({"approach": "magic"}, "'approach' is 'magic'"),
        ({"more": 1}, "'more' is not known"),
        ({"costs": [[0.0]]}, "'costs'"),
        ({"output": "features"}, "the model's outputs are"),
    ],
)
def test_a_further_output_that_does_not_fit_is_refused(
    several: Path, change: dict[str, Any], why: str
) -> None:
    path = several / "manifest.json"
    document = json.loads(path.read_text())
    document["further"][0] |= change
    document["sha256"] = checksum(document)
    path.write_text(json.dumps(document))
    with pytest.raises(BundleError, match=why):
        load(several)


def test_prediction_sets_of_each_column_that_has_a_rule(several: Path, tmp_path: Path) -> None:
    rule = {"threshold": 0.0, "level": 0.9}
    publish(several, tmp_path / "final", {}, sets={"urgency": rule})
    source = tmp_path / "new.csv"
    source.write_text("text\nrefund my card\n", encoding="utf-8")
    score_file(tmp_path / "final", source, tmp_path / "out.jsonl")
    found = json.loads((tmp_path / "out.jsonl").read_text())
    labels = next(one for one in verify(several).further if one.column == "urgency").labels
    assert sorted(found["prediction_set_urgency"]) == sorted(labels)
    assert [name for name in found if name.startswith("prediction_set")] == [
        "prediction_set_urgency"
    ]


def test_a_rule_for_each_column_and_a_pair_of_columns_in_the_table(
    several: Path, tmp_path: Path
) -> None:
    publish(several, tmp_path / "final", {}, RULE, {"urgency": {**RULE, "below": None}})
    manifest = verify(tmp_path / "final")
    assert manifest.review == RULE
    assert [one.review.get("below", "-") for one in manifest.further] == [None, "-", "-", "-"]

    source = tmp_path / "new.csv"
    source.write_text("text,error\nrefund my card,x\n,y\n", encoding="utf-8")
    report = score_file(tmp_path / "final", source, tmp_path / "out.csv")
    assert (report.rows, report.answered, report.review) == (2, 1, 1)
    assert str(report).endswith("1 could not be used (column 'error_2' says why).")
    with (tmp_path / "out.csv").open(newline="") as stream:
        good, bad = csv.DictReader(stream)
    said = load(tmp_path / "final").predict(["refund my card"])[0]
    for column, one in said.outputs.items():
        assert good[f"predicted_{column}"] == one.label
        assert float(good[f"probability_{column}"]) == pytest.approx(one.probability, abs=1e-5)
        assert good[f"review_{column}"] == str(one.review).lower()
        assert (bad[f"predicted_{column}"], bad[f"review_{column}"]) == ("", "true")
    assert said.outputs["urgency"].review
    assert not said.outputs["site"].review
    assert bad["error_2"]
    score_file(tmp_path / "final", source, tmp_path / "out.jsonl")
    lines = (tmp_path / "out.jsonl").read_text().splitlines()
    assert json.loads(lines[0])["predicted_urgency"] == said.outputs["urgency"].label


def test_a_further_head_that_differs_leaves_no_bundle(
    stand_ins: ModuleType, encoder: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import sys

    module = sys.modules[build.__module__]
    real = module.model_graph  # type: ignore[attr-defined]
    monkeypatch.setattr(
        module,
        "model_graph",
        lambda models, graph: real(
            [models[0], replace(models[1], bias=models[1].bias[::-1].copy())], graph
        ),
    )
    first, second = stand_ins.frozen_model(encoder), urgency(stand_ins, encoder)
    with pytest.raises(ParityError, match="no bundle was written"):
        build(
            first, encoder, stand_ins.TEXTS, tmp_path / "b", name="n", column="topic",
            further={"urgency": (second, encoder)},
        )  # fmt: skip
    assert not (tmp_path / "b").exists()


def test_two_columns_of_one_name_are_an_error(
    stand_ins: ModuleType, encoder: Any, tmp_path: Path
) -> None:
    model = stand_ins.frozen_model(encoder)
    with pytest.raises(ValueError, match="a name of its own"):
        build(model, encoder, ["x"], tmp_path / "b", name="n", further={"a": (model, encoder)})
