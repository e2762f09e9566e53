"""A tuned network is a network like any other: run, checked and exported by the same code."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from headstart.backbones.cache import write_atomically
from headstart.backbones.encoder import FrozenEncoder
from headstart.backbones.networks import Network
from headstart.backbones.networks.base import require
from headstart.types.errors import BackboneError
from headstart.types.thaw import TunedNetwork


def tuned_sha256(tuned: TunedNetwork) -> str:
    """sha256 (hex) of what the weights follow from: the pretrained file and the tuned tensors."""
    digest = hashlib.sha256(tuned.base_sha256.encode())
    for name in sorted(tuned.tensors):
        tensor = tuned.tensors[name]
        digest.update(f"{name} {tensor.shape}".encode())
        digest.update(tensor.astype("<f4").tobytes())
    return digest.hexdigest()


def apply_tuned(network: Network, tuned: TunedNetwork, folder: Path) -> Network:
    """The network with its tuned weights, which are written to `folder` as safetensors when it is
    first built. Without tuned tensors it is the network itself.

    Raises:
        BackboneError: the weights were tuned from other ones; or a tensor does not fit.
    """
    if tuned.base_sha256 != network.weights_sha256:
        raise BackboneError(
            f"the weights were tuned from {tuned.base_sha256[:12]}…, the backbone holds "
            f"{network.weights_sha256[:12]}…",
            tip="name the backbone that was tuned",
        )
    if not tuned.tensors:
        return network
    sha256 = tuned_sha256(tuned)
    path = folder / f"{sha256}.safetensors"

    def weights() -> Path:
        if not path.exists():
            _write(network, tuned, path)
        return path

    return network.with_weights(weights, sha256)


def _write(network: Network, tuned: TunedNetwork, path: Path) -> None:
    import torch

    save = require("safetensors.torch", what="a tuned backbone", extra="all").save
    module: Any = network.build()
    state = dict(getattr(module, "model", module).state_dict())
    for name, tensor in tuned.tensors.items():
        if name not in state or tuple(state[name].shape) != tensor.shape:
            raise BackboneError(f"the tuned tensor '{name}' {tensor.shape} is not in the backbone")
        state[name] = torch.from_numpy(tensor.copy())
    content = save({name: tensor.contiguous() for name, tensor in state.items()})
    write_atomically(path, lambda temporary: temporary.write_bytes(content))


def tuned_encoder(encoder: FrozenEncoder, tuned: TunedNetwork) -> FrozenEncoder:
    """The encoder with tuned weights: its features go under the head of `tuned`.

    It exports to ONNX and is held to the same parity as a frozen one.

    Raises:
        BackboneError: the backbone was published as ONNX, or is not the one that was tuned.
    """
    if encoder.network is None:
        raise BackboneError("a backbone that was published as ONNX cannot be tuned")
    return encoder.with_network(apply_tuned(encoder.network, tuned, encoder.cache / "tuned"))
