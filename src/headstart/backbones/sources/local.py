"""file: a transformers folder, or a timm weights file with its architecture."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from headstart.backbones.encoder import FrozenEncoder
from headstart.backbones.networks.image import create
from headstart.backbones.preprocessing import pixels, tokens
from headstart.backbones.reference import Reference, parse_reference
from headstart.backbones.sources.building import build_image, build_text
from headstart.backbones.sources.timm import timm_card
from headstart.backbones.sources.transformers_folder import find_weights, folder_card
from headstart.types.errors import BackboneError, did_you_mean
from headstart.types.model import BackboneCard

SUFFIXES = (".safetensors", ".pth", ".pt", ".bin")


@dataclass
class LocalSource:
    """`file:FOLDER` (texts) or `file:WEIGHTS?architecture=NAME` (images, a timm architecture).

    `?sha256=…` pins the weights in both.
    """

    cache: Path
    scheme: str = "file"

    def card(self, ref: str) -> BackboneCard:
        """What the files say.

        Raises:
            BackboneError: there is no such path, or it is not a network that can be used.
        """
        reference = _parsed(ref)
        path = Path(reference.name).expanduser()
        pinned = reference.options.get("sha256")
        if path.is_dir():
            card = folder_card(path, ref, source=str(path), licence="unknown")
            return replace(card, name=path.name, file=str(path), sha256=pinned)
        if not path.is_file():
            raise BackboneError(
                f"there is no file or folder '{reference.name}'",
                place=ref,
                tip="name an existing folder or weights file",
            )
        if path.suffix not in SUFFIXES:
            raise BackboneError(
                f"'{path.name}' is not a weights file ({', '.join(SUFFIXES)})",
                place=ref,
                tip=f"onnx:{path}" if path.suffix == ".onnx" else "name a folder or weights file",
            )
        architecture = reference.options.get("architecture")
        if architecture is None:
            raise BackboneError(
                f"'{path.name}' does not say which architecture its weights belong to",
                place=ref,
                tip=f"file:{path}?architecture=tf_efficientnet_lite0 (any timm architecture)",
            )
        card = timm_card(architecture, ref, published=False)
        width = int(create(architecture, num_classes=0).num_features)  # type: ignore[arg-type]
        return replace(
            card,
            name=path.stem,
            licence="unknown",
            feature_width=width,
            source=str(path),
            size_mb=round(path.stat().st_size / 1e6, 1),
            file=str(path),
            sha256=pinned,
        )

    def encoder(self, card: BackboneCard, *, random_seed: int | None = None) -> FrozenEncoder:
        assert card.file is not None
        path = Path(card.file)
        if card.modality == "text":
            weights = find_weights(path, card.ref)
            config = path / "config.json"
            preprocessor = tokens(path, card)
            return build_text(card, weights, preprocessor, self.cache, random_seed, config=config)
        return build_image(card, path, pixels(card), self.cache, random_seed)


def _parsed(ref: str) -> Reference:
    reference = parse_reference(ref)
    assert reference is not None
    known = ("architecture", "sha256")
    for name in reference.options:
        if name not in known:
            raise BackboneError(
                f"unknown option '{name}' in '{ref}'", tip=did_you_mean(name, known)
            )
    return reference
