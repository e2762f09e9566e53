"""Write a bundle, after the parity gate."""

from __future__ import annotations

from headstart.package.build import build
from headstart.package.eight_bits import measure_eight_bits
from headstart.package.parity import check_outside_parity, check_parity
from headstart.package.publish import publish, review_rule, sets_rule
from headstart.package.trained import trained_outputs, trained_probabilities, value_key

__all__ = [
    "build",
    "check_outside_parity",
    "check_parity",
    "measure_eight_bits",
    "publish",
    "review_rule",
    "sets_rule",
    "trained_outputs",
    "trained_probabilities",
    "value_key",
]
