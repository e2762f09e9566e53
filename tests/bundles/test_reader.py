"""A bundle is read whole and unchanged, or refused by the name of the file."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest

import headstart
from headstart.bundles import load, verify
from headstart.bundles import reader as reader_module
from headstart.bundles.layout import LAYOUT, BundleLayout
from headstart.bundles.manifest import checksum
from headstart.types.errors import BundleError

FILES = ["README.md", "input.schema.json", "model.onnx", "preprocessing/tokenizer.json"]


def edit(bundle: Path, change: Callable[[dict[str, Any]], None]) -> None:
    """Change the manifest and make its checksum fit."""
    path = bundle / "manifest.json"
    document = json.loads(path.read_text(encoding="utf-8"))
    change(document)
    document["sha256"] = checksum(document)
    path.write_text(json.dumps(document), encoding="utf-8")


def replace(bundle: Path, name: str, content: bytes) -> None:
    """Change a file and its hash in the manifest."""
    (bundle / name).write_bytes(content)
    digest = hashlib.sha256(content).hexdigest()
    edit(bundle, lambda document: document["files"].update({name: digest}))


def both_refuse(bundle: Path, match: str) -> BundleError:
    """`load` and `verify` refuse it with the same error."""
    with pytest.raises(BundleError, match=match) as from_verify:
        verify(bundle)
    with pytest.raises(BundleError, match=match) as from_load:
        load(bundle)
    assert str(from_load.value) == str(from_verify.value)
    assert from_load.value.place is not None
    assert "bundle" in from_load.value.place
    return from_load.value


def test_a_sound_bundle_is_read(built: Path) -> None:
    predictor = headstart.load(built)
    assert predictor.labels == ("account", "delivery", "payment")
    manifest = verify(built)
    assert sorted(manifest.files) == FILES
    for name, digest in manifest.files.items():
        assert hashlib.sha256((built / name).read_bytes()).hexdigest() == digest


@pytest.mark.parametrize("name", FILES)
def test_a_flipped_bit_is_found_in_every_file(bundle: Path, name: str) -> None:
    content = bytearray((bundle / name).read_bytes())
    content[len(content) // 2] ^= 1
    (bundle / name).write_bytes(content)
    both_refuse(bundle, f"{name} was changed after the bundle was built")


@pytest.mark.parametrize("name", FILES)
def test_a_cut_file_is_found(bundle: Path, name: str) -> None:
    (bundle / name).write_bytes((bundle / name).read_bytes()[:-1])
    both_refuse(bundle, f"{name} was changed")


@pytest.mark.parametrize("name", FILES)
def test_a_missing_file_is_named(bundle: Path, name: str) -> None:
    (bundle / name).unlink()
    both_refuse(bundle, f"{name} is missing")


def test_a_missing_manifest_says_that_it_is_no_bundle(bundle: Path, tmp_path: Path) -> None:
    (bundle / "manifest.json").unlink()
    both_refuse(bundle, r"not a bundle: manifest\.json is missing")
    both_refuse(tmp_path / "bundle-nowhere", "does not exist")
    (tmp_path / "bundle-file").write_text("x")
    both_refuse(tmp_path / "bundle-file", "is not a folder")


@pytest.mark.parametrize("name", ["notes.txt", "preprocessing/more.json", "a/b/c.onnx", ".hidden"])
def test_a_file_that_the_manifest_does_not_name_is_refused(bundle: Path, name: str) -> None:
    (bundle / name).parent.mkdir(parents=True, exist_ok=True)
    (bundle / name).write_text("x")
    error = both_refuse(bundle, f"{name} is not named by the manifest")
    assert error.tip == "remove it"


def test_what_a_file_manager_leaves_is_not_minded(bundle: Path) -> None:
    (bundle / ".DS_Store").write_text("x")
    (bundle / "preprocessing" / "Thumbs.db").write_text("x")
    assert load(bundle).labels


def test_an_edited_manifest_is_found(bundle: Path) -> None:
    path = bundle / "manifest.json"
    document = json.loads(path.read_text(encoding="utf-8"))
    document["labels"].reverse()
    path.write_text(json.dumps(document), encoding="utf-8")
    both_refuse(bundle, r"manifest\.json was changed after it was written")


def test_a_newer_schema_version_says_what_to_do(bundle: Path) -> None:
    edit(bundle, lambda document: document.update(schema_version=7))
    assert both_refuse(bundle, "schema version 7").tip == "pip install --upgrade headstart"


@pytest.mark.parametrize(
    "name", ["../outside.onnx", "/etc/hostname", "a/../../outside.onnx", "..\\outside.onnx"]
)
def test_a_path_out_of_the_bundle_is_refused_though_the_hash_fits(bundle: Path, name: str) -> None:
    outside = bundle.parent / "outside.onnx"
    shutil.copy(bundle / "model.onnx", outside)
    digest = hashlib.sha256(outside.read_bytes()).hexdigest()

    def change(document: dict[str, Any]) -> None:
        document["files"][name] = digest
        document["model"] = name

    edit(bundle, change)
    both_refuse(bundle, "is not a plain path inside the bundle")


def test_links_are_refused_inside_and_followed_to_the_bundle(bundle: Path, tmp_path: Path) -> None:
    (tmp_path / "link-to-bundle").symlink_to(bundle)
    assert load(tmp_path / "link-to-bundle").labels
    target = tmp_path / "elsewhere.onnx"
    shutil.move(bundle / "model.onnx", target)
    (bundle / "model.onnx").symlink_to(target)
    both_refuse(bundle, r"model\.onnx is a link or not a plain file")


def test_a_linked_folder_is_refused(bundle: Path, tmp_path: Path) -> None:
    shutil.move(bundle / "preprocessing", tmp_path / "elsewhere")
    (bundle / "preprocessing").symlink_to(tmp_path / "elsewhere")
    both_refuse(bundle, "preprocessing is a link or not a plain file")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="named pipes are POSIX")
@pytest.mark.timeout(20)
def test_a_pipe_does_not_hang_the_reader(bundle: Path) -> None:
    (bundle / "README.md").unlink()
    os.mkfifo(bundle / "README.md")
    both_refuse(bundle, r"README\.md is a link or not a plain file")


def test_a_file_of_a_terabyte_is_refused_without_reading_it(bundle: Path) -> None:
    with (bundle / "model.onnx").open("r+b") as stream:
        try:
            stream.truncate(2**40)
        except OSError as error:
            pytest.skip(f"no sparse file of this size here: {error}")
    both_refuse(bundle, r"model\.onnx has 1,099,511,627,776 bytes, too many")


def test_a_huge_manifest_is_refused_without_reading_it(bundle: Path) -> None:
    with (bundle / "manifest.json").open("r+b") as stream:
        stream.truncate(2**30)
    both_refuse(bundle, r"manifest\.json has 1,073,741,824 bytes, too many")


def test_a_file_that_grows_while_it_is_read_is_cut_off(
    bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    small = BundleLayout(max_file_bytes=100)
    monkeypatch.setattr(reader_module, "LAYOUT", small)
    monkeypatch.setattr(reader_module, "_walk", lambda folder: dict.fromkeys(["manifest.json"], 1))
    both_refuse(bundle, r"manifest\.json is too large")


def test_too_many_files_are_refused(bundle: Path) -> None:
    for i in range(2 * LAYOUT.max_files + 1):
        (bundle / f"f{i}").touch()
    both_refuse(bundle, "it has too many files")


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_the_right_to_read_is_named(bundle: Path) -> None:
    (bundle / "model.onnx").chmod(0)
    both_refuse(bundle, r"model\.onnx cannot be read")


def test_a_model_that_onnxruntime_cannot_read_is_refused(bundle: Path) -> None:
    replace(bundle, "model.onnx", b"not an ONNX file")
    with pytest.raises(BundleError, match="onnxruntime cannot read the model"):
        load(bundle)


def test_labels_that_do_not_fit_the_model_are_refused(bundle: Path) -> None:
    edit(bundle, lambda document: document["labels"].append("a fourth"))
    with pytest.raises(BundleError, match="with a column for each of the 4 labels"):
        load(bundle)


def test_an_output_of_another_name_is_refused(bundle: Path) -> None:
    proto = onnx.load(str(bundle / "model.onnx"))
    proto.graph.output[0].name = "logits"
    proto.graph.node[-1].output[0] = "logits"
    replace(bundle, "model.onnx", proto.SerializeToString())
    with pytest.raises(BundleError, match="not 'probabilities'"):
        load(bundle)


@pytest.mark.parametrize(
    "spec",
    [
        {"kind": "telepathy"},
        {"kind": "tokens"},
        {"kind": "tokens", "max_tokens": "many", "inputs": 3},
    ],
)
def test_unknown_preprocessing_is_refused(bundle: Path, spec: dict[str, Any]) -> None:
    edit(bundle, lambda document: document.update(preprocessing=spec))
    with pytest.raises(BundleError) as error:
        load(bundle)
    assert error.value.tip


def test_a_spoilt_tokenizer_is_refused(bundle: Path) -> None:
    replace(bundle, "preprocessing/tokenizer.json", b"{}")
    with pytest.raises(BundleError):
        load(bundle)


def test_a_tokenizer_that_is_not_there_is_refused(bundle: Path) -> None:
    (bundle / "preprocessing" / "tokenizer.json").unlink()
    edit(bundle, lambda document: document["files"].pop("preprocessing/tokenizer.json"))
    with pytest.raises(BundleError):
        load(bundle)


def test_a_moved_bundle_answers_the_same(built: Path, bundle: Path) -> None:
    moved = bundle.rename(bundle.parent / "Ünterwegs 2")
    values = ["refund my card", "hello"]
    assert np.array_equal(load(moved).predict_proba(values), load(built).predict_proba(values))
