"""Weights files: checked against the card, and kept as safetensors."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from headstart.backbones.cache import digest, file_sha256, write_atomically
from headstart.backbones.networks.base import Network, require
from headstart.types.errors import BackboneError

if TYPE_CHECKING:
    import torch

RANDOM_VERSION = 1
"""Raised when `random_state` of a network changes what it gives for a seed."""


def checked_sha256(path: Path, expected: str | None, ref: str) -> str:
    """sha256 of a weights file, refused where it is not the card's.

    Raises:
        BackboneError: the file is missing, or its hash is another one; both are named.
    """
    try:
        found = file_sha256(path)
    except OSError as error:
        raise BackboneError(
            f"the weights of {ref} cannot be read: {error.strerror}", place=str(path)
        ) from error
    if expected is not None and found != expected:
        raise BackboneError(
            f"the weights of {ref} are not the ones on its card: "
            f"sha256 is {found}, the card says {expected}",
            place=str(path),
            tip="install the package or download the file again; do not use these weights",
        )
    return found


def as_safetensors(
    path: Path, sha256: str, cache: Path, rename: Callable[[dict[str, Any]], dict[str, Any]]
) -> Path:
    """The safetensors form of a published .pth or .bin file, converted once.

    rename: the published tensors, in their order -> tensors under the architecture's names.

    Raises:
        BackboneError: the file holds something other than tensors.
        MissingExtraError: torch or safetensors is not installed.
    """
    if path.suffix == ".safetensors":
        return path
    target = cache / "weights" / f"{sha256}.safetensors"
    if target.exists():
        return target
    state = rename(_read_tensors(path))
    write_atomically(target, lambda temporary: save_tensors(state, temporary))
    return target


def _read_tensors(path: Path) -> dict[str, torch.Tensor]:
    torch = require("torch", what="reading a .pth file", extra="all")
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # torch names no narrower type for a refused or broken file
        raise BackboneError(
            f"the file holds more than tensors, or is broken: {str(error).splitlines()[0]}",
            place=str(path),
            tip="ask for the weights as safetensors",
        ) from error
    for key in ("state_dict", "model"):
        if isinstance(state, dict) and isinstance(state.get(key), dict):
            state = state[key]
    if not isinstance(state, dict) or not all(isinstance(t, torch.Tensor) for t in state.values()):
        raise BackboneError("the file holds no plain table of tensors", place=str(path))
    return state


def save_tensors(state: dict[str, torch.Tensor], path: Path) -> None:
    """Write tensors as safetensors, shared memory written out."""
    save_file = require("safetensors.torch", what="keeping weights", extra="all").save_file
    save_file({name: tensor.detach().clone().contiguous() for name, tensor in state.items()}, path)


def with_random_weights(network: Network, seed: int, cache: Path) -> Network:
    """The same architecture with seeded initial weights, made when first built and then kept.

    Its weights hash is of what the weights follow from, so that a network whose features are all
    in the store need not be made at all.
    """
    identity = digest("random weights", RANDOM_VERSION, network.architecture, seed)
    path = cache / "random" / f"{identity}.safetensors"

    def made() -> Path:
        if not path.exists():
            state = network.random_state(seed)
            write_atomically(path, lambda temporary: save_tensors(state, temporary))
        return path

    return network.with_weights(made, identity)
