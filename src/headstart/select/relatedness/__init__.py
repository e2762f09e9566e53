"""How alike source and target, or two sets of features, are: it explains, and never decides."""

from headstart.select.relatedness.cka import cka
from headstart.select.relatedness.domain_distance import proxy_a_distance
from headstart.select.relatedness.frechet import frechet_distance, frechet_to_moments
from headstart.select.relatedness.mmd import MMD, mmd
from headstart.select.relatedness.unknown_tokens import TokenStatistics, token_statistics

__all__ = [
    "MMD",
    "TokenStatistics",
    "cka",
    "frechet_distance",
    "frechet_to_moments",
    "mmd",
    "proxy_a_distance",
    "token_statistics",
]
