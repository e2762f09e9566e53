from __future__ import annotations

import pickle
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from headstart.backbones import find_card, load_encoder
from headstart.backbones.cache import file_sha256
from headstart.backbones.networks.image import create, under_timm_names
from headstart.backbones.weights import as_safetensors, checked_sha256
from headstart.types.errors import BackboneError


def test_a_hash_that_is_not_the_cards_is_refused_with_both_named(tmp_path: Path) -> None:
    card = replace(find_card("all-MiniLM-L6-v2"), sha256="0" * 64)
    real = find_card("all-MiniLM-L6-v2").sha256
    with pytest.raises(BackboneError) as caught:
        load_encoder(card, cache=tmp_path)
    assert "0" * 64 in caught.value.message
    assert str(real) in caught.value.message
    assert "model.safetensors" in str(caught.value.place)
    assert list(tmp_path.iterdir()) == []


def test_a_missing_weights_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(BackboneError, match="No such file"):
        checked_sha256(tmp_path / "gone.safetensors", None, "file:gone")


def test_a_pth_is_unpickled_once_and_never_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = {"a": torch.arange(6.0).reshape(2, 3), "b": torch.ones(2)}
    state["shared"] = state["b"]
    torch.save({"state_dict": state}, tmp_path / "net.pth")
    path, sha = tmp_path / "net.pth", file_sha256(tmp_path / "net.pth")
    first = as_safetensors(path, sha, tmp_path / "cache", lambda s: s)
    loaded = load_file(first)
    assert {n: t.tolist() for n, t in loaded.items()} == {n: t.tolist() for n, t in state.items()}

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("unpickled a second time")

    monkeypatch.setattr(torch, "load", refuse)
    assert as_safetensors(path, sha, tmp_path / "cache", lambda s: s) == first
    assert [p.name for p in (tmp_path / "cache" / "weights").iterdir()] == [first.name]


class Evil:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return (Path.touch, (Path("ran"),))  # type: ignore[return-value]


def test_code_in_a_pth_is_refused_and_not_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    torch.save({"a": torch.ones(1)}, tmp_path / "good.pth")
    with zipfile.ZipFile(tmp_path / "good.pth") as good, zipfile.ZipFile("evil.pth", "w") as evil:
        for item in good.namelist():
            is_pickle = item.endswith("data.pkl")
            evil.writestr(item, pickle.dumps(Evil()) if is_pickle else good.read(item))
    with pytest.raises(BackboneError, match="more than tensors"):
        as_safetensors(tmp_path / "evil.pth", "0", tmp_path / "cache", lambda s: s)
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("content", [[1, 2], {"a": 1}, {"a": {"b": torch.ones(1)}}])
def test_what_is_no_table_of_tensors_is_refused(tmp_path: Path, content: object) -> None:
    torch.save(content, tmp_path / "x.pth")
    with pytest.raises(BackboneError, match="no plain table"):
        as_safetensors(tmp_path / "x.pth", "0", tmp_path / "cache", lambda s: s)


def test_published_tensors_fit_timm_by_order_or_by_name() -> None:
    wanted = create("tf_efficientnet_lite0").state_dict()
    published = {f"old.{i}": t for i, t in enumerate(wanted.values())}
    renamed = under_timm_names("tf_efficientnet_lite0", published, "here")
    assert list(renamed) == list(wanted)
    assert all(renamed[n] is t for n, t in wanted.items())
    assert under_timm_names("tf_efficientnet_lite0", dict(wanted), "here") == dict(wanted)
    first = next(iter(published))
    with pytest.raises(BackboneError, match="has shape"):
        under_timm_names("tf_efficientnet_lite0", {**published, first: torch.ones(1)}, "here")
    published.pop(first)
    with pytest.raises(BackboneError, match="holds 295 tensors"):
        under_timm_names("tf_efficientnet_lite0", published, "here")


def test_weights_of_another_architecture_are_refused(tmp_path: Path, images: list[str]) -> None:
    path = tmp_path / "other.safetensors"
    save_file({"conv.weight": torch.ones(2)}, path)
    encoder = load_encoder(f"file:{path}?architecture=tf_efficientnet_lite0", cache=tmp_path)
    with pytest.raises(BackboneError, match="weights of tf_efficientnet_lite0 are missing"):
        encoder.encode(images, [str(i) for i in range(len(images))])
    assert np.isfinite(encoder.width)
