"""A bundle is built whole, equal to the trained model, or not at all."""

from __future__ import annotations

import builtins
import errno
import json
import os
import subprocess
import sys
import textwrap
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import jsonschema
import numpy as np
import onnx
import pytest

from headstart.bundles import load, verify
from headstart.bundles.manifest import SCHEMA_FILE
from headstart.modalities import get_modality
from headstart.package import build
from headstart.package import build as build_function
from headstart.types.errors import BackboneError, BundleError, MissingExtraError, ParityError

build_module = sys.modules[build_function.__module__]


def test_the_bundle_answers_as_the_trained_model(
    stand_ins: ModuleType, encoder: Any, tmp_path: Path
) -> None:
    model = stand_ins.frozen_model(encoder)
    report = build(
        model,
        encoder,
        stand_ins.TEXTS,
        tmp_path / "bundle",
        name="tickets",
        provenance={"data": "abc"},
        price_per_core_hour=0.05,
    )
    assert report.parity.rows == report.parity.labels_equal == len(stand_ins.TEXTS)
    assert report.parity.largest_difference < 1e-6
    assert set(report.latency_ms) == {"p50", "p95", "p99"}
    assert report.rows_per_second is not None
    assert report.cost_per_million is not None
    on_disk = [path for path in (tmp_path / "bundle").rglob("*") if path.is_file()]
    assert report.size_bytes == sum(path.stat().st_size for path in on_disk)
    assert report.files == verify(tmp_path / "bundle").files
    assert {str(p.relative_to(tmp_path / "bundle")) for p in on_disk} == {
        *report.files,
        "manifest.json",
    }


def test_the_manifest_fits_its_schema_and_says_where_it_comes_from(
    stand_ins: ModuleType, encoder: Any, tmp_path: Path
) -> None:
    model = stand_ins.frozen_model(encoder)
    build(model, encoder, stand_ins.TEXTS, tmp_path / "b", name="n", provenance={"data": "abc"})
    document = json.loads((tmp_path / "b" / "manifest.json").read_text())
    jsonschema.validate(document, json.loads(SCHEMA_FILE.read_text()))
    assert document["provenance"] == {
        "arm": "frozen tiny",
        "backbone": "file:tiny",
        "backbone_licence": "MIT-0",
        "backbone_name": "tiny",
        "backbone_sha256": encoder.weights_sha256,
        "backbone_source": "the tests",
        "data": "abc",
        "head": "logistic regression",
    }
    schema = json.loads((tmp_path / "b" / "input.schema.json").read_text())
    assert schema == document["inputs"]
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate("a text", schema)


def test_equal_models_give_equal_bytes(stand_ins: ModuleType, encoder: Any, tmp_path: Path) -> None:
    for name in ("a", "b"):
        model = stand_ins.frozen_model(encoder)
        build(model, encoder, stand_ins.TEXTS, tmp_path / name, name="n")
    names = [path.relative_to(tmp_path / "a") for path in (tmp_path / "a").rglob("*.*")]
    assert names
    for name in names:
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes(), name


def test_majority_ships_too(stand_ins: ModuleType, tmp_path: Path) -> None:
    model = stand_ins.majority_model()
    report = build(model, None, stand_ins.TEXTS, tmp_path / "b", name="n")
    assert report.parity.largest_difference < 1e-6
    proba = load(tmp_path / "b").predict_proba(["anything", "at all"])
    np.testing.assert_allclose(proba, [[0.2, 0.5, 0.3]] * 2, atol=1e-6)


@pytest.mark.parametrize("modality", ["text", "image"])
def test_classical_models_ship_as_onnx_too(
    stand_ins: ModuleType, tmp_path: Path, modality: Any
) -> None:
    values = stand_ins.TEXTS if modality == "text" else stand_ins.pictures(tmp_path)
    model = stand_ins.classical_model(modality, values)
    report = build(model, None, values, tmp_path / "b", name="n")
    assert report.parity.labels_equal == len(values)
    assert report.parity.largest_difference < 1e-5
    predictor = load(tmp_path / "b")
    features = get_modality(modality).classical_transform(model.featurizer, values)
    logits = features.astype(np.float64) @ model.weights.T
    shares = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(predictor.predict_proba(values), shares, atol=1e-5)


def test_an_image_encoder_ships(stand_ins: ModuleType, tmp_path: Path) -> None:
    pictures = stand_ins.pictures(tmp_path)
    encoder = stand_ins.TinyImageEncoder(tmp_path)
    build(stand_ins.colour_model(), encoder, pictures, tmp_path / "b", name="n")
    predictor = load(tmp_path / "b")
    assert [answer.label for answer in predictor.predict(pictures)] == ["red", "green", "blue"] * 3
    (tmp_path / "broken.png").write_text("no image")
    scored = predictor.score(
        [pictures[0], str(tmp_path / "broken.png"), pictures[2], "nowhere.png"]
    )
    assert list(scored.errors) == [1, 3]
    assert scored.errors[3] == "there is no such file"
    assert scored.probabilities[[0, 2]].argmax(axis=1).tolist() == [2, 0]


@pytest.mark.parametrize("given", ["array", "function"])
def test_the_trained_probabilities_may_be_given(
    stand_ins: ModuleType, tmp_path: Path, given: str
) -> None:
    shares = np.array([[0.2, 0.5, 0.3]] * len(stand_ins.TEXTS), dtype=np.float32)
    wrong = shares[:, ::-1]
    model = stand_ins.majority_model()
    for proba in (shares, wrong):
        trained = proba if given == "array" else lambda values, p=proba: p
        if proba is shares:
            build(model, None, stand_ins.TEXTS, tmp_path / "b", name="n", trained_proba=trained)
            continue
        with pytest.raises(ParityError, match=r"largest difference of a probability 0\.1"):
            build(model, None, stand_ins.TEXTS, tmp_path / "c", name="n", trained_proba=trained)


@pytest.mark.parametrize("before", ["nothing", "an older bundle"])
def test_weights_that_were_tampered_with_leave_no_bundle(
    stand_ins: ModuleType,
    encoder: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    before: str,
) -> None:
    model = stand_ins.frozen_model(encoder)
    if before != "nothing":
        build(stand_ins.majority_model(), None, ["x"], tmp_path / "out" / "b", name="n")
    real = build_module.model_graph  # type: ignore[attr-defined]

    def tampered(models: Any, graph: Path | None) -> bytes:
        weights = models[0].weights.copy()
        weights[0, 0] += 0.01
        content: bytes = real([replace(models[0], weights=weights)], graph)
        return content

    monkeypatch.setattr(build_module, "model_graph", tampered)
    with pytest.raises(ParityError, match="no bundle was written"):
        build(model, encoder, stand_ins.TEXTS, tmp_path / "out" / "b", name="n")
    left = [path.name for path in (tmp_path / "out").iterdir()]
    assert left == ([] if before == "nothing" else ["b"])
    if before != "nothing":
        assert load(tmp_path / "out" / "b").manifest.approach == "majority"


def test_a_tokenizer_that_differs_is_found(
    stand_ins: ModuleType, encoder: Any, tmp_path: Path
) -> None:
    model = stand_ins.frozen_model(encoder)
    text = stand_ins.tokenizer_json().decode().replace('"refund":4', '"refund":5')
    text = text.replace('"card":5', '"card":4')
    assert text != stand_ins.tokenizer_json().decode()
    encoder.preprocessor = stand_ins.TokenPreprocessor(
        text.encode(), max_tokens=8, inputs=("input_ids", "attention_mask")
    )
    with pytest.raises(ParityError, match="differs from the trained model"):
        build(model, encoder, stand_ins.TEXTS, tmp_path / "b", name="n")
    assert not (tmp_path / "b").exists()


def test_no_real_rows_no_bundle(stand_ins: ModuleType, tmp_path: Path) -> None:
    with pytest.raises(ParityError, match="at least one row"):
        build(stand_ins.majority_model(), None, [], tmp_path / "b", name="n")
    assert list(tmp_path.iterdir()) == []


def test_an_encoder_of_other_weights_is_refused(stand_ins: ModuleType, tmp_path: Path) -> None:
    model = stand_ins.frozen_model(stand_ins.TinyEncoder(tmp_path))
    other = stand_ins.TinyEncoder(tmp_path, seed=9)
    with pytest.raises(ValueError, match="not those that the model was fitted on"):
        build(model, other, stand_ins.TEXTS, tmp_path / "b", name="n")
    with pytest.raises(ValueError, match="needs its encoder"):
        build(model, None, stand_ins.TEXTS, tmp_path / "b", name="n")


def test_an_encoder_that_cannot_be_exported_says_why(
    stand_ins: ModuleType, encoder: Any, tmp_path: Path
) -> None:
    def refuse() -> Path:
        raise BackboneError("the network cannot be exported to ONNX: an operator is missing")

    encoder.onnx_path = refuse
    with pytest.raises(BackboneError, match="an operator is missing"):
        build(stand_ins.frozen_model(encoder), encoder, ["x"], tmp_path / "o" / "b", name="n")
    assert list((tmp_path / "o").iterdir()) == []


def test_without_onnx_the_install_line_is_named(
    stand_ins: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = builtins.__import__

    def blocked(name: str, *args: Any, **kwargs: Any) -> Any:
        if name.split(".")[0] == "onnx":
            raise ModuleNotFoundError(name=name)
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", blocked)
    with pytest.raises(MissingExtraError, match="onnx") as error:
        build(stand_ins.majority_model(), None, ["x"], tmp_path / "b", name="n")
    assert error.value.tip == "pip install 'headstart[text]'"


def test_the_graph_keeps_nothing_of_the_machine_that_exported_it(
    stand_ins: ModuleType, encoder: Any, tmp_path: Path
) -> None:
    assert b"/home/someone" in encoder.onnx_path().read_bytes()
    build(stand_ins.frozen_model(encoder), encoder, stand_ins.TEXTS, tmp_path / "b", name="n")
    content = (tmp_path / "b" / "model.onnx").read_bytes()
    assert b"/home/someone" not in content
    proto = onnx.load_from_string(content)
    onnx.checker.check_model(proto, full_check=True)
    assert [node.name for node in proto.graph.output] == ["probabilities"]
    assert proto.ir_version <= 10
    for path in (tmp_path / "b").rglob("*.*"):
        assert str(tmp_path).encode() not in path.read_bytes(), path


def test_an_output_under_another_name_is_continued(
    stand_ins: ModuleType, encoder: Any, tmp_path: Path
) -> None:
    proto = stand_ins.tiny_graph(encoder.vectors)
    proto.graph.node[-1].output[0] = proto.graph.output[0].name = "sentence_embedding"
    onnx.save(proto, str(tmp_path / "other.onnx"))
    encoder.onnx_path = lambda: tmp_path / "other.onnx"
    model = stand_ins.frozen_model(encoder)
    assert build(model, encoder, stand_ins.TEXTS, tmp_path / "b", name="n").parity.rows == 8


def test_features_of_another_width_are_refused(
    stand_ins: ModuleType, encoder: Any, tmp_path: Path
) -> None:
    model = stand_ins.frozen_model(encoder)
    narrow = replace(model, weights=model.weights[:, :-1])
    with pytest.raises(BackboneError, match=r"'features' is not \(batch, 5\)"):
        build(narrow, encoder, stand_ins.TEXTS, tmp_path / "b", name="n")


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_may_not_be_written_is_named(stand_ins: ModuleType, tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(BundleError, match="cannot be written") as error:
            build(stand_ins.majority_model(), None, ["x"], tmp_path / "b", name="n")
    finally:
        tmp_path.chmod(0o700)
    assert str(tmp_path) in str(error.value)


@pytest.mark.skipif(sys.platform != "linux", reason="not even root may write below /proc")
def test_a_file_system_that_is_read_only_is_named(stand_ins: ModuleType) -> None:
    with pytest.raises(BundleError, match=r"^/proc/self/b: the bundle cannot be written"):
        build(stand_ins.majority_model(), None, ["x"], Path("/proc/self/b"), name="n")


def test_a_file_in_the_way_is_named(stand_ins: ModuleType, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(BundleError, match="cannot be written"):
        build(stand_ins.majority_model(), None, ["x"], tmp_path / "file" / "b", name="n")


def test_a_full_disk_leaves_nothing(
    stand_ins: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = build_module.write_file  # type: ignore[attr-defined]
    calls = []

    def full(path: Path, content: bytes) -> None:
        calls.append(path)
        if len(calls) == 3:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        real(path, content)

    monkeypatch.setattr(build_module, "write_file", full)
    with pytest.raises(BundleError, match="No space left on device"):
        build(stand_ins.majority_model(), None, ["x"], tmp_path / "o" / "b", name="n")
    assert list((tmp_path / "o").iterdir()) == []


@pytest.mark.skipif(sys.platform == "win32", reason="file size limits are POSIX")
def test_a_real_limit_on_file_size_leaves_nothing(tmp_path: Path) -> None:
    """RLIMIT_FSIZE makes the system refuse a write half-way through, as a full disk does."""
    program = textwrap.dedent(
        """
        import resource, sys
        from pathlib import Path
        import numpy as np
        from headstart.package import build
        from headstart.types.errors import BundleError
        from headstart.types.model import FittedModel, NoFeatures
        labels = tuple(f"label {i}" for i in range(3000))
        model = FittedModel("majority", "majority", "text", labels, NoFeatures(),
                            np.zeros((3000, 0), np.float32), np.zeros(3000, np.float32), "none")
        resource.setrlimit(resource.RLIMIT_FSIZE, (8192, 8192))
        try:
            build(model, None, ["x"], Path(sys.argv[1]) / "b", name="n")
        except BundleError as error:
            print(error.message)
        """
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    assert "the bundle cannot be written (File too large)" in done.stdout
    assert list(tmp_path.iterdir()) == []
