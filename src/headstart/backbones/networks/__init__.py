"""Networks as torch modules from preprocessed inputs to features; torch is imported when built."""

from __future__ import annotations

from headstart.backbones.networks.base import Network
from headstart.backbones.networks.image import ImageNetwork
from headstart.backbones.networks.text import TextNetwork

__all__ = ["ImageNetwork", "Network", "TextNetwork"]
