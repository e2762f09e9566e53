"""From a card and its files to an encoder, whatever source they came from."""

from __future__ import annotations

from pathlib import Path

from headstart.backbones.encoder import FrozenEncoder
from headstart.backbones.networks import ImageNetwork, Network, TextNetwork
from headstart.backbones.networks.image import under_timm_names
from headstart.backbones.weights import as_safetensors, checked_sha256, with_random_weights
from headstart.ports import Preprocessor
from headstart.types.model import BackboneCard


def build_text(
    card: BackboneCard,
    weights: Path,
    preprocessor: Preprocessor,
    cache: Path,
    random_seed: int | None,
    *,
    config: Path | None = None,
) -> FrozenEncoder:
    """A transformers encoder; config.json lies beside the weights unless it is named.

    Raises:
        BackboneError: the weights are not the card's, or hold more than tensors.
    """
    sha256 = checked_sha256(weights, card.sha256, card.ref)
    network: Network = TextNetwork(
        weights=lambda: as_safetensors(weights, sha256, cache, lambda state: state),
        weights_sha256=sha256,
        config=config or weights.parent / "config.json",
        pooling=card.pooling,
        normalize=card.normalize,
        layer=card.layer,
    )
    return _encoder(card, network, preprocessor, cache, random_seed)


def build_image(
    card: BackboneCard,
    weights: Path,
    preprocessor: Preprocessor,
    cache: Path,
    random_seed: int | None,
) -> FrozenEncoder:
    """A timm encoder.

    Raises:
        BackboneError: the weights are not the card's, hold more than tensors, or do not fit.
    """
    architecture, size = card.architecture, card.input_size
    assert architecture is not None
    assert size is not None
    sha256 = checked_sha256(weights, card.sha256, card.ref)
    network: Network = ImageNetwork(
        weights=lambda: as_safetensors(
            weights,
            sha256,
            cache,
            lambda state: under_timm_names(architecture, state, str(weights)),
        ),
        weights_sha256=sha256,
        name=architecture,
        size=size,
        stage=card.layer,
        pooling=card.pooling,
    )
    return _encoder(card, network, preprocessor, cache, random_seed)


def _encoder(
    card: BackboneCard,
    network: Network,
    preprocessor: Preprocessor,
    cache: Path,
    random_seed: int | None,
) -> FrozenEncoder:
    if random_seed is not None:
        network = with_random_weights(network, random_seed, cache)
    return FrozenEncoder(
        card, preprocessor, cache, weights_sha256=network.weights_sha256, network=network
    )
