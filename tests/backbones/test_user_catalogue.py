"""The user's own catalogue: read with clear errors, added to and taken from byte for byte."""

from __future__ import annotations

import os
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from headstart.backbones import built_in, catalogue, find_card, load_encoder
from headstart.backbones.cache import file_sha256
from headstart.backbones.own_entries import add_entry, remove_entry
from headstart.backbones.user_catalogue import config_folder, user_catalogue, user_catalogue_path
from headstart.cli import main
from headstart.types.brief import Brief, DataSource
from headstart.types.errors import BackboneError
from headstart.types.model import BackboneCard
from headstart.workflow.candidates import candidates
from headstart.workflow.contenders import selection_cards

WIDTH = 8


@pytest.fixture(autouse=True)
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file of the user's catalogue, in a folder that is not there yet."""
    monkeypatch.setenv("HEADSTART_CONFIG", str(tmp_path / "config"))
    monkeypatch.setenv("HEADSTART_CACHE", str(tmp_path / "cache"))
    return tmp_path / "config" / "catalogue.toml"


@pytest.fixture
def network(tmp_path: Path) -> Path:
    """A network of random word vectors beside its tokenizer."""
    from tokenizers import Tokenizer, models, pre_tokenizers

    words = ["[UNK]", "card", "cash", "lost", "my"]
    tokenizer = Tokenizer(models.WordLevel({w: i for i, w in enumerate(words)}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    folder = tmp_path / "net"
    folder.mkdir()
    tokenizer.save(str(folder / "tokenizer.json"))
    nodes = [
        helper.make_node("Gather", ["vectors", "input_ids"], ["gathered"]),
        helper.make_node("Cast", ["attention_mask"], ["mask"], to=TensorProto.FLOAT),
        helper.make_node("Unsqueeze", ["mask", "last"], ["wide"]),
        helper.make_node("Mul", ["gathered", "wide"], ["kept"]),
        helper.make_node("ReduceSum", ["kept", "middle"], ["features"], keepdims=0),
    ]
    weights: dict[str, Any] = {
        "vectors": np.random.default_rng(0).normal(size=(len(words), WIDTH)).astype(np.float32),
        "last": np.array([2]),
        "middle": np.array([1]),
    }
    inputs = [
        helper.make_tensor_value_info(name, TensorProto.INT64, ["batch", "length"])
        for name in ("input_ids", "attention_mask")
    ]
    output = helper.make_tensor_value_info("features", TensorProto.FLOAT, ["batch", WIDTH])
    made = helper.make_graph(
        nodes, "g", inputs, [output], [numpy_helper.from_array(w, n) for n, w in weights.items()]
    )
    opset = [helper.make_opsetid("", 17)]
    onnx.save(helper.make_model(made, opset_imports=opset, ir_version=9), folder / "words.onnx")
    return folder / "words.onnx"


def card(name: str, ref: str | None = None, **values: Any) -> BackboneCard:
    given: dict[str, Any] = {
        "modality": "text",
        "licence": "mit",
        "feature_width": 8,
        "source": "us",
        **values,
    }
    return BackboneCard(ref=ref or f"hf:us/{name}", name=name, **given)


def test_a_backbone_is_added_reviewed_used_and_removed(
    network: Path, own: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["catalogue", "add", f"onnx:{network}"]) == 0
    assert capsys.readouterr().out == (
        f"Wrote 'words' to {own}\n"
        "To complete there, in the lines that begin with #: licence, parameters, sha256, notes\n"
        "Then: headstart catalogue show words\n"
    )
    text = own.read_text()
    assert '# licence = "apache-2.0"  # as the publisher names it' in text
    # What its owner does: take the # away. The hash is there to be pinned.
    assert f'# sha256 = "{file_sha256(network)}"' in text
    own.write_text(text.replace("# licence", "licence").replace("# sha256", "sha256"))
    found = find_card("words")
    assert (found.licence, found.feature_width) == ("apache-2.0", WIDTH)
    assert found.sha256 == file_sha256(network)
    assert catalogue() == (*built_in(), found)
    assert find_card(f"onnx:{network}") == found
    assert load_encoder("words", cache=tmp_path / "c").encode(["my card"], ["k"]).shape == (1, 8)

    assert main(["catalogue", "list"]) == 0
    listed = capsys.readouterr().out
    assert "\nwords " in listed
    assert f"Your own: {own}" in listed
    assert main(["catalogue", "show", "Words"]) == 0
    assert f"onnx:{network}" in capsys.readouterr().out

    network.write_bytes(network.read_bytes() + b"\0")
    with pytest.raises(BackboneError, match="not the ones on its card"):
        load_encoder("words", cache=tmp_path / "c")
    assert main(["catalogue", "remove", "words"]) == 0
    assert capsys.readouterr().out == f"Removed 'words' (onnx:{network}) from {own}\n"
    assert catalogue() == built_in()
    assert main(["catalogue", "show", "words"]) == 2
    assert "unknown backbone 'words'" in capsys.readouterr().err


def test_a_path_is_kept_so_that_it_means_the_same_everywhere(
    network: Path, own: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(network.parent)
    assert main(["catalogue", "add", "onnx:words.onnx?max_tokens=32", "--name", "mine"]) == 0
    assert find_card("mine").ref == f"onnx:{network}?max_tokens=32"
    assert find_card("onnx:./words.onnx?max_tokens=32").name == "mine"
    monkeypatch.chdir("/")
    assert find_card("mine").max_tokens == 32
    assert load_encoder("mine").width == WIDTH


def test_an_endpoint_is_added_without_being_asked(
    own: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HEADSTART_API_KEY", "sekret-4711-QQ")
    ref = "api:https://api.vendor.example/v1?model=small&price=0.02"
    assert main(["catalogue", "add", ref, "--name", "vendor small"]) == 0
    said = capsys.readouterr().out
    assert "begin with #: feature_width, max_tokens\n" in said
    assert "Then: headstart catalogue show 'vendor small'" in said
    assert find_card("vendor small").licence == "vendor terms"
    assert find_card(ref).name == "vendor small"
    assert "sekret" not in own.read_text()
    assert main(["catalogue", "add", "api:https://api.vendor.example/v1?model=s&key=abc"]) == 2
    said = capsys.readouterr().err
    assert "holds a key" in said
    assert "abc" not in said
    assert main(["catalogue", "add", "https://user:abc@api.vendor.example/v1?model=s"]) == 2
    said = capsys.readouterr().err
    assert "write api:https" in said
    assert "abc" not in said


def test_timm_cards_keep_their_weights_under_another_name(
    own: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import huggingface_hub

    assert main(["catalogue", "add", "timm:tf_efficientnet_lite0.in1k", "--name", "eyes"]) == 0
    assert find_card("eyes").architecture == "tf_efficientnet_lite0"
    asked: list[str] = []

    def hf_hub_download(repository: str, file: str) -> str:
        asked.append(repository)
        raise OSError("offline")

    monkeypatch.setattr(huggingface_hub, "hf_hub_download", hf_hub_download)
    with pytest.raises(BackboneError, match="cannot be fetched: offline"):
        load_encoder("eyes")
    assert asked == ["timm/tf_efficientnet_lite0.in1k"]


OWNERS = (
    "# our catalogue\r\n"
    "\r\n"
    "[[backbone]] # the first\r\n"
    'ref = "hf:us/one"   # spaced\r\n'
    "name = 'one'\r\n"
    'modality = "text"\r\n'
    'notes = """\r\n'
    "[many]\r\n"
    'lines"""\r\n'
    "\r\n"
    "# about the second\r\n"
    "[[ backbone ]]\r\n"
    'name = "two"\r\n'
    'ref = "timm:resnet18"\r\n'
    'modality = "image"\r\n'
    "mean = [0, 0, 0.5]\r\n"
    "# licence = ?"
)


def test_what_the_owner_wrote_stays_byte_for_byte(own: Path) -> None:
    own.parent.mkdir()
    own.write_bytes(OWNERS.encode())
    own.chmod(0o640)
    assert [(e.card.name, e.place) for e in user_catalogue()] == [
        ("one", f"{own}, line 3"),
        ("two", f"{own}, line 12"),
    ]
    assert find_card("two").mean == (0.0, 0.0, 0.5)
    assert find_card("two").licence == "unknown"
    added = add_entry(
        card('th"ree\\', notes="Übung\x7f\tüber\nZeilen", size_mb=1e-7, normalize=True)
    )
    content = own.read_bytes()
    assert content.startswith(f"{OWNERS}\n\n[[backbone]]\n".encode())
    assert own.stat().st_mode & 0o777 == 0o640
    assert user_catalogue()[2].card == added.card
    removed, _ = remove_entry('TH"REE\\')
    assert removed == added.card
    assert own.read_bytes() == f"{OWNERS}\n".encode()
    remove_entry("hf:us/one")
    cut = OWNERS.index("[[backbone]]"), OWNERS.index("# about the second")
    assert own.read_bytes() == f"{OWNERS[: cut[0]]}{OWNERS[cut[1] :]}\n".encode()
    remove_entry("two")
    assert own.read_text() == "# our catalogue\n\n# about the second\n"


def test_many_are_added_and_removed_in_any_order(own: Path) -> None:
    names = [f"n{i}" for i in range(6)]
    for name in names:
        add_entry(card(name, licence="unknown"))
    whole = own.read_bytes()
    for name in ("n3", "n0", "n5"):
        remove_entry(name)
        names.remove(name)
        assert [entry.card.name for entry in user_catalogue()] == names
    for name in names:
        remove_entry(name)
    assert user_catalogue() == ()
    assert whole.startswith(own.read_bytes())


@pytest.mark.parametrize(
    ("ref", "name", "said", "place"),
    [
        ("hf:us/one", None, "in the catalogue already, as 'one'", "catalogue.toml, line 3"),
        ("HF:us/one", "new", "in the catalogue already, as 'one'", "catalogue.toml, line 3"),
        ("hf:us/other", "ONE", "the name 'ONE' is taken by hf:us/one", "line 3"),
        ("hf:us/all-MiniLM-L6-v2", None, "taken by pkg:all-MiniLM-L6-v2", "the built-in catalogue"),
        ("pkg:all-minilm-l6-v2", "new", "in the catalogue already", "the built-in catalogue"),
        ("hf:us/new", "hf:new", "cannot be the name", None),
        ("hf:us/new", " ", "cannot be the name", None),
        ("hf:us/new", "a\nb", "cannot be the name", None),
    ],
)
def test_what_is_known_is_refused(
    ref: str, name: str | None, said: str, place: str | None, own: Path
) -> None:
    own.parent.mkdir()
    own.write_bytes(OWNERS.encode())
    with pytest.raises(BackboneError) as caught:
        add_entry(card(ref.rpartition("/")[2], ref), name=name)
    assert said in caught.value.message
    assert place is None or place in (caught.value.place or "")
    assert caught.value.tip
    assert own.read_bytes() == OWNERS.encode()


def test_commands_refuse_what_they_cannot_do(own: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for arguments, said in (
        (["add", "pkg:all-MiniLM-L6-v2"], "in the catalogue already"),
        (["add", "all-MiniLM-L6-v2"], "in the catalogue already"),
        (["add", "words"], "'words' names no source"),
        (["add", "onnx:nowhere.onnx"], "there is no file"),
        (["remove", "words"], "headstart catalogue add REF adds one"),
        (["remove", "all-MiniLM-L6-v2"], "is built in"),
    ):
        assert main(["catalogue", *arguments]) == 2
        assert said in capsys.readouterr().err
    assert not own.exists()
    add_entry(card("words"))
    assert main(["catalogue", "remove", "wrods"]) == 2
    assert "did you mean 'words'?" in capsys.readouterr().err


ENTRY = '[[backbone]]\nref = "hf:us/one"\nname = "one"\nmodality = "text"\n'


@pytest.mark.parametrize(
    ("content", "said", "place"),
    [
        (f"{ENTRY}licence = mit\n", "it is not TOML", "line 5"),
        (b"\xff\xfe", "not UTF-8 (byte 0)", "catalogue.toml"),
        (f'{ENTRY}license = "mit"\n', "'license' (did you mean 'licence'?)", "line 1"),
        (f"\n{ENTRY}feature_width = 0\n", "'feature_width' must be a whole number", "line 2"),
        (f'{ENTRY}size_mb = "big"\n', "'size_mb' must be a number", "line 1"),
        (f"{ENTRY}max_tokens = true\n", "'max_tokens' must be a whole number", "line 1"),
        (f"{ENTRY}mean = [0.5]\n", "'mean' must be three numbers", "line 1"),
        (f'{ENTRY}sha256 = "AB"\n', "'sha256' must be 64 hexadecimal digits", "line 1"),
        (f"{ENTRY}normalize = 1\n", "'normalize' must be true or false", "line 1"),
        (f"{ENTRY}adaptation = []\n", "'adaptation' must be a list of texts", "line 1"),
        (f"{ENTRY}{ENTRY}", "'one' stands at", "line 5"),
        (ENTRY.replace("hf:us/one", "one"), "'ref' must be a reference", "line 1"),
        (ENTRY.replace('"text"', '"sound"'), "'modality' must be 'text' or 'image'", "line 1"),
        (
            '[[backbone]]\nname = ""\n',
            "'ref' is missing; the field 'modality' is missing; 'name'",
            "",
        ),
        ('[backbone]\nname = "x"\n', "in two brackets", "catalogue.toml"),
        ("[[backbones]]\n", "unknown table 'backbones'", "catalogue.toml"),
        (ENTRY.replace('"one"', '"efficientnet-lite0"'), "is a built-in backbone", "line 1"),
    ],
)
def test_a_broken_file_is_named_with_its_place(
    content: str | bytes, said: str, place: str, own: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    own.parent.mkdir()
    own.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(BackboneError) as caught:
        catalogue()
    assert said in caught.value.message
    assert str(own) in (caught.value.place or "")
    assert (caught.value.place or "").endswith(place)
    assert caught.value.tip
    assert main(["catalogue", "list"]) == 2
    # Built-in backbones can be had all the same.
    assert find_card("pkg:all-MiniLM-L6-v2").name == find_card("all-minilm-l6-v2").name


def test_a_fresh_file_is_seen_at_once(own: Path) -> None:
    assert catalogue() == built_in()
    own.parent.mkdir()
    own.write_text("\ufeff" + ENTRY, encoding="utf-8")
    assert catalogue()[-1].name == "one"
    own.unlink()
    assert catalogue() == built_in()


def test_inline_entries_are_left_to_their_owner(own: Path) -> None:
    own.parent.mkdir()
    inline = 'backbone = [{ref = "hf:us/one", name = "one", modality = "text"}]\n'
    own.write_text(inline)
    assert find_card("one").ref == "hf:us/one"
    with pytest.raises(BackboneError, match="by hand"):
        remove_entry("one")
    with pytest.raises(BackboneError):
        add_entry(card("two"))
    assert own.read_text() == inline


def test_a_link_to_the_file_stays_a_link(own: Path, tmp_path: Path) -> None:
    own.parent.mkdir()
    (tmp_path / "dotfiles.toml").write_text(ENTRY)
    own.symlink_to(tmp_path / "dotfiles.toml")
    add_entry(card("two"))
    assert own.is_symlink()
    assert len(tomllib.loads((tmp_path / "dotfiles.toml").read_text())["backbone"]) == 2


def test_a_folder_that_cannot_be_made_is_one_clear_error(own: Path) -> None:
    own.parent.write_text("a file")
    with pytest.raises(BackboneError) as caught:
        add_entry(card("two"))
    assert "HEADSTART_CONFIG" in (caught.value.tip or "")


@pytest.mark.skipif(os.name == "nt", reason="other folders there")
def test_where_the_file_is(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.delenv("HEADSTART_CONFIG")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "xdg"))
    assert user_catalogue_path() == tmp_path / "xdg" / "headstart" / "catalogue.toml"
    monkeypatch.delenv("XDG_CONFIG_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert config_folder() == tmp_path / ".config" / "headstart"
    monkeypatch.setattr("sys.platform", "darwin")
    assert config_folder() == tmp_path / "Library" / "Application Support" / "headstart"


@pytest.fixture
def transformer(tmp_path: Path) -> Path:
    """A folder as published: a configuration, a tokenizer, weights and a licence."""
    folder = tmp_path / "small-bert"
    folder.mkdir()
    (folder / "config.json").write_text('{"hidden_size": 32, "max_position_embeddings": 64}')
    (folder / "tokenizer.json").write_text("{}")
    (folder / "model.safetensors").write_bytes(b"weights")
    (folder / "README.md").write_text("---\nlicense: cc-by-sa-4.0\n---\n")
    return folder


def test_a_folder_is_added_with_the_hash_of_its_weights(transformer: Path, own: Path) -> None:
    assert main(["catalogue", "add", f"file:{transformer}"]) == 0
    found = find_card("small-bert")
    assert (found.feature_width, found.max_tokens, found.licence) == (32, 64, "unknown")
    assert file_sha256(transformer / "model.safetensors") in own.read_text()


def test_a_model_of_the_hub_is_added_with_its_licence(
    transformer: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import huggingface_hub

    def snapshot_download(name: str, **_: object) -> str:
        assert name == "us/small-bert"
        return str(transformer)

    monkeypatch.setattr(huggingface_hub, "snapshot_download", snapshot_download)
    assert main(["catalogue", "add", "hf:us/small-bert", "--name", "ours"]) == 0
    assert "begin with #: parameters, sha256\n" in capsys.readouterr().out
    # From now on the card is the user's: the hub is not asked for it.
    monkeypatch.delattr(huggingface_hub, "snapshot_download")
    assert find_card("ours") == find_card("hf:us/small-bert")
    assert find_card("ours").licence == "cc-by-sa-4.0"
    assert find_card("ours").source == "hub us/small-bert"


def test_views_are_kept_and_taken(own: Path) -> None:
    assert main(["catalogue", "add", "all-MiniLM-L6-v2?layer=3", "--name", "early"]) == 2
    assert main(["catalogue", "add", "pkg:all-MiniLM-L6-v2?layer=3", "--name", "early"]) == 0
    assert find_card("early").layer == 3
    assert find_card("pkg:all-MiniLM-L6-v2?layer=3").name == "early"
    assert find_card("pkg:all-MiniLM-L6-v2").layer is None
    add_entry(card("one", pooling="mean"))
    assert find_card("hf:us/one?pooling=max").pooling == "max"
    assert find_card("one?layer=0").ref == "hf:us/one?layer=0"


def test_without_a_word_from_the_brief_no_text_leaves(own: Path) -> None:
    add_entry(card("vendor", "api:https://api.vendor.example/v1?model=m"))
    brief = Brief("b", DataSource("rows.csv"))
    chosen = [
        *selection_cards(brief, "text"),
        *(one.card for one in candidates(brief, "text", lambda what, done, total: None)),
    ]
    assert {one.ref.partition(":")[0] for one in chosen} == {"pkg"}
