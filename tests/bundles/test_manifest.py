"""manifest.json: round trip, checksum, and the committed JSON Schema against the reader."""

from __future__ import annotations

import json
from copy import deepcopy
from dataclasses import replace
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headstart.bundles.layout import LAYOUT
from headstart.bundles.manifest import (
    SCHEMA_FILE,
    checksum,
    manifest_bytes,
    parse_manifest,
    path_problem,
)
from headstart.types.artifact import Manifest
from headstart.types.errors import BundleError

MANIFEST = Manifest(
    schema_version=6,
    name="Tickets – Straße",
    modality="text",
    approach="frozen",
    labels=("b", "a", "ü"),
    preprocessing={"kind": "tokens", "max_tokens": 16},
    inputs={"type": "string"},
    model="model.onnx",
    files={"model.onnx": "0" * 64, "preprocessing/tokenizer.json": "a" * 64},
    created_by="headstart 0.1.0",
    provenance={"data": "x"},
)
SCHEMA: dict[str, Any] = json.loads(SCHEMA_FILE.read_text(encoding="utf-8"))


def document() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(manifest_bytes(MANIFEST))
    return loaded


def sealed(changed: dict[str, Any]) -> bytes:
    """A manifest whose checksum fits what it says."""
    if "sha256" in changed:
        changed["sha256"] = checksum(changed)
    return json.dumps(changed).encode()


def test_it_reads_what_it_wrote_and_writes_equal_bytes() -> None:
    content = manifest_bytes(MANIFEST)
    assert parse_manifest(content, place="m") == MANIFEST
    shuffled = replace(MANIFEST, files=dict(reversed(MANIFEST.files.items())))
    assert manifest_bytes(shuffled) == content


def test_the_committed_schema_is_valid_and_accepts_a_manifest() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    jsonschema.validate(document(), SCHEMA)


def test_the_schema_and_the_reader_name_the_same_limits() -> None:
    assert SCHEMA["properties"]["files"]["maxProperties"] == LAYOUT.max_files
    assert SCHEMA["properties"]["labels"]["maxItems"] == LAYOUT.max_labels
    assert SCHEMA["properties"]["schema_version"]["maximum"] == LAYOUT.schema_version


MUTANTS: dict[str, tuple[str, Any]] = {
    "version zero": ("schema_version", 0),
    "version as text": ("schema_version", "1"),
    "version true": ("schema_version", True),
    "unknown modality": ("modality", "sound"),
    "unknown approach": ("approach", "magic"),
    "no labels": ("labels", []),
    "label twice": ("labels", ["a", "a"]),
    "label not text": ("labels", ["a", 3]),
    "labels as text": ("labels", "abc"),
    "too many labels": ("labels", [str(i) for i in range(LAYOUT.max_labels + 1)]),
    "preprocessing without a kind": ("preprocessing", {}),
    "preprocessing of a number": ("preprocessing", {"kind": 3}),
    "inputs as a list": ("inputs", []),
    "no files": ("files", {}),
    "hash too short": ("files", {"model.onnx": "0" * 63}),
    "hash not text": ("files", {"model.onnx": 5}),
    "hash in capitals": ("files", {"model.onnx": "A" * 64}),
    "parent folder": ("files", {"model.onnx": "0" * 64, "../x": "0" * 64}),
    "parent folder inside": ("files", {"model.onnx": "0" * 64, "a/../../x": "0" * 64}),
    "absolute": ("files", {"model.onnx": "0" * 64, "/etc/passwd": "0" * 64}),
    "drive": ("files", {"model.onnx": "0" * 64, "C:/x": "0" * 64}),
    "backslash": ("files", {"model.onnx": "0" * 64, "..\\x": "0" * 64}),
    "NUL": ("files", {"model.onnx": "0" * 64, "a\0b": "0" * 64}),
    "ends in a line break": ("files", {"model.onnx": "0" * 64, "a\n": "0" * 64}),
    "empty name": ("files", {"model.onnx": "0" * 64, "": "0" * 64}),
    "dot": ("files", {"model.onnx": "0" * 64, "./x": "0" * 64}),
    "hidden": ("files", {"model.onnx": "0" * 64, ".x": "0" * 64}),
    "doubled slash": ("files", {"model.onnx": "0" * 64, "a//b": "0" * 64}),
    "very deep": ("files", {"model.onnx": "0" * 64, "a/" * 9 + "b": "0" * 64}),
    "very long": ("files", {"model.onnx": "0" * 64, "a" * 500: "0" * 64}),
    "lists itself": ("files", {"model.onnx": "0" * 64, "manifest.json": "0" * 64}),
    "too many files": ("files", {"model.onnx": "0" * 64} | {f"f{i}": "0" * 64 for i in range(300)}),
    "provenance of a number": ("provenance", {"data": 3}),
    "name missing": ("name", None),
    "unknown field": ("extra", 1),
}


@pytest.mark.parametrize("mutant", MUTANTS)
def test_reader_and_schema_refuse_the_same_manifests(mutant: str) -> None:
    key, value = MUTANTS[mutant]
    changed = document() | {key: value}
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(_with_strict_ends(changed), SCHEMA)
    with pytest.raises(BundleError, match="does not fit its schema"):
        parse_manifest(sealed(changed), place="m")


def _with_strict_ends(changed: dict[str, Any]) -> dict[str, Any]:
    """Python's `$` also matches before a last line break; ECMA-262's, the schema's, does not."""
    names = {name.replace("\n", "\0"): digest for name, digest in changed["files"].items()}
    return changed | {"files": names}


@pytest.mark.parametrize("key", list(document()))
def test_every_field_is_required(key: str) -> None:
    changed = document()
    del changed[key]
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(changed, SCHEMA)
    with pytest.raises(BundleError, match=rf"'{key}' is missing"):
        parse_manifest(sealed(changed), place="m")


def test_what_only_the_reader_can_see() -> None:
    with pytest.raises(BundleError, match=r"model 'other\.onnx' is not among its files"):
        parse_manifest(sealed(document() | {"model": "other.onnx"}), place="m")
    twice = {"model.onnx": "0" * 64, "Model.onnx": "0" * 64}
    with pytest.raises(BundleError, match="the same name but for case"):
        parse_manifest(sealed(document() | {"files": twice}), place="m")


def test_an_edit_is_found_out() -> None:
    edited = document() | {"labels": ["a", "b", "ü"]}
    with pytest.raises(BundleError, match=r"manifest\.json was changed after it was written"):
        parse_manifest(json.dumps(edited).encode(), place="m")


def test_white_space_and_the_order_of_keys_are_not_an_edit() -> None:
    reordered = dict(reversed(document().items()))
    assert parse_manifest(json.dumps(reordered, indent=7).encode(), place="m") == MANIFEST


def test_a_newer_version_is_refused_before_its_unknown_fields() -> None:
    newer = document() | {"schema_version": 7, "shards": []}
    with pytest.raises(
        BundleError, match="schema version 7; this headstart reads up to 6"
    ) as error:
        parse_manifest(json.dumps(newer).encode(), place="m")
    assert error.value.tip == "pip install --upgrade headstart"


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b"\xff\xfe", b"null", b'{"schema_version": NaN}', b"[" * 100_000],
    ids=["empty", "cut", "list", "not UTF-8", "null", "NaN", "deep"],
)
def test_what_is_not_a_json_object_is_refused(content: bytes) -> None:
    with pytest.raises(BundleError, match=r"is not (a )?JSON"):
        parse_manifest(content, place="m")


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=8),
        lambda inner: (
            st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
        ),
        max_leaves=6,
    ),
    st.sampled_from(sorted(document())),
)
def test_any_value_in_any_field_ends_in_a_manifest_or_a_bundle_error(value: Any, key: str) -> None:
    changed = deepcopy(document()) | {key: value}
    try:
        parse_manifest(sealed(changed), place="m")
    except BundleError:
        return
    jsonschema.validate(json.loads(sealed(changed)), SCHEMA)


@given(st.text(max_size=40))
def test_an_accepted_path_never_leaves_the_bundle(path: str) -> None:
    if path_problem(path) is None:
        parts = path.split("/")
        assert all(part not in {"", ".", ".."} for part in parts)
        assert not set(path) & set('\\:*?"<>|\0\n')


def test_a_manifest_of_version_1_names_no_rule() -> None:
    old = document() | {"schema_version": 1}
    del old["review"], old["costs"], old["outside"], old["column"], old["further"], old["separator"]
    del old["sets"]
    jsonschema.validate(old, SCHEMA)
    assert parse_manifest(sealed(old), place="m") == replace(MANIFEST, schema_version=1, review={})


def test_a_manifest_of_version_2_names_no_costs() -> None:
    old = document() | {"schema_version": 2}
    del old["costs"], old["outside"], old["column"], old["further"], old["separator"]
    del old["sets"]
    jsonschema.validate(old, SCHEMA)
    assert parse_manifest(sealed(old), place="m") == replace(MANIFEST, schema_version=2)


def test_a_manifest_of_version_3_has_one_output() -> None:
    old = document() | {"schema_version": 3}
    del old["column"], old["further"], old["separator"]
    del old["sets"]
    jsonschema.validate(old, SCHEMA)
    assert parse_manifest(sealed(old), place="m") == replace(MANIFEST, schema_version=3)


def test_a_manifest_of_version_4_has_one_label_a_row() -> None:
    old = document() | {"schema_version": 4}
    del old["separator"], old["sets"]
    jsonschema.validate(old, SCHEMA)
    assert parse_manifest(sealed(old), place="m") == replace(MANIFEST, schema_version=4)


def test_a_manifest_of_version_5_has_no_prediction_sets() -> None:
    old = document() | {"schema_version": 5}
    del old["sets"]
    jsonschema.validate(old, SCHEMA)
    assert parse_manifest(sealed(old), place="m") == replace(MANIFEST, schema_version=5)


def test_the_rule_of_prediction_sets_is_read_back() -> None:
    ruled = replace(MANIFEST, sets={"threshold": 0.125, "level": 0.9})
    content = manifest_bytes(ruled)
    jsonschema.validate(json.loads(content), SCHEMA)
    assert parse_manifest(content, place="m") == ruled
    with pytest.raises(BundleError, match="'sets' are for rows with one label each"):
        parse_manifest(manifest_bytes(replace(ruled, separator=";")), place="m")


@pytest.mark.parametrize(
    "rule", [{"threshold": 0.1}, {"threshold": 1.5, "level": 0.9}, {"threshold": None, "level": 1}]
)
def test_a_wrong_rule_of_prediction_sets_is_named(rule: dict[str, Any]) -> None:
    content = manifest_bytes(replace(MANIFEST, sets=rule))
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(json.loads(content), SCHEMA)
    with pytest.raises(BundleError, match="'sets' is not empty and not threshold, level"):
        parse_manifest(content, place="m")


def test_costs_of_several_labels_a_row_are_those_of_misses_and_of_false_alarms() -> None:
    named = replace(MANIFEST, separator="|", costs=[[5.0, 1.0, 1.0], [1.0, 1.0, 2.0]])
    content = manifest_bytes(named)
    jsonschema.validate(json.loads(content), SCHEMA)
    assert parse_manifest(content, place="m") == named
    wrong = manifest_bytes(replace(named, costs=[[5.0, 1.0, 1.0]]))
    with pytest.raises(BundleError, match="for misses and false alarms"):
        parse_manifest(wrong, place="m")


def test_costs_and_the_cheapest_threshold_are_read_back() -> None:
    rule = {"below": 0.75, "max_error": None, "confidence": None}
    costs = [[0.0, 1.0, 2.5], [1.0, 0.0, 1.0], [40.0, 1.0, 0.0]]
    named = replace(MANIFEST, review=rule, costs=costs)
    content = manifest_bytes(named)
    jsonschema.validate(json.loads(content), SCHEMA)
    assert parse_manifest(content, place="m") == named


@pytest.mark.parametrize(
    "costs",
    [[[0.0, 1.0], [1.0, 0.0]], [[0.0, 1.0, "2"]] * 3, [[0.0, -1.0, 1.0]] * 3, [1.0, 2.0, 3.0]],
    ids=["too few", "text", "below 0", "no rows"],
)
def test_costs_that_do_not_belong_to_the_labels_are_refused(costs: Any) -> None:
    with pytest.raises(BundleError, match="'costs'"):
        parse_manifest(sealed(document() | {"costs": costs}), place="m")


@pytest.mark.parametrize("below", [None, 0.0, 0.75, 1.0, 1])
def test_the_rule_for_reviews_is_read_back(below: float | None) -> None:
    rule = {"below": below, "max_error": 0.02, "confidence": 0.95}
    ruled = replace(MANIFEST, review=rule)
    content = manifest_bytes(ruled)
    jsonschema.validate(json.loads(content), SCHEMA)
    assert parse_manifest(content, place="m") == ruled


@pytest.mark.parametrize(
    "rule",
    [
        {"below": 0.5},
        {"below": 1.5, "max_error": 0.02, "confidence": 0.95},
        {"below": "0.5", "max_error": 0.02, "confidence": 0.95},
        {"below": "", "max_error": 0.02, "confidence": 0.95},
        {"below": False, "max_error": 0.02, "confidence": 0.95},
        {"below": 0.5, "max_error": None, "confidence": 0.95},
        {"below": None, "max_error": None, "confidence": None},
        {"below": 0.5, "max_error": 0.02, "confidence": 0.95, "more": 1},
    ],
)
def test_another_rule_is_refused(rule: dict[str, Any]) -> None:
    changed = document() | {"review": rule}
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(changed, SCHEMA)
    with pytest.raises(BundleError, match="'review'"):
        parse_manifest(sealed(changed), place="m")
