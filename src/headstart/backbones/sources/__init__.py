"""Where backbones come from: one source for each reference scheme."""

from __future__ import annotations

from pathlib import Path

from headstart.backbones.cache import cache_folder
from headstart.backbones.sources.api import ApiSource
from headstart.backbones.sources.hub import HubSource
from headstart.backbones.sources.local import LocalSource
from headstart.backbones.sources.onnx import OnnxSource
from headstart.backbones.sources.package import PackageSource
from headstart.backbones.sources.timm import TimmSource
from headstart.ports import BackboneSource
from headstart.registry import Registry

GROUP = "headstart.backbones"


def sources(cache: Path | None = None, *, plugins: bool = False) -> Registry[BackboneSource]:
    """The sources by scheme: `pkg`, `hf`, `timm`, `onnx`, `file`, `api`, and on request plugins'.

    A plugin's entry point, in the group `headstart.backbones`, is named after its scheme and gives
    a `BackboneSource`, or a class or function that makes one.

    Raises:
        InputError: a plugin cannot be loaded, or takes a scheme that is taken.
    """
    folder = cache if cache is not None else cache_folder()
    registry = Registry[BackboneSource]("backbone source", group=GROUP, build=_made)
    for source in (
        PackageSource(folder),
        HubSource(folder),
        TimmSource(folder),
        OnnxSource(folder),
        LocalSource(folder),
        ApiSource(folder),
    ):
        registry.add(source.scheme, source)
    if plugins:
        registry.load_plugins()
    return registry


def _made(loaded: object) -> BackboneSource:
    if callable(loaded):
        loaded = loaded()
    if not all(hasattr(loaded, name) for name in ("scheme", "card", "encoder")):
        raise TypeError("it has no scheme, card and encoder")
    return loaded  # type: ignore[return-value]
