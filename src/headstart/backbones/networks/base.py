"""What the encoder asks of a network, and the doors to torch and its friends."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from headstart.backbones.torchvision_repair import repair_torchvision
from headstart.types.errors import MissingExtraError

if TYPE_CHECKING:
    import torch


class Network(Protocol):
    """An architecture with its weights file; nothing is loaded until `build`."""

    @property
    def weights_sha256(self) -> str:
        """sha256 of the weights file as published; for random weights, of what they follow from."""

    def weights(self) -> Path:
        """The weights as safetensors; they may be fetched, converted or made first."""

    @property
    def architecture(self) -> dict[str, Any]:
        """JSON: everything but the weights that decides what the network computes."""

    @property
    def stages(self) -> tuple[str, ...]:
        """Names of the stages between which it may be cut, bottom first."""

    @property
    def blocks(self) -> tuple[int, ...]:
        """Widths of the parts that the features consist of: one, but for the view of all layers,
        which begins with the features of the last as it is published."""

    @property
    def inputs(self) -> tuple[str, ...]:
        """Input names, in the order of the module's parameters."""

    @property
    def dynamic_axes(self) -> dict[str, dict[int, str]]: ...
    def build(self) -> torch.nn.Module:
        """The module with its weights, in eval mode, returning features (batch, width)."""

    def example(self) -> tuple[torch.Tensor, ...]:
        """Inputs of the smallest sensible shape, for tracing."""

    def random_state(self, seed: int) -> dict[str, torch.Tensor]:
        """Weights as the framework initialises them, by parameter name."""

    def with_weights(self, weights: Callable[[], Path], sha256: str) -> Network:
        """The same architecture with other weights; they are asked for when it is built."""


def require(module: str, *, what: str, extra: str, package: str | None = None) -> Any:
    """Import an optional module.

    Raises:
        MissingExtraError: it is not installed.
    """
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        # A package that is there but lacks something of its own is another matter.
        if error.name is None or error.name.split(".")[0] != module.split(".")[0]:
            raise
        raise MissingExtraError(
            what, extra=extra, package=package or module.split(".")[0]
        ) from error


def require_framework(module: str, *, what: str, extra: str) -> Any:
    """Import a library that imports torchvision wherever that is installed (timm, transformers)."""
    require("torch", what=what, extra=extra)
    repair_torchvision()
    return require(module, what=what, extra=extra)


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """torch's random numbers start at `seed` inside, and go on as before outside."""
    import torch

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        yield
