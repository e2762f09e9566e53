from __future__ import annotations

import subprocess
import sys
from importlib.metadata import distribution

import pytest

from headstart.backbones import built_in, find_card, load_encoder
from headstart.backbones.cache import file_sha256
from headstart.backbones.reference import parse_reference
from headstart.types.errors import BackboneError


def test_cards_say_what_a_user_must_know() -> None:
    assert [card.ref for card in built_in()] == [
        "pkg:all-MiniLM-L6-v2",
        "pkg:efficientnet-lite0",
        "pkg:efficientnet-lite1",
        "pkg:efficientnet-lite2",
    ]
    for card in built_in():
        assert card.licence == "Apache-2.0"
        assert card.parameters
        assert card.size_mb
        assert card.feature_width
        assert card.adaptation[0] == "frozen"
        assert card.sha256
        assert len(card.sha256) == 64
        assert card.max_tokens if card.modality == "text" else card.input_size


@pytest.mark.parametrize("card", built_in(), ids=lambda card: card.name)
def test_the_pinned_hash_is_of_the_installed_file(card) -> None:  # type: ignore[no-untyped-def]
    folder = card.package.replace("-", "_")
    path = distribution(card.package).locate_file(f"{folder}/{card.file}")
    assert file_sha256(path) == card.sha256
    assert round(path.stat().st_size / 1e6, 1) == pytest.approx(card.size_mb, abs=0.1)


@pytest.mark.parametrize(
    "ref", ["all-MiniLM-L6-v2", "all-minilm-l6-v2", "pkg:all-MiniLM-L6-v2", "PKG:all-minilm-l6-v2"]
)
def test_a_bare_name_is_the_built_in(ref: str) -> None:
    assert find_card(ref).ref == "pkg:all-MiniLM-L6-v2"


@pytest.mark.parametrize(
    ("ref", "said"),
    [
        ("all-MiniLM-L6", "did you mean 'all-MiniLM-L6-v2'?"),
        ("pkg:efficientnet-lite4", "'pkg:efficientnet-lite"),
        ("pk:all-MiniLM-L6-v2", "did you mean 'pkg:all-MiniLM-L6-v2'?"),
        ("nothing-like-it", "use one of: all-MiniLM-L6-v2, efficientnet-lite0"),
        ("hf:", "write pkg:NAME"),
        ("nowhere:thing", "write pkg:NAME"),
    ],
)
def test_an_unknown_backbone_is_named_with_a_next_step(ref: str, said: str) -> None:
    with pytest.raises(BackboneError) as caught:
        load_encoder(ref)
    assert ref in caught.value.message
    assert said in (caught.value.tip or "")


def test_references_are_taken_apart() -> None:
    assert parse_reference("all-MiniLM-L6-v2") is None
    assert parse_reference(r"C:\models\x.onnx") is None
    parsed = parse_reference("file:/x/y.pth?architecture=resnet18&sha256=ab")
    assert parsed is not None
    assert parsed.name == "/x/y.pth"
    assert parsed.options == {"architecture": "resnet18", "sha256": "ab"}
    with pytest.raises(BackboneError, match="options"):
        parse_reference("file:x?architecture")


def test_reading_the_catalogue_loads_no_framework() -> None:
    code = (
        "import sys; from headstart.backbones import find_card; find_card('all-MiniLM-L6-v2');"
        "sys.exit(bool({'torch', 'onnxruntime', 'transformers', 'timm'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
