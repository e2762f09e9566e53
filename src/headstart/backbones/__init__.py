"""The catalogue, loading and running pretrained networks, the feature store."""

from __future__ import annotations

from headstart.backbones.cache import cache_folder
from headstart.backbones.catalogue import built_in, catalogue
from headstart.backbones.loading import find_card, load_encoder
from headstart.backbones.scorecards import scorecard

__all__ = ["built_in", "cache_folder", "catalogue", "find_card", "load_encoder", "scorecard"]
