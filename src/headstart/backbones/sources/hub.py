"""hf: text encoders of the Hugging Face hub, through its cache and its offline switch."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from headstart.backbones.encoder import FrozenEncoder
from headstart.backbones.networks.base import require
from headstart.backbones.preprocessing import tokens
from headstart.backbones.sources.building import build_text
from headstart.backbones.sources.transformers_folder import WANTED, find_weights, folder_card
from headstart.backbones.views import split_view
from headstart.types.errors import BackboneError
from headstart.types.model import BackboneCard


@dataclass
class HubSource:
    """`hf:organisation/name`, a transformers or sentence-transformers model."""

    cache: Path
    scheme: str = "hf"

    def card(self, ref: str) -> BackboneCard:
        """What the model's own files say; they are fetched into the hub's cache.

        Raises:
            BackboneError: the model cannot be fetched, or cannot be used.
            MissingExtraError: huggingface_hub is not installed.
        """
        folder = self._folder(ref)
        name = ref.partition(":")[2]
        return folder_card(folder, ref, source=f"hub {name}", licence=_licence(folder))

    def encoder(self, card: BackboneCard, *, random_seed: int | None = None) -> FrozenEncoder:
        folder = self._folder(card.ref)
        weights = find_weights(folder, card.ref)
        preprocessor = tokens(folder, card)
        config = folder / "config.json"
        return build_text(card, weights, preprocessor, self.cache, random_seed, config=config)

    def _folder(self, ref: str) -> Path:
        hub = require("huggingface_hub", what=f"the backbone {ref}", extra="text")
        name = split_view(ref)[0].partition(":")[2]
        folder = _snapshot(hub, name, ref, [*WANTED, "README.md"])
        if not (folder / "model.safetensors").is_file():
            folder = _snapshot(hub, name, ref, [*WANTED, "README.md", "pytorch_model.bin"])
        return folder


def _snapshot(hub: object, name: str, ref: str, patterns: list[str]) -> Path:
    try:
        return Path(hub.snapshot_download(name, allow_patterns=patterns))  # type: ignore[attr-defined]
    except Exception as error:  # the hub's and its transport's errors share no base class
        first = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise BackboneError(
            f"'{name}' is not in the hub's cache and cannot be fetched: {first}",
            place=ref,
            tip=f"check the name and the network; or, where there is one, run 'hf download {name}' "
            f"and copy the folder here, then name it file:FOLDER",
        ) from error


def _licence(folder: Path) -> str:
    """The licence in the model card's front matter; `unknown` without one."""
    try:
        lines = (folder / "README.md").read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return "unknown"
    if not lines or lines[0].strip() != "---":
        return "unknown"
    for line in lines[1:]:
        if line.strip() == "---":
            break
        if line.startswith("license:"):
            return line.partition(":")[2].strip() or "unknown"
    return "unknown"
