"""timm: image networks with the pretrained weights that timm fetches from the hub."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from headstart.backbones.encoder import FrozenEncoder
from headstart.backbones.networks.base import require, require_framework
from headstart.backbones.networks.image import create
from headstart.backbones.preprocessing import pixels
from headstart.backbones.sources.building import build_image
from headstart.backbones.views import split_view
from headstart.types.errors import BackboneError, did_you_mean
from headstart.types.model import BackboneCard


@dataclass
class TimmSource:
    """`timm:architecture` or `timm:architecture.tag`."""

    cache: Path
    scheme: str = "timm"

    def card(self, ref: str) -> BackboneCard:
        """What timm's registry says of the architecture; nothing is fetched.

        Raises:
            BackboneError: timm knows no such network, or no pretrained weights of it.
            MissingExtraError: timm is not installed.
        """
        return timm_card(ref.partition(":")[2], ref)

    def encoder(self, card: BackboneCard, *, random_seed: int | None = None) -> FrozenEncoder:
        """The encoder; its weights are fetched into the hub's cache.

        Raises:
            BackboneError: the weights cannot be fetched.
        """
        weights = _fetch(card)
        if card.feature_width is None:
            assert card.architecture is not None
            width = int(create(card.architecture, num_classes=0).num_features)  # type: ignore[arg-type]
            card = replace(card, feature_width=width)
        return build_image(card, weights, pixels(card), self.cache, random_seed)


def timm_card(name: str, ref: str, *, published: bool = True) -> BackboneCard:
    """The card of a timm architecture.

    published: whether it must have pretrained weights of its own.

    Raises:
        BackboneError: timm knows no such network, or no pretrained weights of it.
    """
    timm = require_framework("timm", what=f"the backbone {ref}", extra="image")
    architecture = name.split(".")[0]
    if architecture not in timm.list_models():
        tip = did_you_mean(architecture, timm.list_models())
        raise BackboneError(f"timm knows no architecture '{name}'", place=ref, tip=tip)
    try:
        settings: Any = timm.get_pretrained_cfg(name)
    except RuntimeError:  # timm's answer to an unknown tag
        settings = None
    if settings is None or (published and not (settings.hf_hub_id or settings.url)):
        tags = timm.list_pretrained(f"{architecture}*")
        tip = did_you_mean(name, tags)
        raise BackboneError(f"timm has no pretrained weights '{name}'", place=ref, tip=tip)
    return BackboneCard(
        ref=ref,
        name=name,
        modality="image",
        licence=settings.license or "unknown",
        feature_width=None,
        source=f"timm {name}" + (f", {settings.hf_hub_id}" if settings.hf_hub_id else ""),
        input_size=int(settings.input_size[-1]),
        mean=tuple(settings.mean),
        std=tuple(settings.std),
        interpolation=settings.interpolation,
        crop_fraction=float(settings.crop_pct),
        pooling="average",
        adaptation=("frozen",),
        architecture=architecture,
    )


def _fetch(card: BackboneCard) -> Path:
    timm = require_framework("timm", what=f"the backbone {card.ref}", extra="image")
    hub = require("huggingface_hub", what=f"the backbone {card.ref}", extra="image")
    name = split_view(card.ref)[0].partition(":")[2]
    settings = timm.get_pretrained_cfg(name)
    repository = settings.hf_hub_id or ""
    # timm writes "timm/" for its own organisation's repository of the same name as the network.
    if repository.endswith("/"):
        repository += name
    try:
        if not repository:
            raise LookupError("timm names no hub repository for these weights")
        return Path(
            hub.hf_hub_download(repository, settings.hf_hub_filename or "model.safetensors")
        )
    except Exception as error:  # the hub's and its transport's errors share no base class
        first = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise BackboneError(
            f"the weights of {card.name} are not in the hub's cache and cannot be fetched: {first}",
            place=card.ref,
            tip="check the network; or copy the weights here and name them "
            f"file:PATH?architecture={card.architecture}",
        ) from error
